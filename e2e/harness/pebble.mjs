// A certificate authority that speaks ACME (Let's Encrypt's own one for tests), and the DNS that it asks.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { freePort } from "./port.mjs";
import { eventually } from "./time.mjs";

const folder = mkdtempSync(join(tmpdir(), "alert-acme-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The certificate of the authority's own server, which only `--acme-ca` makes trusted. */
export const CA = join(folder, "ca.pem");
execFileSync(
  "openssl",
  `req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=authority
   -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE
   -keyout ${join(folder, "ca.key")} -out ${CA}`.split(/\s+/),
  { stdio: "pipe" },
);

export class Authority {
  #children = [];
  log = "";

  /** One that looks for the names' servers at `port`. `seconds` is how long its certificates last. */
  static async make({ port, seconds = 3600 }) {
    const authority = new Authority();
    const [listen, management, dns, hook] = await Promise.all([1, 2, 3, 4].map(() => freePort()));
    Object.assign(authority, { port, seconds, listen, management, dns, hook });
    authority.directory = `https://127.0.0.1:${listen}/dir`;
    return authority;
  }

  /** Starts it; it knows nothing of an earlier start. */
  async start() {
    const file = join(folder, `${this.listen}.json`);
    const pebble = {
      listenAddress: `127.0.0.1:${this.listen}`,
      managementListenAddress: `127.0.0.1:${this.management}`,
      certificate: CA,
      privateKey: join(folder, "ca.key"),
      httpPort: 1,
      tlsPort: this.port,
      certificateValidityPeriod: this.seconds,
    };
    writeFileSync(file, JSON.stringify({ pebble }));
    const none = ["http01", "https01", "tlsalpn01"].flatMap((kind) => [`-${kind}`, ""]);
    const own = ["-dns01", `127.0.0.1:${this.dns}`, "-management", `127.0.0.1:${this.hook}`];
    this.#spawn("pebble-challtestsrv", [...own, ...none, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]);
    this.#spawn("pebble", ["-config", file, "-dnsserver", `127.0.0.1:${this.dns}`]);
    this.root = await eventually("the authority's root", () =>
      ask(`https://127.0.0.1:${this.management}/roots/0`),
    );
    await eventually("the authority's DNS", () =>
      this.lead("nobody.example", "127.0.0.1").then(
        () => true,
        () => false,
      ),
    );
    return this;
  }

  /** Has a name lead to an address; every other one leads to 127.0.0.1. */
  async lead(name, address) {
    const body = JSON.stringify({ host: `${name}.`, addresses: [address] });
    const answer = await fetch(`http://127.0.0.1:${this.hook}/add-a`, { method: "POST", body });
    if (!answer.ok) throw new Error(`DNS: ${answer.status}`);
  }

  /** How often it was asked for a certificate. */
  get orders() {
    return this.log.split("POST /order-plz").length - 1;
  }

  /** How many accounts it has made. A request for one comes again where it had refused the nonce, as it does at random. */
  get accounts() {
    return this.log.split(" accounts in memory").length - 1;
  }

  async stop() {
    const children = this.#children.splice(0);
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.exitCode ?? once(child, "exit")));
  }

  #spawn(command, args) {
    // Without it, it waits for seconds before it looks for a name.
    const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1" };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (this.log += chunk));
    this.#children.push(child);
  }
}

/** The body at a URL whose certificate is not looked at, or nothing. */
function ask(url) {
  return new Promise((resolve) => {
    const sent = request(url, { rejectUnauthorized: false }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => (body += chunk));
      answer.on("end", () => resolve(answer.statusCode === 200 && body));
    });
    sent.on("error", () => resolve(false));
    sent.end();
  });
}
