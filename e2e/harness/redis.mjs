// A Redis of the tests' own, on a Unix socket, with its append-only file, so that it can be killed and started again.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./time.mjs";

const run = promisify(execFile);

export class Redis {
  #child;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "alert-redis-"));
    this.socket = join(this.folder, "socket");
    this.url = `unix://${this.socket}`;
  }

  async start() {
    const flags = [
      "--port",
      "0",
      "--unixsocket",
      this.socket,
      "--dir",
      this.folder,
      "--appendonly",
      "yes",
      "--save",
      "",
    ];
    const child = spawn("redis-server", flags, { stdio: "ignore" });
    this.#child = child;
    // A file's tests end without stopping the one that they share.
    child.unref();
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    this.exited = once(child, "exit").then(() => process.off("exit", kill));
    await eventually("Redis to answer", async () => (await this.cli("ping").catch(() => "")) === "PONG");
    return this;
  }

  /** What it answers. */
  async cli(...args) {
    const { stdout } = await run("redis-cli", ["-s", this.socket, ...args]);
    return stdout.trim();
  }

  signal(name) {
    this.#child.kill(name);
  }

  async kill() {
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
