// `alert doctor` and certificates: each thing that can be wrong with one, with its own advice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, serverFor } from "../harness/server.mjs";
import { Authority, advised, examine, freePort, named, nginx, proxy, selfSigned } from "./setup.mjs";

const HERE = "DNS:localhost,IP:127.0.0.1";
const authority = new Authority("Our authority");
const trust = { SSL_CERT_FILE: authority.file };
/** nginx takes a port of its own choosing, so Alert goes by Host here and has any https URL as its public one. */
const server = serverFor("--ping-interval", "500ms", "--public-url", "https://127.0.0.1");

const secure = (t, certificate) => nginx(t, proxy(server.url, { listen: "ssl", server: certificate }));

test("given a good certificate, then all is well", async (t) => {
  const port = await secure(t, authority.certificate("good", HERE, -1, 60));
  const { code, checks, out } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.equal(code, 0, out);
  assert.equal(named(checks, "ok").length, Object.keys(checks).length, out);
  assert.match(checks.tls.seen, /^TLS 1\.[23] in /);
  assert.equal(checks["certificate-name"].seen, "it is for localhost, 127.0.0.1");
  assert.match(checks["certificate-dates"].seen, /, (59|60) days left$/);
  assert.equal(checks["certificate-issuer"].seen, "signed by Alert tests (Our authority), trusted here");
  assert.match(checks.cookie.seen, /Secure/);
});

test("given a certificate that ends in five days, then that is a warning", async (t) => {
  const port = await secure(t, authority.certificate("ending", HERE, -80, 5));
  const { code, checks, out } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.equal(code, 0, out);
  assert.deepEqual(named(checks, "warning"), ["certificate-dates"]);
  assert.match(checks["certificate-dates"].seen, /, [45] days left$/);
  assert.match(checks["certificate-dates"].advice.text, /certbot renew/);
  assert.match(out, /^It works\./m);
});

test("given a certificate that lasts for some days, then only its last quarter is a warning", async (t) => {
  const fresh = await secure(t, authority.certificate("fresh", HERE, -2, 4));
  assert.deepEqual(named((await examine(`https://127.0.0.1:${fresh}`, [], trust)).checks, "warning"), []);
  const late = await secure(t, authority.certificate("late", HERE, -6, 1));
  const { checks } = await examine(`https://127.0.0.1:${late}`, [], trust);
  assert.deepEqual(named(checks, "warning"), ["certificate-dates"]);
});

test("given an expired certificate, then only its dates are wrong, and the rest is examined", async (t) => {
  const port = await secure(t, authority.certificate("expired", HERE, -10, -3));
  const { code, checks, out } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["certificate-dates"]);
  assert.match(checks["certificate-dates"].seen, /^it expired on \d{4}-\d\d-\d\d, 3 days ago$/);
  assert.match(checks["certificate-dates"].advice.text, /Renew it/);
  assert.equal(checks.upgrade.outcome, "ok");
});

test("given a certificate that is not valid yet, then the clocks are to be checked", async (t) => {
  const port = await secure(t, authority.certificate("early", HERE, 2, 20));
  const { checks } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.deepEqual(named(checks, "failed"), ["certificate-dates"]);
  assert.match(checks["certificate-dates"].advice.text, /clocks/);
});

test("given another host's certificate, then only the name is wrong", async (t) => {
  const port = await secure(t, authority.certificate("other", "DNS:other.example.org", -1, 60));
  const { code, checks, out } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["certificate-name"]);
  assert.equal(checks["certificate-name"].seen, "it is not for 127.0.0.1, but for other.example.org");
  assert.match(checks["certificate-name"].advice.text, /check server_name/);
});

test("given a certificate that signed itself, then nobody trusts it", async (t) => {
  const port = await secure(t, selfSigned(HERE));
  const { code, checks, out } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["certificate-issuer"]);
  assert.match(checks["certificate-issuer"].seen, /signed by itself/);
  assert.match(checks["certificate-issuer"].advice.text, /Let's Encrypt/);
});

test("given an authority that is not trusted here, then the whole chain is advised", async (t) => {
  const stranger = new Authority("Somebody else");
  const port = await secure(t, stranger.certificate("strange", HERE, -1, 60));
  const { checks } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.deepEqual(named(checks, "failed"), ["certificate-issuer"]);
  assert.match(checks["certificate-issuer"].seen, /signed by Alert tests \(Somebody else\)/);
  assert.match(advised(checks["certificate-issuer"], "nginx"), /fullchain\.pem/);
});

