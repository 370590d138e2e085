// Members on one server read slowly, or Redis does not keep up: whoever speaks is slowed, on every server, and nothing is
// lost, refused or cut off.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, afterEach, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { NO_RATES, Server } from "../harness/server.mjs";

const redis = new Redis();
const nodes = [];
before(async () => {
  await redis.start();
  const flags = [...NO_RATES, "--redis-timeout", "20s", "--join-rate", "0", "--room-tries", "0"];
  for (let count = 0; count < 2; count++)
    nodes.push(await new Server(flags, { redis, sessionKey: null }).start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

/** A network that carries this many bytes a second from a server. */
async function slowNetwork(target, rate) {
  const server = createServer((near) => {
    const far = connect(target.port, "127.0.0.1");
    near.pipe(far);
    far.on("data", (chunk) => {
      near.write(chunk);
      far.pause();
      setTimeout(() => far.resume(), (1000 * chunk.length) / rate);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

it("a member on another server who reads slowly is not cut off, and misses nothing", async () => {
  const room = fresh("room");
  const [count, big] = [1_500, "x".repeat(16_000)];
  const network = await slowNetwork(nodes[1], 2 << 20);
  const slow = await Client.inRoom(network, room, "Slow");
  const ada = await Client.inRoom(nodes[0], room, "Ada");
  for (let number = 0; number < count; number++) ada.say(big);
  const messages = () => slow.heard.filter(([event]) => event === "message").length;
  await slow.until("everything to have come", () => messages() >= count, 80_000);
  assert.deepEqual(slow.drops, []);
  assert.doesNotMatch(nodes[1].log, /slow consumer/);
  network.close();
});

it("a Redis that stands still for a while: those who speak wait, and nobody is refused", async () => {
  const [rooms, each] = [50, 800]; // twice what may wait for Redis
  const speakers = [];
  for (let number = 0; number < rooms; number++)
    speakers.push(await Client.inRoom(nodes[number % 2], fresh("room"), `Speaker ${number}`));
  redis.signal("SIGSTOP");
  for (const speaker of speakers) for (let number = 0; number < each; number++) speaker.say(`${number}`);
  await Promise.race(nodes.map((node) => node.logged(/Redis does not keep up/)));
  await sleep(1000);
  redis.signal("SIGCONT");
  for (const speaker of speakers) {
    await speaker.waitFor("message", `${speaker.name}: ${each - 1}`, 60_000);
    const heard = speaker.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
    assert.equal(heard.length, each, "each once, and nothing was refused");
    assert.equal(
      speaker.heard.some(([event, msg]) => event === "status" && msg.includes("Error")),
      false,
    );
  }
});
