// A v1 client that knows nothing of recovery is lost on one server and comes back to another: it is told what it missed.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, entered, fresh, said } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const nodes = [];
const start = (...flags) =>
  new Server(["--history-messages", "20", ...flags], { redis, sessionKey: null }).start();
before(async () => {
  await redis.start();
  for (let count = 0; count < 2; count++) nodes.push(await start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

/** Ada, who is about to be lost on `node`, and Bob, who speaks on another; she has heard "before". */
async function together(node) {
  const room = fresh("room");
  const ada = await Client.inRoom(node, room, "Ada");
  ada.socket.io.reconnection(false);
  const bob = await V2.inRoom(nodes[0], room, "Bob");
  await bob.tell("before");
  await ada.waitFor("message", "Bob: before");
  return { room, ada, bob };
}

/** Ada comes back to `node`, and hears what is live: all that came to her. */
async function back(node, room, bob) {
  const ada = await Client.inRoom(node, room, "Ada");
  await bob.tell("live");
  await ada.waitFor("message", "Bob: live");
  assert.deepEqual(ada.heard[0], entered("Ada"), "first that she has entered");
  return ada.heard.slice(1).map(([event, msg]) => [event, msg.replace(/\(\d+ s\)/, "(N s)")]);
}

const away = (what) => ["status", `While you were away (N s): ${what}.`];

describe("whoever is lost on one server and comes back to another", () => {
  it("is given what was said meanwhile, and then what is live", async () => {
    const { room, ada, bob } = await together(nodes[1]);
    ada.cut();
    await nodes[1].logged(new RegExp(`lost .*${room}|${room}.* lost`));
    for (const msg of ["one", "two"]) await bob.tell(msg);
    const heard = await back(nodes[0], room, bob);
    // The server may have been behind a proxy: what it cannot know to have arrived comes again.
    assert.deepEqual(heard.slice(-3), [said("Bob", "one"), said("Bob", "two"), said("Bob", "live")]);
    assert.match(heard[0][1], /^While you were away \(N s\): [23] messages\.$/);
    assert.equal((await back(nodes[1], room, bob)).length, 1, "nobody is given it twice");
  });

  it("and left before is given nothing", async () => {
    const { room, ada, bob } = await together(nodes[1]);
    assert.deepEqual(await ada.ask("left", {}), { ok: true });
    await bob.tell("one");
    assert.deepEqual(await back(nodes[0], room, bob), [said("Bob", "live")]);
  });

  it("is told that something is missing where it is not kept any more", async () => {
    const { room, ada, bob } = await together(nodes[1]);
    ada.cut();
    await nodes[1].logged(new RegExp(`lost .*${room}|${room}.* lost`));
    for (let number = 0; number < 30; number++) await bob.tell(`${number}`);
    const heard = await back(nodes[0], room, bob);
    assert.deepEqual(heard[0], away("20 messages, and some before that are no longer kept"));
    assert.deepEqual(heard[1], said("Bob", "10"));
  });

  it("may find the old connection half open: it is asked, and is silent", async () => {
    const relay = await Relay.to(nodes[1]);
    const { room, bob } = await together({ url: relay.url });
    relay.lose();
    for (const msg of ["one", "two"]) await bob.tell(msg);
    const heard = await back(nodes[0], room, bob);
    assert.deepEqual(heard.slice(-3), [said("Bob", "one"), said("Bob", "two"), said("Bob", "live")]);
    assert.equal(heard[0][0], "status");
    relay.close();
  });

  it("and has another connection that is alive, is given nothing", async () => {
    const { room, ada, bob } = await together(nodes[1]);
    await bob.tell("one");
    assert.deepEqual(await back(nodes[0], room, bob), [said("Bob", "live")]);
    assert.deepEqual(ada.drops, []);
  });

  for (const end of ["stop", "kill"])
    it(`is given what was said after the server's ${end}`, async () => {
      const node = await start();
      const { room, bob } = await together(node);
      await node[end]();
      for (const msg of ["one", "two"]) await bob.tell(msg);
      const heard = await back(nodes[1], room, bob);
      assert.deepEqual(heard, [
        away("3 messages"),
        said("Bob", "before"), // in doubt
        said("Bob", "one"),
        said("Bob", "two"),
        said("Bob", "live"),
      ]);
    });

  it("is given what was said by those who were killed too, and not twice, on whichever server", async () => {
    const node = await start();
    const { room, bob } = await together(node);
    await node.kill();
    await bob.tell("one");
    // The others have noticed by then.
    await nodes[0].logged(/a node has ended without a word/);
    await sleep(100);
    const heard = await back(nodes[1], room, bob);
    assert.deepEqual(heard.slice(-2), [said("Bob", "one"), said("Bob", "live")]);
    assert.equal(heard[0][0], "status");
    assert.deepEqual(await back(nodes[0], room, bob), [said("Bob", "live")]);
  });

  it("is given it although Redis was started again meanwhile", async () => {
    const { room, ada, bob } = await together(nodes[1]);
    await redis.kill();
    ada.cut();
    await nodes[1].logged(new RegExp(`lost .*${room}|${room}.* lost`));
    await redis.start();
    for (const msg of ["one", "two"]) await bob.tell(msg);
    const heard = await back(nodes[0], room, bob);
    assert.deepEqual(heard.slice(-3), [said("Bob", "one"), said("Bob", "two"), said("Bob", "live")]);
    assert.equal(heard[0][0], "status");
  });
});
