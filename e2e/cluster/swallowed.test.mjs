// An event of Redis is lost on its way to one server, whose connections all stay: it notices without another event.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, it } from "node:test";
import { Client, fresh, left } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

/** A way to Redis on which events can be lost. */
class Way {
  /** What it loses: events that contain this. */
  loses = undefined;
  lost = 0;

  static async to(redis) {
    const way = new Way();
    way.socket = join(redis.folder, "way");
    way.url = `unix://${way.socket}`;
    way.server = createServer((near) => way.#carry(near, connect(redis.socket)));
    way.server.listen(way.socket);
    await once(way.server, "listening");
    return way;
  }

  #carry(near, far) {
    near.pipe(far);
    far.on("data", (chunk) => {
      // Each event comes in a chunk of its own, as the tests speak slowly.
      if (this.loses && chunk.includes(this.loses) && /^>3\r\n\$\d\r\ns?message/.test(chunk)) this.lost += 1;
      else near.write(chunk);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  }
}

const redis = new Redis();
let way;
const nodes = [];
before(async () => {
  await redis.start();
  way = await Way.to(redis);
  for (const { url } of [redis, way])
    nodes.push(await new Server([], { redis: { url }, sessionKey: null, prefix: "alert" }).start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  way.server.close();
  await redis.stop();
});
afterEach(() => Client.closeAll());

/** In step within two seconds, as it was promised, and what a busy machine needs. */
const SOON = 3000;

for (const what of ["message", "status"])
  it(`a ${what} that did not come is there within two seconds`, async () => {
    const room = fresh("room");
    const ada = await Client.inRoom(nodes[1], room, "Ada");
    const [bob, cy] = [await V2.inRoom(nodes[0], room, "Bob"), await V2.inRoom(nodes[0], room, "Cy")];
    await bob.tell("before");
    await ada.waitFor("message", "Bob: before");
    const from = nodes[1].log.length;
    way.lost = 0;
    way.loses = what === "message" ? "lost" : "left";
    if (what === "message") await bob.tell("lost");
    else await cy.ask("leave", { room });
    await eventually("the loss", () => way.lost === 1);
    way.loses = undefined;
    if (what === "message") await ada.waitFor("message", "Bob: lost", SOON);
    else await ada.waitFor("status", left("Cy")[1], SOON);
    assert.equal(way.lost, 1, "it was lost");
    const log = nodes[1].log.slice(from);
    assert.match(log, /an event did not come/);
    assert.doesNotMatch(log, /the connection to Redis is lost|the events of Redis do not come/);
    await bob.tell("after");
    await ada.waitFor("message", "Bob: after");
    const heard = ada.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
    assert.equal(new Set(heard).size, heard.length, "each once");
  });
