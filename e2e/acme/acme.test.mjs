// Certificates from an authority: a real one for tests, which connects to the server and asks for `acme-tls/1`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect } from "node:tls";
import { Authority, CA } from "../harness/pebble.mjs";
import { freePort } from "../harness/port.mjs";
import { Server } from "../harness/server.mjs";
import { eventually, within } from "../harness/time.mjs";

const states = mkdtempSync(join(tmpdir(), "alert-acme-state-"));
after(() => rmSync(states, { recursive: true, force: true }));

/** An authority that looks for the servers of names at a free port, not started yet. */
async function authorityFor(t, options = {}) {
  const authority = await Authority.make({ port: await freePort(), ...options });
  t.after(() => authority.stop());
  return authority;
}

/** A server that gets certificates for these names, not started yet. */
function serverOf(t, authority, names, flags = ["--acme-ca", CA]) {
  const domains = names.flatMap((name) => ["--acme-domain", name]);
  const directory = ["--acme-directory", authority.directory];
  const state = mkdtempSync(join(states, "server-"));
  const server = new Server([...domains, ...directory, ...flags], { port: authority.port, state });
  t.after(() => server.stop());
  return server;
}

/** Shakes hands as a client that wants this name: the certificate, the protocol, and whether it is trusted. */
async function shakeHands(server, servername, { ca, ALPNProtocols = ["h2"] } = {}) {
  const socket = connect({
    port: server.port,
    host: "127.0.0.1",
    servername,
    ca,
    ALPNProtocols,
    rejectUnauthorized: false,
  });
  try {
    await within(10_000, "a handshake", once(socket, "secureConnect"));
    const certificate = socket.getPeerCertificate();
    return { certificate, protocol: socket.alpnProtocol, isTrusted: socket.authorized };
  } finally {
    socket.destroy();
  }
}

