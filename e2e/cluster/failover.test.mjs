// Sentinels and a Redis Cluster replace a master, or move a part of the rooms, under load.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startCluster } from "../harness/cluster.mjs";
import { Ledger } from "../harness/ledger.mjs";
import { allReady, startNodes } from "../harness/place.mjs";
import { startSentinels } from "../harness/sentinels.mjs";

/** Does something to `group` while everybody speaks on servers that use it. */
async function during(group, disturb, { check = () => {}, ...expected } = {}) {
  const nodes = await startNodes(group);
  try {
    const ledger = await Ledger.open(nodes);
    await ledger.goesOn();
    await disturb(ledger);
    await ledger.goesOn();
    await allReady(nodes);
    const sums = await ledger.close(expected);
    check(sums);
    return JSON.stringify(sums);
  } finally {
    Ledger.endAll();
    for (const node of nodes) await node.stop();
    await group.stop();
  }
}

/** The slot of a room: its tag is all of the key that counts. */
async function slotOf(cluster, { room }) {
  const [server] = cluster.servers;
  for (const one of await cluster.masters(server)) {
    const keys = await one.cli("keys", `alert:{*}:${room}:meta`);
    if (keys) return cluster.slot(keys);
  }
  throw new Error(`no master has ${room}`);
}

describe("sentinels", () => {
  it("that put another Redis in the master's place: nothing that was acknowledged is missing", async (test) => {
    const sentinels = await startSentinels();
    const done = await during(sentinels, async (ledger) => {
      await sentinels.failover();
      await ledger.goesOn();
    });
    test.diagnostic(done);
  });

  it("that replace a master that was killed: what is lost is said", async (test) => {
    const sentinels = await startSentinels();
    const done = await during(
      sentinels,
      async (ledger) => {
        const { old } = await sentinels.failover({ kill: true });
        await ledger.goesOn();
        // What comes back has to follow, whatever it has.
        await old.start();
      },
      { loses: true },
    );
    test.diagnostic(done);
  });
});

describe("a cluster of three masters", () => {
  it("of which one is killed, and its replica takes over: what is lost is said", async (test) => {
    const cluster = await startCluster({ replicas: 1 });
    const done = await during(
      cluster,
      async (ledger) => {
        await cluster.failover(await slotOf(cluster, ledger), { kill: true });
        await ledger.goesOn();
      },
      { loses: true },
    );
    test.diagnostic(done);
  });

  it("moves the slot of a room, with its keys: nothing is missed", async (test) => {
    const cluster = await startCluster();
    const done = await during(
      cluster,
      async (ledger) => {
        const slot = await slotOf(cluster, ledger);
        const from = await cluster.owner(slot);
        const to = (await cluster.masters()).find((server) => server !== from);
        await cluster.moveSlot(slot, to);
        await ledger.goesOn();
        await cluster.moveSlot(slot, from);
      },
      { check: ({ lost }) => assert.equal(lost, 0) },
    );
    test.diagnostic(done);
  });
});
