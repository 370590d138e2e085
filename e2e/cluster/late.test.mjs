// What a server has sent over a connection to Redis that it has given up may arrive after what it sent over the next one.

import assert from "node:assert/strict";
import { it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { allReady } from "../harness/place.mjs";
import { freePort } from "../harness/port.mjs";
import { Redis } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";

it("a departure that comes to Redis late does not remove somebody who has come back", async () => {
  const port = await freePort();
  const redis = await new Redis({ port }).start();
  const relay = await Relay.to(redis);
  const far = { url: relay.url.replace("http", "redis") };
  const node = await new Server(["--redis-timeout", "1s"], { redis: far, sessionKey: null }).start();
  const other = await new Server([], { redis, sessionKey: null }).start();
  try {
    const room = fresh("room");
    const bob = await Client.inRoom(other, room, "Bob");
    const ada = await Client.inRoom(node, room, "Ada");
    const release = relay.hold();
    await ada.ask("left", {});
    await node.logged(/connection to Redis is lost/);
    await allReady([node]);
    await bob.waitFor("status", "Ada has left the room.");
    const joined = await ada.join(room, "Ada");
    assert.deepEqual(joined.members, ["Bob", "Ada"]);
    release();
    // Redis has carried out what came late when it has closed those connections.
    await eventually("the old connections to end", async () => {
      const clients = await redis.cli("client", "list");
      return (
        clients.split("\n").filter((line) => /laddr=127.0.0.1:\d+ /.test(line) && !/cmd=client/.test(line))
          .length <= 4
      );
    });
    ada.say("still here");
    await bob.waitFor("message", "Ada: still here");
    const there = await (await fetch(`${other.url}/v1/rooms/${room}`)).json();
    assert.deepEqual(there.members, ["Bob", "Ada"]);
  } finally {
    Client.closeAll();
    await node.stop();
    await other.stop();
    relay.close();
    await redis.stop();
  }
});
