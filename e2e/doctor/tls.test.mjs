// `alert doctor` and certificates: each thing that can be wrong with one, with its own advice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, serverFor } from "../harness/server.mjs";
import { Authority, advised, examine, named, nginx, proxy, selfSigned } from "./setup.mjs";

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
  const port = await secure(t, authority.certificate("ending", HERE, -1, 5));
  const { code, checks, out } = await examine(`https://127.0.0.1:${port}`, [], trust);
  assert.equal(code, 0, out);
  assert.deepEqual(named(checks, "warning"), ["certificate-dates"]);
  assert.match(checks["certificate-dates"].seen, /, [45] days left$/);
  assert.match(checks["certificate-dates"].advice.text, /certbot renew/);
  assert.match(out, /^It works\./m);
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
