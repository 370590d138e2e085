// A Prometheus that scrapes servers of the tests, and its own tool.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./port.mjs";
import { eventually } from "./time.mjs";

/** What `promtool` says to this input; nothing, where all is well. */
export function promtool(args, input) {
  const { status, stdout, stderr, error } = spawnSync("promtool", args, { input, encoding: "utf8" });
  if (error) throw error;
  assert.equal(status, 0, `promtool ${args.join(" ")}: ${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** So that what takes minutes in real life takes seconds: the rules, with all times shortened. */
export const hurried = (rules) => rules.replace(/\[\d+m\]/g, "[5s]").replace(/^(\s+for:) .*$/gm, "$1 1s");

export class Prometheus {
  #child;

  /** Scrapes these `{targets, ...}` with these rules, once started. */
  constructor(scrapes, rules) {
    this.folder = mkdtempSync(join(tmpdir(), "alert-prometheus-"));
    writeFileSync(join(this.folder, "rules.yaml"), rules);
    const config = {
      global: { scrape_interval: "250ms", scrape_timeout: "250ms", evaluation_interval: "250ms" },
      rule_files: ["rules.yaml"],
      scrape_configs: scrapes.map(({ targets, ...more }) => ({
        static_configs: [{ targets }],
        ...more,
      })),
    };
    // JSON is YAML.
    this.config = join(this.folder, "prometheus.yaml");
    writeFileSync(this.config, JSON.stringify(config));
  }

  async start() {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(
      "prometheus",
      [
        `--config.file=${this.config}`,
        `--storage.tsdb.path=${join(this.folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    this.#child.stderr.on("data", (chunk) => {
      said = `${said}${chunk}`.slice(-10_000);
    });
    const kill = () => this.#child.kill("SIGKILL");
    process.once("exit", kill);
    this.exited = once(this.#child, "exit").then(() => process.off("exit", kill));
    await eventually("Prometheus to be ready", async () => {
      assert.equal(this.#child.exitCode, null, said);
      return (await fetch(`${this.url}/-/ready`).catch(() => undefined))?.ok;
    });
    return this;
  }

  async stop() {
    this.#child.kill("SIGKILL");
    await this.exited;
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #api(path, query = {}) {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(query)}`);
    const { status, data, error } = await response.json();
    assert.equal(status, "success", `${error}: ${JSON.stringify(query)}`);
    return data;
  }

  /** The series that an expression gives now. */
  async query(expression) {
    return (await this.#api("query", { query: expression })).result;
  }

  /** All rules: `{name, query, health, state, lastError}`. */
  async rules() {
    return (await this.#api("rules")).groups.flatMap(({ rules }) => rules);
  }

  /** The names of the alerts that fire. */
  async firing() {
    return (await this.rules()).filter(({ state }) => state === "firing").map(({ name }) => name);
  }
}

/** A file of contrib/monitoring. */
export const contributed = (name) =>
  readFileSync(new URL(`../../contrib/monitoring/${name}`, import.meta.url), "utf8");
