// Another Redis takes over under load: one that has everything, or one that lags and lacks what was acknowledged last. Then
// everybody is told, whoever is there and whoever comes back, and no position is given twice.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Client } from "../harness/client.mjs";
import { Keeper } from "../harness/keeper.mjs";
import { Ledger } from "../harness/ledger.mjs";
import { Recovering, Rejoining, Stream } from "../harness/listeners.mjs";
import { allReady, Place, startNodes } from "../harness/place.mjs";
import { freePort } from "../harness/port.mjs";
import { Redis } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

/** More messages than a page of the log has. */
const MANY = 300;

/** A Redis, a replica, the way between them, and the address at which servers find the master. */
class Pair {
  async start() {
    this.master = await new Redis({ port: await freePort() }).start();
    this.way = await Relay.to(this.master);
    const follows = [
      "--replicaof",
      `127.0.0.1 ${new URL(this.way.url).port}`,
      "--repl-diskless-sync-delay",
      "0",
    ];
    this.replica = await new Redis({ port: await freePort(), flags: follows }).start();
    await eventually(
      "the replica to follow",
      async () => (await this.replica.info("master_link_status")) === "up",
    );
    this.address = await Relay.to(this.master);
    this.url = this.address.url.replace("http", "redis");
    return this;
  }

  /** Waits until the replica has what the master has now. */
  async inStep() {
    const offset = Number(await this.master.info("master_repl_offset"));
    await eventually(
      "the replica to be in step",
      async () => Number(await this.replica.info("slave_repl_offset")) >= offset,
    );
  }

  /** The replica takes over from a master that is dead. */
  async failOver() {
    await this.master.kill();
    await this.replica.cli("replicaof", "no", "one");
    this.address.target = this.replica;
    this.address.cut();
  }

  async stop() {
    this.address.close();
    this.way.close();
    await this.master.stop();
    await this.replica.stop();
  }
}

/** Runs with servers of a pair of its own. */
async function withPair(run) {
  const pair = await new Pair().start();
  const nodes = await startNodes(pair);
  try {
    await run(pair, nodes);
  } finally {
    Ledger.endAll();
    Client.closeAll();
    for (const node of nodes) await node.stop();
    await pair.stop();
  }
}

describe("a replica that takes over", () => {
  afterEach(() => Ledger.endAll());

  it("in step: nothing is missing", (test) =>
    withPair(async (pair, nodes) => {
      const ledger = await Ledger.open(nodes);
      await ledger.goesOn();
      // Nothing is on its way while it happens.
      await ledger.pause();
      await pair.inStep();
      await pair.failOver();
      ledger.goOn();
      await ledger.goesOn();
      await allReady(nodes);
      test.diagnostic(JSON.stringify(await ledger.close()));
    }));

  it("behind: what is lost is said to everybody who is there", (test) =>
    withPair(async (pair, nodes) => {
      const ledger = await Ledger.open(nodes);
      await ledger.goesOn();
      pair.way.stop();
      await ledger.goesOn();
      await pair.failOver();
      await ledger.goesOn();
      await allReady(nodes);
      const sums = await ledger.close({ loses: true });
      test.diagnostic(JSON.stringify(sums));
      assert.ok(sums.lost > 0);
    }));

  it("behind: what is lost is said to whoever was away meanwhile", (test) =>
    withPair(async (pair, nodes) => {
      const ledger = await Ledger.open(nodes);
      const relay = await Relay.to(nodes[0]);
      const away = new Place([{ url: relay.url }], 0);
      const sleepers = [
        new Keeper(away, "websocket", ledger.room, "away v2"),
        new Recovering(away, ledger.room, "away recovering"),
        new Rejoining(away, ledger.room, "away rejoining"),
        new Stream(away, ledger.room),
      ];
      for (const sleeper of sleepers) await eventually("a sleeper to listen", () => sleeper.joins > 0);
      await ledger.goesOn();
      relay.down = true;
      relay.cut();
      // What they have not heard is in part lost, and in part not: more than is read at a time.
      const speaker = await V2.inRoom(nodes[1], ledger.room, "Speaker");
      await Promise.all(Array.from({ length: MANY }, (_, number) => speaker.tell(`one of many: ${number}`)));
      await ledger.pause();
      await pair.inStep();
      pair.way.stop();
      ledger.goOn();
      await ledger.goesOn();
      await pair.failOver();
      await ledger.goesOn();
      relay.down = false;
      for (const [place, sleeper] of sleepers.entries())
        ledger.listeners.set(["away v2", "away recovering", "rejoining away", "away stream"][place], sleeper);
      await ledger.goesOn();
      const sums = await ledger.close({ loses: true, returns: true, rejoins: true });
      test.diagnostic(JSON.stringify(sums));
      relay.close();
    }));
});
