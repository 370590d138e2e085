// What the tests of `alert doctor` share: running it, nginx in front of a server, certificates, and odd servers.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { nginx as startNginx } from "../harness/proxies.mjs";
import { BINARY } from "../harness/server.mjs";
import { within } from "../harness/time.mjs";

export { freePort } from "../harness/port.mjs";

/** A folder for this file's tests, gone afterwards. */
export const folder = mkdtempSync(join(tmpdir(), "alert-doctor-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the doctor; its exit code, its lines and its errors. */
export async function run(args, env = {}) {
  const child = spawn(BINARY, ["doctor", ...args], { env: { PATH: process.env.PATH, ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const [code] = await within(60_000, "the doctor to end", once(child, "close"), () => out + err);
  return { code, out, err };
}

/** Examines `url`, with and without `--json`, and checks that both say the same; gives the checks by their name. */
export async function examine(url, args = [], env = {}) {
  const [lines, json] = await Promise.all([run([url, ...args], env), run([url, ...args, "--json"], env)]);
  assert.equal(json.err, "", "nothing on stderr");
  const report = JSON.parse(json.out);
  assert.equal(json.code, lines.code, "both forms end with the same code");
  assert.equal(report.ok, json.code === 0);
  const outcomes = [...lines.out.matchAll(/^(?:✓|✗|!|-) (ok|failed|warning|skipped) /gmu)].map((m) => m[1]);
  assert.deepEqual(
    outcomes,
    report.checks.map((check) => check.outcome),
    lines.out,
  );
  for (const check of report.checks) {
    const needs = check.outcome === "failed" || check.outcome === "warning";
    assert.equal(check.advice !== null, needs, `advice of ${JSON.stringify(check)}`);
    for (const { lines: config } of check.advice?.config ?? [])
      for (const line of config) assert.ok(lines.out.includes(line), `the lines say: ${line}`);
  }
  const checks = Object.fromEntries(report.checks.map((check) => [check.check, check]));
  return { code: json.code, checks, out: lines.out };
}

/** The names of the checks with this outcome. */
export function named(checks, outcome) {
  return Object.values(checks)
    .filter((check) => check.outcome === outcome)
    .map((check) => check.check);
}

/** The lines that a check advises for a program. */
export function advised(check, program) {
  assert.ok(check.advice, `advice in ${JSON.stringify(check)}`);
  return check.advice.config.find((config) => config.program === program)?.lines.join("\n") ?? "";
}

/** A server of bytes: `answer` gets each socket. */
export async function rawServer(t, answer) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    answer(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return server.address().port;
}

/** nginx with these `server` blocks (PORT stands for its port); gives the port. */
export async function nginx(t, servers) {
  const { port, stop } = await startNginx(servers);
  t.after(stop);
  return port;
}

/** What every right proxy has; tests leave lines out. */
export const UPGRADES = `
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";`;
export const HOST = "proxy_set_header Host $http_host;";

/** A `server` block in front of `upstream`. */
export function proxy(upstream, { location = UPGRADES + HOST, server = "", listen = "" } = {}) {
  return `server {
    listen 127.0.0.1:PORT ${listen};
    ${server}
    location / {
      proxy_pass ${upstream};
      ${location}
    }
  }`;
}

function openssl(...args) {
  execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
}

/** An authority of our own; its file makes the doctor trust it. */
export class Authority {
  constructor(name) {
    this.name = name;
    this.file = join(folder, `${name}.pem`);
    this.key = join(folder, `${name}.key`);
    signItself(this.key, this.file, `/O=Alert tests/CN=${name}`);
  }

  /** The nginx lines of a certificate for these names (as in DNS:localhost), valid from and to so many days from now. */
  certificate(id, names, from, to) {
    const [key, request, file] = ["key", "csr", "pem"].map((end) => join(folder, `${id}.${end}`));
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      key,
      "-out",
      request,
      "-subj",
      `/CN=${id}`,
      "-addext",
      `subjectAltName=${names}`,
    );
    const database = mkdtempSync(join(folder, "ca-"));
    writeFileSync(join(database, "index.txt"), "");
    const config = join(database, "ca.conf");
    writeFileSync(
      config,
      `[ca]\ndefault_ca = us\n[us]\nnew_certs_dir = ${database}\ndatabase = ${database}/index.txt\n` +
        "rand_serial = yes\ndefault_md = sha256\npolicy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n",
    );
    const sign = ["ca", "-batch", "-notext", "-config", config, "-cert", this.file, "-keyfile", this.key];
    openssl(...sign, "-in", request, "-out", file, "-startdate", asn1(from), "-enddate", asn1(to));
    return lines(file, key);
  }

  /** The same as flags of Alert. */
  files(id, ...rest) {
    this.certificate(id, ...rest);
    return ["--tls-cert", join(folder, `${id}.pem`), "--tls-key", join(folder, `${id}.key`)];
  }
}

/** The nginx lines of a certificate that nobody else has signed. */
export function selfSigned(names) {
  const [key, file] = ["key", "pem"].map((end) => join(folder, `self-signed.${end}`));
  signItself(key, file, "/CN=localhost", "-addext", `subjectAltName=${names}`);
  return lines(file, key);
}

function signItself(key, file, subject, ...more) {
  const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file, "-days", "30"];
  openssl("req", "-x509", ...made, "-subj", subject, ...more);
}

const lines = (file, key) => `ssl_certificate ${file}; ssl_certificate_key ${key};`;

/** `20261124083300Z`, so many days from now. */
function asn1(days) {
  const time = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${time.replace(/[-:T]/g, "").slice(0, 14)}Z`;
}
