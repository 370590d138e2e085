// A Redis of the tests' own, with its append-only file, so that it can be killed and started again: on a Unix socket, or
// on a port of 127.0.0.1 where others have to find it.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./time.mjs";

const run = promisify(execFile);

/** None outlives the tests. */
const RUNNING = new Set();
process.once("exit", () => {
  for (const child of RUNNING) child.kill("SIGKILL");
});

export class Redis {
  #child;

  /** Not yet started. On its socket, unless it is given a port; `flags` as on the command line. */
  constructor({ port, flags = [] } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "alert-redis-"));
    this.socket = join(this.folder, "socket");
    this.port = port;
    this.url = port ? `redis://127.0.0.1:${port}` : `unix://${this.socket}`;
    this.flags = flags;
  }

  async start() {
    const place = this.port
      ? ["--port", `${this.port}`, "--bind", "127.0.0.1"]
      : ["--port", "0", "--unixsocket", this.socket];
    // With `everysec` Redis answers before it has written while the disk is busy, and to be killed just then loses it: a
    // test that expects what it said to be there again would fail now and then.
    const kept = ["--dir", this.folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const child = spawn("redis-server", [...this.first, ...place, ...kept, ...this.flags], {
      stdio: "ignore",
    });
    this.#child = child;
    // A file's tests end without stopping the one that they share.
    child.unref();
    RUNNING.add(child);
    this.exited = once(child, "exit").then(() => RUNNING.delete(child));
    await eventually("Redis to answer", async () => (await this.cli("ping").catch(() => "")) === "PONG");
    return this;
  }

  /** What stands before the flags. */
  get first() {
    return [];
  }

  /** What it answers. */
  async cli(...args) {
    const place = this.port ? ["-p", `${this.port}`] : ["-s", this.socket];
    const { stdout } = await run("redis-cli", [...place, ...args.map(String)]);
    return stdout.trim();
  }

  /** A field of what INFO says. */
  async info(field) {
    return (await this.cli("info")).match(new RegExp(`^${field}:(.*?)\\s*$`, "m"))?.[1];
  }

  signal(name) {
    this.#child.kill(name);
  }

  async kill() {
    this.#child.ref();
    this.signal("SIGKILL");
    await this.exited;
  }

  async stop() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Every server of this run shares this one, where `ALERT_TEST_REDIS` asks for it. */
export const REDIS = process.env.ALERT_TEST_REDIS ? await new Redis().start() : undefined;
if (REDIS) process.once("exit", () => rmSync(REDIS.folder, { recursive: true, force: true }));
assert.ok(REDIS === undefined || REDIS.url);
