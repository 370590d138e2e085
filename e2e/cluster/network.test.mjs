// The network between one server and Redis is cut, and neither side is told.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Ledger } from "../harness/ledger.mjs";
import { Network } from "../harness/netns.mjs";
import { allReady, startNodes } from "../harness/place.mjs";
import { freePort } from "../harness/port.mjs";
import { Redis } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { V2 } from "../harness/v2.mjs";

/** The network is back: so long may it take, in ms, until every server is in step. */
const IN_STEP = 2000;
/** Long enough for the others to give the server's people up. */
const LONG = 20_000;
const IS_PROOF = process.env.ALERT_PROOF !== undefined;

/** A relay that stops, where namespaces are not permitted: what was sent arrives when it goes on. */
class Stopping {
  static async make(port) {
    const stopping = new Stopping();
    stopping.relay = await Relay.to({ port });
    return stopping;
  }

  options() {
    return { redis: { url: this.relay.url.replace("http", "redis") } };
  }

  cut() {
    this.relay.stop();
  }

  mend() {
    this.relay.goOn();
  }

  remove() {
    this.relay.close();
  }
}

for (const kind of IS_PROOF ? ["namespaces", "a relay"] : ["namespaces"])
  describe(`a server that is cut off from Redis, by ${kind}`, () => {
    let [redis, network, nodes] = [];
    before(async () => {
      const port = await freePort();
      network = (kind === "namespaces" && Network.make()) || (await Stopping.make(port));
      const addresses = ["127.0.0.1", ...(network.redis ? [network.redis.outer] : [])];
      redis = await new Redis({ port, flags: ["--protected-mode", "no", "--bind", ...addresses] }).start();
      nodes = await startNodes(redis, { each: (place) => (place === 2 ? network.options(port) : {}) });
    });
    after(async () => {
      for (const node of nodes) await node.stop();
      await redis.stop();
      network.remove();
    });
    afterEach(() => Ledger.endAll());

    async function cutOff(time) {
      const ledger = await Ledger.open(nodes);
      await ledger.goesOn();
      const before = new Map([...ledger.listeners].map(([name, { presence }]) => [name, presence?.length]));
      network.cut();
      await sleep(time);
      network.mend();
      const step = await ledger.inStep(IN_STEP);
      await allReady(nodes);
      await ledger.goesOn();
      return { ledger, step, before };
    }

    for (const seconds of IS_PROOF ? [1, 3, 6] : [3])
      it(`for ${seconds} s: nobody is away, and nobody misses anything`, async (test) => {
        const { ledger, step } = await cutOff(seconds * 1000);
        test.diagnostic(`${JSON.stringify(await ledger.close())}, in step after ${step} ms`);
      });

    if (IS_PROOF)
      it("for longer than its lease: elsewhere its people leave once and come back, and nobody misses anything", async (test) => {
        const { ledger, step, before } = await cutOff(LONG);
        const away = ["v2 2", "recovering 2", "rejoining 2", "plain 2"].sort();
        for (const [name, { drops = [], presence }] of ledger.listeners) {
          assert.deepEqual(drops, [], `${name} stays connected`);
          if (!presence) continue;
          // Those who are on the server with them were never without them.
          const expected = name.endsWith(" 2") ? [] : away;
          const changes = presence.slice(before.get(name));
          const those = (what) =>
            changes.filter((msg) => msg.endsWith(what)).map((msg) => msg.slice(0, -what.length));
          assert.deepEqual(those(" has left the room.").sort(), expected, `who leaves, for ${name}`);
          assert.deepEqual(those(" has entered the room.").sort(), expected, `who comes back, for ${name}`);
        }
        const people = nodes.flatMap((_, home) => away.map((name) => name.replace(/2$/, `${home}`))).sort();
        for (const node of nodes) {
          const answer = await fetch(`${node.url}/v1/rooms/${ledger.room}`);
          assert.deepEqual((await answer.json()).members.sort(), people, "who is there");
          // As the server itself knows it.
          const newcomer = await V2.connect(node);
          const joined = await newcomer.join(ledger.room, "Newcomer");
          assert.deepEqual(joined.members.sort(), [...people, "Newcomer"].sort(), "whom a newcomer finds");
          await newcomer.ask("leave", { room: ledger.room });
          newcomer.close();
        }
        const sums = await ledger.close({ returns: true });
        test.diagnostic(`${JSON.stringify(sums)}, in step after ${step} ms`);
      });
  });
