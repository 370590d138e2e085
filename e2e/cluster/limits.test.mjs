// Limits that are about a room hold for all servers together.

import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const nodes = [];
before(async () => {
  await redis.start();
  for (let count = 0; count < 3; count++)
    nodes.push(await new Server(["--max-people", "3"], { redis, sessionKey: null }).start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

it("a room has as many people as it may, whichever servers they are on", async () => {
  const room = fresh("room");
  for (const [place, name] of ["Ada", "Bob", "Cy"].entries())
    await Client.inRoom(nodes[place % 2], room, name);
  for (const node of nodes) {
    const late = await Client.connect(node);
    const v1 = await late.join(room, "Dee");
    assert.deepEqual([v1.ok, v1.error.code], [false, "room_full"], "also where nobody hears the room");
    const v2 = await V2.connect(node);
    assert.equal((await v2.join(room, "Dee")).error.code, "room_full");
    const ada = await Client.connect(node);
    assert.equal((await ada.join(room, "Ada")).ok, true, "whoever is there already is no other person");
  }
});

it("and no more if they come all at once", async () => {
  const room = fresh("room");
  const clients = [];
  for (let count = 0; count < 30; count++) clients.push(await Client.connect(nodes[count % 3]));
  const answers = await Promise.all(clients.map((client, place) => client.join(room, `Person ${place}`)));
  assert.equal(answers.filter(({ ok }) => ok).length, 3);
  const { members } = await fetch(`${nodes[0].url}/v1/rooms/${room}`).then((answer) => answer.json());
  assert.equal(members.length, 3);
});
