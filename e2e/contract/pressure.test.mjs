// Clients that read too slowly are closed, and say so in the log; clients that send too fast are slowed and lose nothing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, left, said, TRANSPORTS } from "../harness/client.mjs";
import { Poller, packet, RawSocket } from "../harness/http.mjs";
import { NO_RATES, serverFor } from "../harness/server.mjs";

const BIG = "x".repeat(16_000);

describe("a consumer that does not read", () => {
  const server = serverFor(...NO_RATES, "--leave-grace", "100ms");
  const joined = (room) => ({ headless: true, name: "Slow", room });
  const countClosed = () => server.log.match(/connection closed.*slow consumer/g)?.length ?? 0;

  /** Speaks until the server has closed one more slow consumer. Gives the number of messages. */
  async function speakUntilClosed(ada) {
    const before = countClosed();
    for (let count = 0; count < 5_000; count += 1) {
      if (countClosed() > before) return count;
      assert.deepEqual(await ada.ask("text", { headless: true, msg: BIG }), { ok: true });
    }
    throw new Error("80 MB later the slow consumer is still there");
  }

  async function check(ada, bob, count) {
    await bob.waitFor("status", "Slow has left the room.");
    const all = [entered("Bob"), entered("Ada"), entered("Slow"), ...Array(count).fill(said("Ada", BIG))];
    const heard = await bob.seen(ada);
    assert.deepEqual(
      heard.filter(([event]) => event === "message").length,
      count,
      "who reads misses nothing",
    );
    assert.deepEqual(
      heard.filter(([event]) => event === "status"),
      [...all.slice(0, 3), left("Slow")],
    );
    const line = server.log.split("\n").findLast((line) => line.includes("connection closed: "));
    const [, waiting] = line.match(/slow consumer: (\d+) bytes were waiting/);
    assert.ok(waiting > 1 << 20 && waiting < 2 << 20, line);
    assert.match(line, /WARN/);
    assert.match(line, new RegExp(`so_far=${countClosed()}`), "it is counted");
  }

  async function listeners(room) {
    const [ada, bob] = [await Client.connect(server), await Client.connect(server)];
    await bob.join(room, "Bob");
    await ada.join(room, "Ada");
    return [ada, bob];
  }

  it("over websocket is closed, and the others miss nothing", async () => {
    const room = fresh("room");
    const [ada, bob] = await listeners(room);
    const slow = await RawSocket.open(server);
    slow.event("joined", joined(room));
    await slow.until((packet) => packet.includes("has entered"));
    slow.ws.pause();
    await check(ada, bob, await speakUntilClosed(ada));
    slow.ws.resume();
    await slow.closing();
  });

  it("over websocket is closed although it goes on talking", async () => {
    const room = fresh("room");
    const [ada, bob] = await listeners(room);
    const slow = await RawSocket.open(server);
    slow.event("joined", joined(room));
    await slow.until((packet) => packet.includes("has entered"));
    slow.ws.pause();
    const talk = setInterval(() => slow.ws.send(packet("unknown", {})), 20);
    const count = await speakUntilClosed(ada).finally(() => clearInterval(talk));
    await check(ada, bob, count);
    slow.ws.terminate();
  });

  it("over polling is closed, and its next poll is told that there is no such session", async () => {
    const room = fresh("room");
    const [ada, bob] = await listeners(room);
    const slow = await Poller.open(server, packet("joined", joined(room)));
    await bob.waitFor("status", "Slow has entered the room.");
    await check(ada, bob, await speakUntilClosed(ada));
    const response = await fetch(slow.url);
    assert.deepEqual(
      [response.status, await response.json()],
      [400, { code: 1, message: "Session ID unknown" }],
    );
  });
});

describe("a sender over its rate", () => {
  const server = serverFor("--event-rate", "100", "--event-burst", "50");

  for (const transport of TRANSPORTS) {
    it(`over ${transport} is slowed and loses nothing; others are not slowed`, async () => {
      const room = fresh("room");
      const clients = [];
      for (const [name, way] of [
        ["Bob", "websocket"],
        ["Eve", transport],
        ["Ada", transport],
      ]) {
        const client = await Client.connect(server, way);
        await client.join(room, name);
        clients.push(client);
      }
      const [listener, other, fast] = clients;
      const all = Array.from({ length: 200 }, (_, index) => `Ada: ${index}`);
      const startedAt = performance.now();
      for (let index = 0; index < 200; index += 1) fast.say(String(index));
      assert.deepEqual(await other.ask("text", { headless: true, msg: "in between" }), { ok: true });
      await listener.waitFor("message", all.at(-1));
      const took = performance.now() - startedAt;
      assert.ok(took > 1_300, `200 messages, of which 50 at once and 100 a second, took ${took} ms`);
      const heard = listener.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
      assert.deepEqual(
        heard.filter((msg) => msg.startsWith("Ada")),
        all,
      );
      assert.ok(heard.indexOf("Eve: in between") < 150, "Eve did not have to wait for Ada");
    });
  }
});

describe("a sender that is held back for longer than its ping timeout", () => {
  const flags = [
    "--event-rate",
    "10",
    "--event-burst",
    "1",
    "--ping-interval",
    "500ms",
    "--ping-timeout",
    "1s",
  ];
  const server = serverFor(...flags);

  for (const transport of TRANSPORTS) {
    it(`over ${transport} stays connected`, async () => {
      const ada = await Client.connect(server, transport);
      await ada.join(fresh("room"), "Ada");
      for (let index = 0; index < 40; index += 1) ada.say(String(index));
      await ada.waitFor("message", "Ada: 39");
      assert.deepEqual(ada.drops, []);
      const all = Array.from({ length: 40 }, (_, index) => said("Ada", String(index)));
      assert.deepEqual(await ada.seen(), [entered("Ada"), ...all]);
    });
  }
});
