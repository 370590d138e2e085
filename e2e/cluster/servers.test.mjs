// A server fails under load, or its clock does: its people come back to another one, and nobody misses anything.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, entered, fresh, left } from "../harness/client.mjs";
import { ahead } from "../harness/clock.mjs";
import { login } from "../harness/http.mjs";
import { Ledger } from "../harness/ledger.mjs";
import { startNodes } from "../harness/place.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
before(() => redis.start());
after(() => redis.stop());
afterEach(() => {
  Ledger.endAll();
  Client.closeAll();
});

/** A server whose clock is this many hours ahead; what measures time is as it was. */
const clock = (hours) => ahead(hours * 3600);

describe("a server under load", () => {
  it("that is killed has its people go on elsewhere, and nobody misses anything", async (test) => {
    const nodes = await startNodes(redis);
    const ledger = await Ledger.open(nodes);
    await ledger.goesOn();
    await nodes[1].kill();
    await ledger.goesOn(20);
    test.diagnostic(JSON.stringify(await ledger.close({ returns: true, rejoins: true })));
    for (const node of nodes) await node.stop();
  });

  it("whose clock is an hour ahead, beside one whose clock is behind, is like any other", async (test) => {
    const nodes = await startNodes(redis, { each: (place) => (place ? clock([1, -1][place - 1]) : {}) });
    const ledger = await Ledger.open(nodes);
    await ledger.goesOn(20);
    test.diagnostic(JSON.stringify(await ledger.close()));
    for (const node of nodes) await node.stop();
  });
});

describe("clocks that are an hour apart", () => {
  const nodes = [];
  before(async () => {
    nodes.push(...(await startNodes(redis, { each: (place) => (place ? clock([1, -1][place - 1]) : {}) })));
  });
  after(async () => {
    for (const node of nodes) await node.stop();
  });

  it("are seen by nobody who asks for the last minutes", async () => {
    const room = fresh("room");
    const ada = await V2.inRoom(nodes[0], room, "Ada");
    const { position } = await ada.tell("now");
    for (const node of nodes) {
      const bob = await V2.connect(node);
      const { history, gap } = await bob.join(room, "Bob", { since: "10m" });
      assert.deepEqual([history.map((message) => message.position), gap], [[position], null]);
      const url = `${node.url}/v1/rooms/${room}/messages?since=10m`;
      const { messages } = await (await fetch(url)).json();
      assert.deepEqual(
        messages.map((message) => message.position),
        [position],
      );
    }
  });

  it("do not matter to a login", async () => {
    const room = fresh("room");
    for (const from of nodes) {
      const cookie = await login(from, "Ada", room);
      for (const to of nodes) {
        const client = await Client.connect(to, "websocket", { extraHeaders: { cookie } });
        assert.equal((await client.ask("joined", { room })).ok, true);
      }
    }
  });

  it("do not matter to somebody who recovers, or comes back", async () => {
    for (const recovery of [true, false])
      for (const from of [0, 1, 2]) {
        const room = fresh("room");
        const there = { home: from, url: nodes[from].url };
        const ada = await Client.connect(there, "websocket", { auth: { recovery } });
        ada.socket.on(
          "connect",
          () => ada.socket.recovered || ada.socket.emit("joined", { headless: true, name: "Ada", room }),
        );
        await ada.join(room, "Ada");
        const bob = await V2.inRoom(nodes[0], room, "Bob");
        await bob.tell("before");
        await ada.waitFor("message", "Bob: before");
        const to = nodes[(from + 1) % 3];
        ada.socket.io.uri = to.url;
        ada.socket.io.reconnectionDelay(1000);
        ada.socket.io.engine.transport.ws.terminate();
        await bob.tell("meanwhile");
        await ada.waitFor("message", "Bob: meanwhile");
        await bob.tell("after");
        await ada.waitFor("message", "Bob: after");
        assert.equal(ada.socket.recovered ?? false, recovery);
      }
  });

  it("have nobody leave early, or late", async () => {
    for (const from of nodes) {
      const room = fresh("room");
      const bob = await Client.inRoom(nodes[0], room, "Bob");
      const ada = await Client.inRoom(from, room, "Ada");
      ada.cut();
      await bob.waitFor("status", "Ada has left the room.");
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
    }
  });
});

describe("a server that ends", () => {
  const nodes = [];
  before(async () => {
    nodes.push(...(await startNodes(redis, { count: 2 })));
  });
  after(async () => {
    for (const node of nodes) await node.stop();
  });

  /** A server that is about to end, with people who do not connect again by themselves, and somebody who watches. */
  async function departing() {
    const room = fresh("room");
    const node = await new Server([], { redis, sessionKey: null }).start();
    const watchers = [await Client.inRoom(nodes[0], room, "Bob"), await Client.inRoom(nodes[1], room, "Eve")];
    for (const name of ["Ada", "Cy"]) {
      const client = await Client.inRoom(node, room, name);
      client.socket.io.reconnection(false);
    }
    return { room, node, watchers };
  }

  /** Waits until Cy has gone, and for what would say it a second time. */
  async function cyGoesOnce({ room, watchers }) {
    await Client.inRoom(nodes[1], room, "Ada");
    const [bob, eve] = watchers;
    await bob.waitFor("status", "Cy has left the room.");
    const seen = [entered("Eve"), entered("Ada"), entered("Cy"), left("Cy")];
    assert.deepEqual(await eve.seen(), seen);
    assert.deepEqual(await bob.seen(), [entered("Bob"), ...seen]);
    return bob;
  }

  it("by being stopped has its people come back to others unnoticed, or leave after the grace", async () => {
    const all = await departing();
    await all.node.stop();
    await cyGoesOnce(all);
  });

  it("by being killed gives its people up within 15 s, each once", async () => {
    const all = await departing();
    await all.node.kill();
    const bob = await cyGoesOnce(all);
    // Whatever another server would say of it, it says when it renews its own lease.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    assert.deepEqual(await bob.seen(), []);
  });
});