test("given everything wrong with a certificate, then each of it is said", async (t) => {
  const stranger = new Authority("Nobody");
  const port = await secure(t, stranger.certificate("bad", "DNS:other.example.org", -10, -3));
  const { checks } = await examine(`https://127.0.0.1:${port}`, [], trust);
  const wrong = ["certificate-name", "certificate-dates", "certificate-issuer"];
  assert.deepEqual(named(checks, "failed"), wrong);
});

test("given https at a server without TLS, then it says to use http", async () => {
  const { code, checks, out } = await examine(server.url.replace("http:", "https:"), [], trust);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["tls"]);
  assert.match(checks.tls.advice.text, /the URL begins with http:\/\//);
  assert.equal(checks.http.seen, "no TLS connection");
});

test("given http at a port with TLS, then it says to use https", async (t) => {
  const port = await secure(t, authority.certificate("plain", HERE, -1, 60));
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["http"]);
  assert.equal(checks.http.advice.text, `Use https://127.0.0.1:${port}.`);
});

test("given Alert with its own certificate, then HTTP/2 is seen, and http at its port is sent to https", async (t) => {
  const files = authority.files("own", HERE, -1, 60);
  const own = await new Server(["--ping-interval", "500ms", ...files]).start();
  t.after(() => own.stop());
  const url = `https://${own.host}`;
  const { code, checks, out } = await examine(url, [], trust);
  assert.equal(code, 0, out);
  assert.equal(named(checks, "ok").length, Object.keys(checks).length, out);
  assert.match(checks.protocols.seen, /^HTTP\/2 for pages/);
  const plain = await examine(`http://${own.host}`);
  assert.deepEqual(named(plain.checks, "failed"), ["http"], plain.out);
  assert.equal(plain.checks.http.advice.text, `Use ${url}.`);
});

// Ports below 1024 are root's, and 127.0.0.0/8 is this machine's on Linux.
const low = { skip: process.getuid?.() !== 0 && "not root" };
test("given port 443, then what is at port 80 is examined too", low, async (t) => {
  const [host, files] = ["127.0.0.77", authority.files("low", "IP:127.0.0.77", -1, 60)];
  const own = new Server(["--ping-interval", "500ms", ...files], { address: host, port: 443 });
  await own.start();
  t.after(() => own.stop());
  const alone = await examine(`https://${host}`, [], trust);
  assert.deepEqual(named(alone.checks, "warning"), ["redirect"], alone.out);
  assert.equal(alone.checks.redirect.seen, `nothing answers http://${host}`);
  assert.equal(advised(alone.checks.redirect, "alert"), "--redirect-listen 0.0.0.0:80");
  await own.stop();
  own.flags.push("--redirect-listen", `${host}:80`);
  await own.start();
  const { code, checks, out } = await examine(`https://${host}`, [], trust);
  assert.equal(code, 0, out);
  assert.equal(checks.redirect.seen, `http://${host} leads to https://${host}/v1`);
});

test("given a certificate that Alert has ordered and not got, then its log is to be read", async (t) => {
  const port = await freePort();
  const flags = ["--acme-domain", "localhost", "--acme-directory", `https://127.0.0.1:${port}/dir`];
  const waiting = await new Server([
    "--ping-interval",
    "500ms",
    ...flags,
    "--acme-ca",
    authority.file,
  ]).start();
  t.after(() => waiting.stop());
  const { code, checks, out } = await examine(`https://localhost:${waiting.port}`, [], trust);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["certificate-issuer"], out);
  assert.equal(checks["certificate-issuer"].seen, "it only stands in until Alert has one");
  assert.match(checks["certificate-issuer"].advice.text, /log and \/readyz/);
});

test("given https without --public-url, then the cookie is not Secure", async (t) => {
  const plain = await new Server(["--ping-interval", "500ms"]).start();
  t.after(() => plain.stop());
  const certificate = authority.certificate("insecure", HERE, -1, 60);
  const port = await nginx(t, proxy(plain.url, { listen: "ssl", server: certificate }));
  const url = `https://127.0.0.1:${port}`;
  const { code, checks, out } = await examine(url, [], trust);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["cookie"]);
  assert.equal(advised(checks.cookie, "alert"), `--public-url ${url}`);
});

test("given http and a cookie for https, then that is a warning on the machine itself", async () => {
  const { code, checks, out } = await examine(server.url);
  assert.equal(code, 0, out);
  assert.deepEqual(named(checks, "warning"), ["cookie"]);
});
