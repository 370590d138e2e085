// Three servers whose Redis is a group: a cluster, or a master that sentinels watch. A slot is moved, a master is replaced
// and dies, and what was acknowledged is there, once, in one order.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, fresh } from "../harness/client.mjs";
import { startCluster } from "../harness/cluster.mjs";
import { hasKept, Keeper } from "../harness/keeper.mjs";
import { startSentinels } from "../harness/sentinels.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const started = [];
after(async () => {
  for (const one of started.reverse()) await one.stop();
});
afterEach(() => Client.closeAll());

async function nodesOn(redis) {
  started.push(redis);
  const nodes = [];
  for (let count = 0; count < 3; count++) {
    nodes.push(await new Server([], { redis, sessionKey: null }).start());
    started.push(nodes.at(-1));
  }
  return nodes;
}

/** Numbers are said on every server while `during` goes on, each again until it is acknowledged; everybody has them all. */
async function keepsAll(nodes, rooms, during) {
  const keepers = [];
  for (const room of rooms)
    for (const [place, node] of nodes.entries()) {
      const keeper = new Keeper(node, "websocket", room, `Keeper ${place}`);
      await eventually("the keeper to join", () => keeper.joins > 0);
      keepers.push({ keeper, room });
    }
  let goes = true;
  const said = rooms.map(() => new Map());
  const speak = async (node, room, acked, place) => {
    const speaker = await V2.inRoom(node, room, `Speaker ${place}`);
    for (let number = 0; goes; number++) {
      const key = `${place}-${number}`;
      for (let sent; !sent?.ok; ) {
        sent = await speaker.tell(`${place}.${number}`, { key });
        if (sent.ok) acked.set(sent.position, `${place}.${number}`);
        else assert.equal(sent.error.code, "unavailable");
      }
      await sleep(5);
    }
  };
  const speakers = rooms.flatMap((room, place) =>
    nodes.map((node, number) => speak(node, room, said[place], number)),
  );
  await sleep(200);
  await during();
  await sleep(500);
  goes = false;
  await Promise.all(speakers);
  for (const [place, room] of rooms.entries()) {
    const last = await (await V2.inRoom(nodes[0], room, "Last")).tell("the last");
    for (const { keeper } of keepers.filter((kept) => kept.room === room)) {
      await hasKept(keeper, last.position);
      const texts = keeper.messages.slice(0, -1).map(({ msg }) => msg);
      assert.equal(new Set(texts).size, texts.length, "none twice");
      assert.deepEqual([...texts].sort(), [...said[place].values()].sort(), "all of them");
      assert.deepEqual(
        texts,
        keepers
          .find((kept) => kept.room === room)
          .keeper.messages.slice(0, -1)
          .map(({ msg }) => msg),
      );
      assert.deepEqual(keeper.gaps, []);
    }
  }
}

const ready = async (node) => (await fetch(`${node.url}/readyz`)).status === 200;

describe("a cluster", () => {
  it("loses nothing when a slot is moved and a master is replaced under load", async () => {
    const cluster = await startCluster({ replicas: 1 });
    const nodes = await nodesOn(cluster);
    const rooms = [fresh("room"), fresh("room"), fresh("room")];
    const slotOf = async (room) => {
      for (const master of await cluster.masters())
        for (const key of (await master.cli("keys", "*:meta")).split("\n"))
          if (key.endsWith(`:${room}:meta`)) return await cluster.slot(key);
    };
    await keepsAll(nodes, rooms, async () => {
      const slot = await slotOf(rooms[0]);
      const owner = await cluster.owner(slot);
      await cluster.moveSlot(
        slot,
        (await cluster.masters()).find((master) => master !== owner),
        () => sleep(300),
      );
      await cluster.failover(await slotOf(rooms[1]));
    });
    for (const node of nodes) await eventually("the servers to be ready", () => ready(node));
  });

  it("goes on with the replica of a master that dies", async () => {
    const [cluster, ...nodes] = started;
    const slot = 100;
    await cluster.isWhole();
    const { old } = await cluster.failover(slot, { kill: true });
    for (const node of nodes) await eventually("the servers to be ready", () => ready(node));
    for (const node of nodes) {
      const speaker = await V2.inRoom(node, fresh("room"), "Ada");
      assert.equal((await speaker.tell("still here")).ok, true);
    }
    await old.start();
  });
});

describe("sentinels", () => {
  it("lead the servers to the next master, by order and when one dies", async () => {
    const group = await startSentinels();
    const nodes = await nodesOn(group);
    const room = fresh("room");
    const ada = await V2.inRoom(nodes[0], room, "Ada");
    const bob = new Keeper(nodes[1], "websocket", room, "Bob");
    await eventually("Bob to join", () => bob.joins > 0);
    const says = async (text) => {
      let sent;
      await eventually(`${text} to be said`, async () => {
        sent = await ada.tell(text, { key: text });
        return sent.ok;
      });
      await hasKept(bob, sent.position);
    };
    await says("one");
    await group.failover();
    await says("two");
    await group.isWhole();
    const { master } = await group.failover({ kill: true });
    await says("three");
    assert.equal(await master.info("role"), "master");
    assert.deepEqual(
      bob.messages.map(({ msg }) => msg),
      ["one", "two", "three"],
    );
  });
});
