// A Redis Cluster: masters that share the 16,384 slots evenly, each with its replicas.

import { freePort } from "./port.mjs";
import { Redis } from "./redis.mjs";
import { eventually } from "./time.mjs";

const SLOTS = 16_384;

/** Starts one. `flags` are those of every Redis; `node_timeout` (ms) is how long a master is silent before it is dead. */
export async function startCluster({ masters = 3, replicas = 0, nodeTimeout = 1000, flags = [] } = {}) {
  const cluster = new Cluster(nodeTimeout, flags);
  const count = masters * (1 + replicas);
  for (let number = 0; number < count; number++) await cluster.start();
  const first = cluster.servers[0];
  for (const server of cluster.servers) await cluster.meet(server, first);
  await cluster.agrees(count);
  for (const [place, server] of cluster.servers.entries()) {
    if (place < masters) {
      const [from, to] = [place, place + 1].map((part) => Math.round((part * SLOTS) / masters));
      await server.cli("cluster", "addslotsrange", from, to - 1);
    } else {
      await server.cli("cluster", "replicate", await id(cluster.servers[place % masters]));
    }
  }
  await cluster.isWhole();
  return cluster;
}

const id = (server) => server.cli("cluster", "myid");

class Cluster {
  #flags;
  servers = [];

  constructor(nodeTimeout, flags) {
    this.#flags = ["--cluster-enabled", "yes", "--cluster-node-timeout", `${nodeTimeout}`];
    this.#flags.push("--repl-diskless-sync-delay", "0", ...flags);
  }

  /** All of them, as Alert is told where they are. */
  get url() {
    return `redis://${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
  }

  /** One more, which the others do not know yet: `meet`. */
  async start() {
    const bus = ["--cluster-port", `${await freePort()}`];
    const server = new Redis({ port: await freePort(), flags: [...this.#flags, ...bus] });
    server.bus = bus[1];
    this.servers.push(await server.start());
    return server;
  }

  /** Makes a server known to all. It has no slots yet: `moveSlot`. */
  async meet(server, known = this.servers[0]) {
    if (server !== known) await server.cli("cluster", "meet", "127.0.0.1", known.port, known.bus);
  }

  /** Waits until everybody knows so many. */
  async agrees(count = this.servers.length) {
    for (const server of this.servers)
      await eventually("the cluster to know itself", async () => {
        const nodes = (await server.cli("cluster", "nodes")).split("\n");
        return nodes.length === count && nodes.every((node) => !/handshake|noaddr/.test(node));
      });
  }

  /** Waits until every slot is served and every replica is in step. */
  async isWhole() {
    for (const server of this.servers) {
      await eventually("the cluster to be whole", async () => {
        const info = await server.cli("cluster", "info");
        return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info);
      });
      await eventually("a replica to follow", async () => {
        if ((await server.info("role")) === "master") return true;
        return (await server.info("master_link_status")) === "up";
      });
    }
  }

  /** Those that are masters and have slots, as `asked` sees it. */
  async masters(asked = this.servers[0]) {
    const nodes = (await asked.cli("cluster", "nodes")).split("\n").map((line) => line.split(" "));
    const masters = nodes.filter(
      ([, , flags, ...rest]) => /master/.test(flags) && !/fail/.test(flags) && rest[5],
    );
    return masters.map(([, address]) =>
      this.servers.find(({ port }) => port === Number(address.match(/:(\d+)@/)[1])),
    );
  }

  /** The master that has a slot, as `asked` sees it. */
  async owner(slot, asked = this.servers[0]) {
    const shards = JSON.parse(await asked.cli("--json", "cluster", "slots"));
    // Nobody has it for a moment, while a master is replaced.
    const [, , [, port] = []] = shards.find(([from, to]) => from <= slot && slot <= to) ?? [];
    return this.servers.find((server) => server.port === port);
  }

  /** The slot of a key. */
  async slot(key) {
    return Number(await this.servers[0].cli("cluster", "keyslot", key));
  }

  /**
   * The replica of a slot's master takes over: by order, or because the master has been killed (`{ kill: true }`; start it
   * again with `old.start()`, and it comes back as a replica). Gives the new and the old master.
   */
  async failover(slot, { kill = false } = {}) {
    const old = await this.owner(slot);
    const asked = this.servers.find((server) => server !== old);
    const ofOld = await id(old);
    const lines = (await asked.cli("cluster", "nodes")).split("\n").map((line) => line.split(" "));
    const [, address] = lines.find(([, , flags, master]) => /slave/.test(flags) && master === ofOld);
    const replica = this.servers.find(({ port }) => port === Number(address.match(/:(\d+)@/)[1]));
    if (kill) await old.kill();
    else await replica.cli("cluster", "failover");
    await eventually("the replica to take over", async () => (await this.owner(slot, asked)) === replica);
    await eventually("the cluster to be whole", async () =>
      /cluster_state:ok/.test(await asked.cli("cluster", "info")),
    );
    return { master: replica, old };
  }

  /** Moves a slot with its keys to another master, a few at a time. `between` is called while it is half moved. */
  async moveSlot(slot, to, between = async () => {}) {
    const from = await this.owner(slot);
    const [fromId, toId] = [await id(from), await id(to)];
    await to.cli("cluster", "setslot", slot, "importing", fromId);
    await from.cli("cluster", "setslot", slot, "migrating", toId);
    for (let isFirst = true; ; isFirst = false) {
      const keys = (await from.cli("cluster", "getkeysinslot", slot, 8)).split("\n").filter(Boolean);
      if (keys.length === 0) break;
      await from.cli("migrate", "127.0.0.1", to.port, "", 0, 5000, "keys", ...keys);
      if (isFirst) await between();
    }
    for (const server of [to, from, ...(await this.masters())])
      await server.cli("cluster", "setslot", slot, "node", toId);
    await eventually("everybody to know of it", async () => {
      for (const server of this.servers) if ((await this.owner(slot, server)) !== to) return false;
      return true;
    });
  }

  async stop() {
    for (const server of this.servers) await server.stop();
  }
}
