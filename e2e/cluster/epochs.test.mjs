// A Redis that goes on is one start of it, whatever its replicas do.

import assert from "node:assert/strict";
import { it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { freePort } from "../harness/port.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

it("a master whose last replica is gone for long stays in its epoch, for servers that connect later too", async () => {
  const redis = await new Redis({ port: await freePort(), flags: ["--repl-backlog-ttl", "1"] }).start();
  const follows = ["--replicaof", `127.0.0.1 ${redis.port}`, "--repl-diskless-sync-delay", "0"];
  const replica = await new Redis({ port: await freePort(), flags: follows }).start();
  await eventually("the replica to follow", async () => (await replica.info("master_link_status")) === "up");
  const nodes = [await new Server([], { redis, sessionKey: null }).start()];
  try {
    const before = await redis.info("master_replid");
    await replica.stop();
    await eventually("the name to change", async () => (await redis.info("master_replid")) !== before);
    nodes.push(await new Server([], { redis, sessionKey: null }).start());
    const room = fresh("room");
    const speakers = [await V2.inRoom(nodes[0], room, "Ada"), await V2.inRoom(nodes[1], room, "Bob")];
    const epochs = new Set();
    for (let number = 0; number < 5; number++)
      for (const speaker of speakers) epochs.add((await speaker.tell(`${number}`)).position.split("-")[0]);
    assert.equal(epochs.size, 1);
  } finally {
    Client.closeAll();
    for (const node of nodes) await node.stop();
    await redis.stop();
  }
});
