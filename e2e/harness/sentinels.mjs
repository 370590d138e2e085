// A Redis with a replica, and three sentinels that watch over them.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./port.mjs";
import { Redis } from "./redis.mjs";
import { eventually } from "./time.mjs";

/** What the sentinels call the Redis that they watch. */
const SERVICE = "alert";
/** How long a master is silent before they take it for dead. */
const DOWN_AFTER = 1000;

class Sentinel extends Redis {
  constructor(port, master) {
    super({ port });
    this.file = join(this.folder, "sentinel.conf");
    const lines = [
      `sentinel monitor ${SERVICE} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${SERVICE} ${DOWN_AFTER}`,
      `sentinel failover-timeout ${SERVICE} 1000`,
    ];
    writeFileSync(this.file, `${lines.join("\n")}\n`);
  }

  get first() {
    return [this.file, "--sentinel"];
  }
}

/** Starts them. `flags` are those of every Redis; `replicas` follow the first one. */
export async function startSentinels({ replicas = 1, sentinels = 3, flags = [] } = {}) {
  const servers = [];
  for (let count = 0; count <= replicas; count++) {
    const follow = count === 0 ? [] : ["--replicaof", `127.0.0.1 ${servers[0].port}`];
    const own = ["--repl-diskless-sync-delay", "0", ...follow, ...flags];
    servers.push(await new Redis({ port: await freePort(), flags: own }).start());
  }
  const watchers = [];
  for (let count = 0; count < sentinels; count++)
    watchers.push(await new Sentinel(await freePort(), servers[0]).start());
  const group = new Sentinels(servers, watchers);
  await group.isWhole();
  return group;
}

class Sentinels {
  constructor(servers, sentinels) {
    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`);
    this.url = `redis+sentinel://${hosts.join(",")}/${SERVICE}`;
    Object.assign(this, { servers, sentinels });
  }

  /** Waits until every replica is in step and every sentinel knows of them all. */
  async isWhole() {
    const { length } = this.sentinels;
    await eventually("every replica to follow", async () => {
      const master = await this.master();
      if ((await master?.info("connected_slaves")) !== `${this.servers.length - 1}`) return false;
      // A replica that still copies everything counts as connected, and could be made the master without it.
      const written = Number(await master.info("master_repl_offset"));
      for (const replica of this.servers.filter((server) => server !== master)) {
        if ((await replica.info("master_link_status")) !== "up") return false;
        if (Number(await replica.info("slave_repl_offset")) < written) return false;
      }
      return true;
    });
    for (const sentinel of this.sentinels)
      await eventually("the sentinels to know of each other", async () => {
        const status = await sentinel.info("master0");
        return status?.endsWith(
          `status=ok,address=127.0.0.1:${(await this.master()).port},slaves=${this.servers.length - 1},sentinels=${length}`,
        );
      });
  }

  /** The Redis that the sentinels name as the master. */
  async master() {
    for (const sentinel of this.sentinels) {
      const answer = await sentinel.cli("sentinel", "get-master-addr-by-name", SERVICE).catch(() => "");
      const port = Number(answer.split("\n")[1]);
      if (port) return this.servers.find((server) => server.port === port);
    }
  }

  /**
   * Another Redis becomes the master: by order, or because the one that is has been killed (`{ kill: true }`; start it
   * again with `old.start()`, and it comes back as a replica). Gives the new and the old one.
   */
  async failover({ kill = false } = {}) {
    const old = await this.master();
    if (kill) await old.kill();
    else
      await eventually("a sentinel to begin", async () =>
        /OK/.test(await this.sentinels[0].cli("sentinel", "failover", SERVICE)),
      );
    const master = await eventually("another master", async () => {
      const now = await this.master();
      return now !== old && (await now?.info("role")) === "master" && now;
    });
    return { master, old };
  }

  async stop() {
    for (const server of [...this.sentinels, ...this.servers]) await server.stop();
  }
}
