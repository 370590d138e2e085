// Servers and their Redis fail: what was acknowledged is there, once, in one order; what cannot be said is said to fail.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, entered, fresh, left } from "../harness/client.mjs";
import { hasKept, Keeper } from "../harness/keeper.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const nodes = [];
before(async () => {
  await redis.start();
  for (let count = 0; count < 3; count++) nodes.push(await start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

const start = () => new Server(["--redis-timeout", "2s"], { redis, sessionKey: null }).start();
const ready = async (node) => (await fetch(`${node.url}/readyz`)).status;

/** Says numbers on every server until it is stopped, and says each again until it is acknowledged: the ledger. */
class Speakers {
  /** What was acknowledged, by its position. */
  acked = new Map();
  failed = 0;
  #goes = true;

  static async in(room) {
    const speakers = new Speakers();
    speakers.done = [];
    for (const [place, node] of nodes.entries()) {
      const speaker = await V2.inRoom(node, room, `Speaker ${place}`);
      speakers.done.push(speakers.#speak(speaker, place));
    }
    return speakers;
  }

  async #speak(speaker, place) {
    for (let number = 0; this.#goes; number++) {
      const key = randomUUID();
      for (let sent; !sent?.ok; ) {
        sent = await speaker.tell(`${place}.${number}`, { key });
        if (sent.ok) this.acked.set(sent.position, `${place}.${number}`);
        else {
          assert.equal(sent.error.code, "unavailable");
          this.failed += 1;
          await sleep(50);
        }
      }
      await sleep(5);
    }
  }

  async stop() {
    this.#goes = false;
    await Promise.all(this.done);
  }
}

/** Does something while the servers speak, and checks what everybody has heard. */
async function undisturbed(disturb) {
  const room = fresh("room");
  const keepers = nodes.map((node, place) => new Keeper(node, "websocket", room, `Keeper ${place}`));
  for (const keeper of keepers) await eventually("everybody to have joined", () => keeper.joins > 0);
  const speakers = await Speakers.in(room);
  await sleep(300);
  await disturb();
  await sleep(500);
  await speakers.stop();
  const fence = await V2.inRoom(nodes[0], room, "Fence");
  const { position: last } = await fence.tell("the end");
  for (const keeper of keepers) await hasKept(keeper, last);
  const [first, ...others] = keepers.map((keeper) =>
    keeper.messages.map(({ position, msg }) => `${position} ${msg}`),
  );
  for (const other of others) assert.deepEqual(other, first, "the same everywhere");
  const texts = keepers[0].messages.map(({ msg }) => msg);
  assert.equal(new Set(texts).size, texts.length, "each once");
  const heard = new Set(first);
  for (const [position, msg] of speakers.acked)
    assert.ok(heard.has(`${position} ${msg}`), `${msg} was acknowledged`);
  for (const keeper of keepers) assert.deepEqual(keeper.gaps, []);
  return speakers;
}

describe("Redis", () => {
  it("is killed and comes back: nothing that was acknowledged is missing, nothing comes twice", async () => {
    for (const time of [200, 1000]) {
      await undisturbed(async () => {
        await redis.kill();
        await sleep(time);
        await redis.start();
      });
    }
  });

  it("is away for longer than it may: whoever speaks is told, members stay, and /readyz says so", async () => {
    const room = fresh("room");
    const [ada, bob] = [
      await Client.inRoom(nodes[0], room, "Ada"),
      await Client.inRoom(nodes[1], room, "Bob"),
    ];
    const speaker = await V2.inRoom(nodes[2], room, "Speaker");
    await redis.kill();
    const sent = await speaker.tell("too late");
    assert.equal(sent.error.code, "unavailable");
    ada.say("too late");
    const told = await ada.waitFor("status", (msg) => msg.includes("try again"));
    assert.match(told[1], /cannot reach the store of its rooms/);
    for (const node of nodes) {
      assert.equal(await ready(node), 503);
      assert.equal((await fetch(`${node.url}/livez`)).status, 200);
    }
    assert.deepEqual([ada.drops, bob.drops], [[], []]);
    await redis.start();
    for (const node of nodes)
      await eventually("the server to be ready", async () => (await ready(node)) === 200);
    ada.heard.length = 0;
    ada.say("back");
    await bob.waitFor("message", "Ada: back");
    assert.equal(
      bob.heard.some(([, msg]) => msg.includes("left")),
      false,
    );
  });

  it("stops for a while: everything goes on behind it", async () => {
    await undisturbed(async () => {
      redis.signal("SIGSTOP");
      await sleep(3000);
      redis.signal("SIGCONT");
      await sleep(1000);
    });
  });

  it("drops the connections: nothing is missed", async () => {
    await undisturbed(async () => {
      for (const type of ["pubsub", "normal", "pubsub"]) {
        await redis.cli("client", "kill", "type", type);
        await sleep(200);
      }
    });
  });
});

describe("a server", () => {
  /** A server that is about to end, with people who do not connect again by themselves, and somebody who watches. */
  async function departing() {
    const room = fresh("room");
    const node = await start();
    const bob = await Client.inRoom(nodes[0], room, "Bob");
    for (const name of ["Ada", "Cy"]) {
      const client = await Client.inRoom(node, room, name);
      client.socket.io.reconnection(false);
    }
    return { room, node, bob };
  }

  it("that stops has its people come back to others unnoticed, or leave after the grace", async () => {
    const { room, node, bob } = await departing();
    await node.stop();
    await Client.inRoom(nodes[1], room, "Ada");
    await bob.waitFor("status", "Cy has left the room.");
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), entered("Cy"), left("Cy")]);
  });

  it("that is killed gives its people up within 15 s, each once", async () => {
    const { room, node, bob } = await departing();
    await node.kill();
    await Client.inRoom(nodes[1], room, "Ada");
    await bob.waitFor("status", "Cy has left the room.", 15_000);
    await sleep(3500); // another server would say it again by now
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), entered("Cy"), left("Cy")]);
  });
});
