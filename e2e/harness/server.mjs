// Starts the built `alert` on a free port, reads where it is from what it prints, collects its log, and ends it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";
import { Client } from "./client.mjs";
import { REDIS } from "./redis.mjs";
import { within } from "./time.mjs";
import { TLS } from "./tls.mjs";

const START_LIMIT = 20_000;
/** "Exit within 10 s" is the promise; a little more is left for a busy machine. */
const STOP_LIMIT = 12_000;

/** The binary: `ALERT_BIN`, or what was built last. Without one no test makes sense, so the file fails as a whole. */
const CANDIDATES = ["e2e", "release", "debug"].map((profile) =>
  fileURLToPath(new URL(`../../target/${profile}/alert`, import.meta.url)),
);
export const BINARY = process.env.ALERT_BIN ?? CANDIDATES.find(existsSync);
assert.ok(
  BINARY && existsSync(BINARY),
  `no binary: run \`make e2e\`, or set ALERT_BIN (not there: ${CANDIDATES})`,
);

/** Nobody is slowed down: for tests whose senders are faster than people. */
export const NO_RATES = ["--event-rate", "0", "--byte-rate", "0", "--room-byte-rate", "0"];

/** The servers' state folders. */
const STATES = mkdtempSync(join(tmpdir(), "alert-e2e-"));
process.once("exit", () => rmSync(STATES, { recursive: true, force: true }));

let prefixes = 0;

/** With Redis the history is there. */
function withoutHistory(flags) {
  const place = flags.indexOf("--history");
  return place < 0 ? flags : flags.toSpliced(place, 2);
}

export class Server {
  #child;
  #log = "";
  #watchers = new Set();
  isKilled = false;

  /**
   * A server with these flags, not yet started. `port` 0 takes a free one; `wrapper` is a command that runs it elsewhere,
   * `env` what more its environment has.
   */
  constructor(
    flags = [],
    {
      port = 0,
      address = "127.0.0.1",
      sessionKey = randomBytes(32).toString("base64"),
      state,
      redis,
      prefix,
      wrapper = [],
      env = {},
    } = {},
  ) {
    state ??= mkdtempSync(join(STATES, "server-"));
    // Servers that a test gives a Redis share their rooms; otherwise each has rooms of its own.
    prefix ??= redis ? "alert" : `test-${process.pid}-${++prefixes}`;
    redis ??= REDIS;
    Object.assign(this, { flags, port, address, sessionKey, state, redis, prefix, wrapper, env });
  }

  /** Starts it and waits until it says where it is. */
  async start() {
    const { redis, prefix, sessionKey } = this;
    const shared = redis ? ["--redis", redis.url, "--redis-prefix", prefix] : [];
    const flags = [...(redis ? withoutHistory(this.flags) : this.flags), ...TLS.flags];
    const listen = ["--listen", `${this.address}:${this.port}`];
    const [command, ...args] = [...this.wrapper, BINARY, ...listen, ...shared, ...flags];
    const child = spawn(command, args, {
      env: {
        PATH: process.env.PATH,
        ...(sessionKey && { ALERT_SESSION_KEY: sessionKey }),
        STATE_DIRECTORY: this.state,
        ...(process.env.ALERT_IO && { ALERT_IO: process.env.ALERT_IO }),
        ...this.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    this.exited = once(child, "exit").then(([code, signal]) => {
      process.off("exit", kill);
      this.#tell();
      return { code, signal };
    });
    child.stderr.on("data", (chunk) => {
      this.#log += chunk;
      this.#tell();
    });
    this.printed = "";
    const port = new Promise((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        this.printed += chunk;
        const found = this.printed.match(/https?:\/\/[\d.]+:(\d+)\/v1\n/);
        if (found) resolve(Number(found[1]));
      });
      this.exited.then(({ code }) =>
        reject(new Error(`alert ended with ${code}:\n${this.printed}${this.#log}`)),
      );
    });
    this.port = await within(START_LIMIT, "the server to print its address", port);
    this.host = `${this.address}:${this.port}`;
    this.url = `${TLS.scheme}://${this.host}`;
    return this;
  }

  /** What it has logged so far. */
  get log() {
    return this.#log;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Waits until the log has a line that matches, after its first `from` characters, and returns it. */
  async logged(pattern, from = 0) {
    let watcher;
    const line = new Promise((resolve, reject) => {
      watcher = () => {
        const lines = this.#log.slice(from).split("\n");
        const found = lines.find((line) => pattern.test(line));
        if (found) resolve(found);
        else if (this.#child.exitCode !== null)
          reject(new Error(`the server has ended; its log:\n${this.#log}`));
      };
      this.#watchers.add(watcher);
      watcher();
    });
    try {
      return await within(15_000, `a log line like ${pattern}`, line, () => this.#log);
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Ends it as a service manager does, and expects it to go properly. */
  async stop() {
    if (this.isKilled) return;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal("SIGTERM");
    const end = await within(STOP_LIMIT, "the server to end", this.exited, () => this.#log).catch((error) => {
      this.signal("SIGKILL");
      throw error;
    });
    assert.deepEqual(end, { code: 0, signal: null }, `how the server ended; its log:\n${this.#log}`);
  }

  /** Ends it as a power failure does. */
  async kill() {
    this.signal("SIGKILL");
    await within(STOP_LIMIT, "the server to end", this.exited);
    this.isKilled = true;
  }

  /** Another server where this one was, with the same flags, key and state folder, as after a restart. */
  restarted() {
    return new Server(this.flags, this).start();
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}

/** A server for the tests of the `describe` (or file) that calls this; `flags` as on the command line. */
export function serverFor(...flags) {
  const server = new Server(flags);
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => Client.closeAll());
  return server;
}
