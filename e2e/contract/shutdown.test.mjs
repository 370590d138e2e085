// A server that goes: clients come back by themselves, load balancers hear of it first.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Client, entered, fresh, said, TRANSPORTS } from "../harness/client.mjs";
import { login, Poller, packet, RawSocket } from "../harness/http.mjs";
import { REDIS } from "../harness/redis.mjs";
import { NO_RATES, Server } from "../harness/server.mjs";
import { within } from "../harness/time.mjs";

const running = new Set();

async function start(...flags) {
  const server = await new Server(flags).start();
  running.add(server);
  return server;
}

async function restart(server) {
  await server.stop();
  running.delete(server);
  const next = await server.restarted();
  running.add(next);
  return next;
}

afterEach(async () => {
  Client.closeAll();
  for (const server of [...running]) {
    running.delete(server);
    await server.stop();
  }
});
after(() => assert.equal(running.size, 0));

for (const transport of TRANSPORTS) {
  // In a room that others share, whoever is lost stays for the grace.
  it(`over ${transport}, a restart: the official client comes back by itself`, {
    skip: REDIS !== undefined,
  }, async () => {
    const room = fresh("room");
    // What a client recovers by itself is in recovery.test.mjs, and what others are given again in the API's tests.
    const server = await start("--recovery", "off", "--replay-window", "0");
    const cookie = await login(server, "Cookie", room);
    const [ada, bob] = [await Client.connect(server, transport), await Client.connect(server, transport)];
    const web = await Client.connect(server, transport, { extraHeaders: { cookie } });
    for (const client of [ada, bob, web]) {
      client.socket.on("connect", () => {
        client.heard.push(["connect"]);
      });
    }
    await bob.join(room, "Bob");
    await ada.join(room, "Ada");
    await bob.seen();
    const first = ada.socket.id;

    await restart(server);

    await ada.until("a new connection", () => ada.socket.connected && ada.socket.id !== first);
    await bob.until("a new connection", () => bob.socket.connected && bob.drops.length > 0);
    await web.until("a new connection", () => web.socket.connected && web.drops.length > 0);
    const reason = transport === "polling" ? "transport error" : "transport close";
    for (const client of [ada, bob, web]) assert.deepEqual(client.drops, [reason]);
    assert.deepEqual(bob.heard, [["connect"]], "nobody is said to have left when all go");
    bob.heard.length = 0;
    assert.deepEqual((await bob.join(room, "Bob")).members, ["Bob"]);
    await ada.join(room, "Ada");
    assert.equal((await web.ask("joined", {})).ok, true, "the web session outlives the restart");
    await ada.ask("text", { headless: true, msg: "hello again" });
    assert.deepEqual(await bob.seen(), [
      entered("Bob"),
      entered("Ada"),
      entered("Cookie"),
      said("Ada", "hello again"),
    ]);
  });
}

it("a WebSocket is closed with 1012, after what was queued", async () => {
  const server = await start(...NO_RATES);
  const raw = await RawSocket.open(server);
  raw.event("joined", { headless: true, name: "Ada", room: "r" });
  for (let index = 0; index < 1_000; index += 1) raw.event("text", { msg: String(index) });
  await raw.until((packet) => packet.includes('"Ada: 0"'));
  server.signal("SIGTERM");
  const { code } = await raw.closing();
  assert.equal(code, 1012);
  const heard = raw.packets.filter((packet) => packet.startsWith('42["message"'));
  const all = heard.map((_, index) => packet("message", { msg: `Ada: ${index}` }));
  assert.deepEqual(heard, all, "none is missing before the close");
  assert.ok(!raw.packets.includes("41"), "41 would be final for the official client");
});

it("a poll is told by status 503, after what was queued, whether it waits or comes a little later", async () => {
  const server = await start();
  const join = (name) => packet("joined", { headless: true, name, room: "r" });
  const [waiting, late] = [await Poller.open(server, join("Ada")), await Poller.open(server, join("Bob"))];
  while (!(await late.get()).join().includes("Bob has entered"));
  await late.post(packet("text", { msg: "last" }));
  while (!(await waiting.get()).join().includes("Bob: last"));
  const lastPoll = fetch(waiting.url);
  server.signal("SIGTERM");
  // Not packet `1` with status 200: for python-socketio that is final.
  const isLast = async (response) => assert.deepEqual([response.status, await response.text()], [503, "1"]);
  await isLast(await lastPoll);
  assert.deepEqual(await late.get(), [packet("message", { msg: "Bob: last" })]);
  await isLast(await fetch(late.url));
});

describe("--drain-wait", () => {
  const status = async (server, path) => (await fetch(server.url + path)).status;

  it("/readyz is 503 at once, /livez stays 200, and those who are in go on talking", async () => {
    const server = await start("--drain-wait", "2s");
    assert.deepEqual([await status(server, "/readyz"), await status(server, "/livez")], [200, 200]);
    const ada = await Client.connect(server);
    await ada.join("r", "Ada");
    const signalled = performance.now();
    server.signal("SIGTERM");
    await server.logged(/shutting down/);
    assert.deepEqual([await status(server, "/readyz"), await status(server, "/livez")], [503, 200]);
    await ada.ask("text", { headless: true, msg: "still here" });
    assert.deepEqual(await ada.seen(), [entered("Ada"), said("Ada", "still here")]);
    await ada.until("the end", () => ada.drops.length > 0);
    assert.ok(performance.now() - signalled > 1_980, "not before the wait is over");
  });

  for (const [first, second] of [
    ["SIGTERM", "SIGTERM"],
    ["SIGINT", "SIGINT"],
    ["SIGTERM", "SIGINT"],
  ]) {
    it(`${first} and then ${second} ends at once`, async () => {
      const server = await start("--drain-wait", "1h");
      await Client.connect(server);
      server.signal(first);
      await server.logged(/shutting down/);
      // One that comes within a moment of the first is taken for its echo.
      const repeat = setInterval(() => server.signal(second), 60);
      await within(3_000, "the end", server.exited, () => server.log).finally(() => clearInterval(repeat));
      assert.match(server.log, new RegExp(`ended immediately signal="${second}"`));
    });
  }
});

it("a client that does not read does not hold the server up for more than 10 s", async () => {
  const server = await start(...NO_RATES, "--queue-limit", "50000000");
  const raw = await RawSocket.open(server);
  raw.event("joined", { headless: true, name: "Slow", room: "r" });
  await raw.until((packet) => packet.includes("has entered"));
  raw.ws.pause();
  const ada = await Client.connect(server);
  await ada.join("r", "Ada");
  for (let index = 0; index < 1_000; index += 1)
    await ada.ask("text", { headless: true, msg: "x".repeat(16_000) });
  const signalled = performance.now();
  await server.stop();
  assert.ok(performance.now() - signalled < 10_000);
  raw.ws.terminate();
});
