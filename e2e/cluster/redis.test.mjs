// Redis fails under load: what was acknowledged is there, once, in one order; what cannot be said is said to fail.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, fresh } from "../harness/client.mjs";
import { Ledger } from "../harness/ledger.mjs";
import { allReady, readiness, startNodes } from "../harness/place.mjs";
import { Redis } from "../harness/redis.mjs";
import { V2 } from "../harness/v2.mjs";

/** Redis is back: so long may it take, in ms, until every server is in step. */
const IN_STEP = 2000;
const IS_PROOF = process.env.ALERT_PROOF !== undefined;

/** Servers with a Redis of their own; `policy` is when it writes to the disk for good. */
function serversWith(policy) {
  const redis = new Redis({ flags: ["--appendfsync", policy] });
  const nodes = [];
  before(async () => {
    await redis.start();
    nodes.push(...(await startNodes(redis)));
  });
  after(async () => {
    for (const node of nodes) await node.stop();
    await redis.stop();
  });
  afterEach(() => {
    Ledger.endAll();
    Client.closeAll();
  });
  return { redis, nodes };
}

/** Does something to Redis while everybody speaks. */
async function keepsItsWord(test, nodes, disturb, expected = {}) {
  const ledger = await Ledger.open(nodes);
  await ledger.goesOn();
  await disturb(ledger);
  const time = await ledger.inStep(IN_STEP);
  await allReady(nodes);
  await ledger.goesOn();
  const sums = await ledger.close(expected);
  test.diagnostic(`${JSON.stringify(sums)}, in step after ${time} ms`);
  return sums;
}

// With `always` nothing that was acknowledged can be missing. With `everysec` it can, although only the process is killed:
// while the disk is busy, Redis answers before it has written. Then that has to be said.
for (const policy of ["everysec", "always"]) {
  describe(`Redis that writes ${policy}`, () => {
    const { redis, nodes } = serversWith(policy);

    for (const seconds of IS_PROOF ? [1, 5, 15] : [1])
      it(`is killed for ${seconds} s: everybody stays, and what is lost, if anything, is said`, async (test) => {
        await keepsItsWord(
          test,
          nodes,
          async () => {
            await redis.kill();
            await sleep(seconds * 1000);
            await redis.start();
          },
          { loses: policy === "everysec" },
        );
      });
  });
}

describe("Redis", () => {
  const { redis, nodes } = serversWith("everysec");

  it("stops for 5 s: everything goes on behind it", async (test) => {
    await keepsItsWord(test, nodes, async () => {
      redis.signal("SIGSTOP");
      await sleep(5000);
      redis.signal("SIGCONT");
    });
  });

  for (const type of ["pubsub", "normal"])
    it(`drops the connections that are ${type}: nothing is missed`, async (test) => {
      await keepsItsWord(test, nodes, async (ledger) => {
        for (let times = 0; times < 3; times++) {
          await redis.cli("client", "kill", "type", type);
          await ledger.goesOn(3);
        }
      });
    });

  it("is away for longer than it may: whoever speaks is told, members stay, and /readyz says so", async () => {
    const room = fresh("room");
    const [ada, bob] = [
      await Client.inRoom(nodes[0], room, "Ada"),
      await Client.inRoom(nodes[1], room, "Bob"),
    ];
    const speaker = await V2.inRoom(nodes[2], room, "Speaker");
    await redis.kill();
    const key = randomUUID();
    const sent = await speaker.tell("with a key", { key });
    assert.equal(sent.error.code, "unavailable");
    ada.say("too late");
    const told = await ada.waitFor("status", (msg) => msg.includes("try again"));
    assert.match(told[1], /cannot reach the store of its rooms/);
    for (const node of nodes) {
      assert.equal(await readiness(node), 503);
      assert.equal((await fetch(`${node.url}/livez`)).status, 200);
    }
    assert.deepEqual([ada.drops, bob.drops], [[], []]);
    await redis.start();
    await allReady(nodes);
    const [first, second] = [
      await speaker.tell("with a key", { key }),
      await speaker.tell("with a key", { key }),
    ];
    assert.equal(first.ok && first.position, second.position, "saying it again is safe");
    ada.say("back");
    await bob.waitFor("message", "Ada: back");
    assert.equal(
      bob.heard.some(([, msg]) => msg.includes("left")),
      false,
    );
  });
});