/** What `/readyz` says, whatever the certificate is. */
async function readyz(server, servername) {
  const socket = connect({
    port: server.port,
    host: "127.0.0.1",
    servername,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: false,
  });
  socket.end(`GET /readyz HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

const obtained = /a certificate has been obtained domain="([^"]+)"/;

test("a certificate is obtained, kept for Alert's user alone, and a restart orders no other", async (t) => {
  const authority = await (await authorityFor(t)).start();
  const server = serverOf(t, authority, ["one.example", "two.example"]);
  await server.start();
  assert.match(server.printed, /Open +https:\/\/one\.example\/v1\n +https:\/\/two\.example\/v1\n/);
  await server.logged(/obtained domain="one\.example"/);
  await server.logged(/obtained domain="two\.example"/);
  for (const name of ["one.example", "two.example"]) {
    const { certificate, protocol, isTrusted } = await shakeHands(server, name, { ca: authority.root });
    assert.deepEqual([certificate.subjectaltname, protocol, isTrusted], [`DNS:${name}`, "h2", true]);
  }
  assert.match(await readyz(server, "one.example"), /\r\n\r\nok\n$/);
  const [folder] = readdirSync(join(server.state, "acme"));
  const files = readdirSync(join(server.state, "acme", folder)).sort();
  assert.deepEqual(files, ["account.json", "one.example.pem", "two.example.pem"]);
  for (const file of files)
    assert.equal(statSync(join(server.state, "acme", folder, file)).mode & 0o777, 0o600);
  assert.equal(statSync(join(server.state, "acme", folder)).mode & 0o777, 0o700);

  const { orders, accounts } = authority;
  await server.stop();
  await server.start();
  const { isTrusted } = await shakeHands(server, "one.example", { ca: authority.root });
  assert.ok(isTrusted, "it is there at once");
  assert.deepEqual([authority.orders, authority.accounts], [orders, accounts]);
});

test("a certificate is renewed when two thirds of its time have passed, and those who are connected stay", async (t) => {
  const authority = await (await authorityFor(t, { seconds: 18 })).start();
  const server = serverOf(t, authority, ["one.example"]);
  await server.start();
  await server.logged(obtained);
  const first = (await shakeHands(server, "one.example")).certificate.serialNumber;
  const socket = connect({
    port: server.port,
    host: "127.0.0.1",
    servername: "one.example",
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  const isAnother = async () => (await shakeHands(server, "one.example")).certificate.serialNumber !== first;
  await eventually("another certificate", isAnother, 20_000);
  assert.ok((await shakeHands(server, "one.example", { ca: authority.root })).isTrusted);
  socket.end("GET /readyz HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n");
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /^HTTP\/1\.1 200/);
  assert.equal(authority.accounts, 1);
});

test("an authority that is away at the start is asked again, and meanwhile the reason is said", async (t) => {
  const authority = await authorityFor(t);
  const server = serverOf(t, authority, ["one.example"]);
  await server.start();
  const line = await server.logged(/there is no certificate for one\.example/);
  assert.match(line, /it cannot be reached \(Connection refused.*--acme-directory.* The next try is in 5s/);
  assert.match(
    await readyz(server, "one.example"),
    /^HTTP\/1\.1 200.*\r\n\r\nok\nthere is no certificate for one\.example: 127\.0\.0\.1: it cannot be reached/s,
  );
  const { certificate } = await shakeHands(server, "one.example");
  assert.equal(certificate.subject.CN, "Alert has no certificate yet");
  await authority.start();
  await eventually("a certificate", () => obtained.test(server.log), 30_000);
  assert.ok((await shakeHands(server, "one.example", { ca: authority.root })).isTrusted);
  assert.match(await readyz(server, "one.example"), /\r\n\r\nok\n$/);
});

test("an authority that has forgotten the account is given another", async (t) => {
  const authority = await (await authorityFor(t)).start();
  const server = serverOf(t, authority, ["one.example"]);
  await server.start();
  await server.logged(obtained);
  await server.stop();
  await authority.stop();
  await authority.start();
  server.flags.push("--acme-domain", "two.example");
  await server.start();
  await server.logged(/obtained domain="two\.example"/);
});

test("a name that leads elsewhere is refused with the reason, and holds no other name up", async (t) => {
  const authority = await (await authorityFor(t)).start();
  await authority.lead("away.example", "127.0.0.9");
  const server = serverOf(t, authority, ["away.example", "one.example"]);
  await server.start();
  const line = await server.logged(/there is no certificate for away\.example/);
  assert.match(
    line,
    /\((?:connection|unauthorized)\); port 443 of away\.example has to lead .* to a TCP address of --listen.* in 15m/,
  );
  await server.logged(/obtained domain="one\.example"/);
  assert.ok((await shakeHands(server, "one.example", { ca: authority.root })).isTrusted);
  const { certificate } = await shakeHands(server, "away.example");
  assert.equal(certificate.subject.CN, "Alert has no certificate yet", "not that of another name");
});

test("an authority that is not trusted, or that is none, is said to be that", async (t) => {
  const authority = await (await authorityFor(t)).start();
  const distrustful = serverOf(t, authority, ["one.example"], []);
  await distrustful.start();
  const line = await distrustful.logged(/there is no certificate/);
  assert.match(line, /signed by nobody this machine trusts: name its root with --acme-ca/);
  await distrustful.stop();

  const other = { port: authority.port, directory: authority.directory.replace("/dir", "/nothing") };
  const lost = serverOf(t, other, ["one.example"]);
  await lost.start();
  assert.match(
    await lost.logged(/there is no certificate/),
    /not that of an ACME directory: check --acme-directory/,
  );
  await lost.stop();
});

test("a stranger that asks for acme-tls/1 is shown nothing, and nobody is served there", async (t) => {
  const authority = await (await authorityFor(t)).start();
  const server = serverOf(t, authority, ["one.example"]);
  await server.start();
  await server.logged(obtained);
  await assert.rejects(shakeHands(server, "one.example", { ALPNProtocols: ["acme-tls/1"] }));
  // With anything else beside it, it is a client like others.
  const { protocol, certificate } = await shakeHands(server, "one.example", {
    ALPNProtocols: ["acme-tls/1", "http/1.1"],
  });
  assert.deepEqual([protocol, certificate.subjectaltname], ["http/1.1", "DNS:one.example"]);
});
