// v2 where connections break and servers stop: nothing is missed, nothing is said twice.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, fresh } from "../harness/client.mjs";
import { hasKept, Keeper } from "../harness/keeper.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server, serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

/** As docs/protocol-v2.md has it. */
const RETRIES = { retries: 3, ackTimeout: 1000 };
const DOWN = 4000;

describe("on one server", () => {
  const server = serverFor("--history", "memory", "--room-tries", "0", "--join-rate", "0");

  for (const transport of ["websocket", "polling"])
    it(`whoever comes back with since misses nothing of 200 messages a second, over ${transport}`, async () => {
      const room = fresh("room");
      const relay = await Relay.to(server);
      const speaker = await V2.inRoom(server, room, "Speaker");
      const keepers = ["Ada", "Bob", "Carl"].map((name) => new Keeper(relay, transport, room, name));
      const sent = [];
      for (let round = 0; round < 100; round++) {
        for (let number = 0; number < 10; number++)
          sent.push(speaker.tell(`${round}.${number}`).then(({ position }) => position));
        if (round % 12 === 5) relay.cut();
        await sleep(50);
      }
      const expected = await Promise.all(sent);
      for (const keeper of keepers) {
        const last = expected.at(-1);
        await hasKept(keeper, last);
        const positions = keeper.messages.map(({ position }) => position);
        assert.deepEqual(positions, expected, "each once, in order");
        assert.deepEqual(keeper.gaps, []);
        assert.ok(keeper.joins >= 4, `${keeper.joins} joins`);
      }
      relay.close();
    });

  it("many who join while much is said have no hole between history and what is live", async () => {
    const room = fresh("room");
    const speakers = await Promise.all(["A", "B", "C"].map((name) => V2.inRoom(server, room, name)));
    const sent = [];
    const keepers = [];
    for (let round = 0; round < 60; round++) {
      for (const speaker of speakers)
        for (let number = 0; number < 5; number++) sent.push(speaker.tell(`${round}`));
      if (round % 2 === 0) keepers.push(new Keeper(server, "websocket", room, `Keeper ${round}`));
      await sleep(5);
    }
    await Promise.all(sent);
    const { position, messages } = await speakers[0].ask("history", { room, limit: 1 });
    assert.equal(messages[0].position, position);
    for (const keeper of keepers) {
      await hasKept(keeper, position);
      const numbers = keeper.messages.map(({ position }) => Number(position.split("-")[1]));
      assert.deepEqual(
        numbers,
        sent.map((_, index) => index + 1),
      );
    }
  });
});

describe("a message sent with retries is said once", () => {
  /** Sends `count` messages, each as the library does it, and gives what was answered. */
  const send = (client, room, count) =>
    Array.from(
      { length: count },
      (_, number) =>
        new Promise((resolve) => {
          const message = { room, name: "Ada", msg: `message ${number}`, key: randomUUID() };
          client.socket.emit("send", message, (error, answer) => resolve({ error, answer }));
        }),
    );

  const check = async (room, listener, answers, count) => {
    for (const { error, answer } of await Promise.all(answers))
      assert.deepEqual([error, answer?.ok], [null, true]);
    const { messages } = await listener.ask("history", { room });
    const texts = messages.map(({ msg }) => msg);
    assert.deepEqual(
      texts,
      Array.from({ length: count }, (_, number) => `message ${number}`),
    );
  };

  it("by a server that hangs for 4 s", async () => {
    const server = await new Server(["--history", "memory"]).start();
    const room = fresh("room");
    const ada = await V2.connect(server, "websocket", RETRIES);
    const bob = await V2.inRoom(server, room, "Bob");
    ada.socket.volatile.emit("join", { room, name: "Ada" });
    server.signal("SIGSTOP");
    // The library sends the first one again and again, and the second when the first is answered.
    const [first, ...others] = send(ada, room, 3);
    await sleep(DOWN);
    server.signal("SIGCONT");
    const { error } = await first;
    await check(room, bob, others, 3);
    assert.ok(error === null || /timed out/.test(error.message), `${error}`);
    Client.closeAll();
    await server.stop();
  });

  for (const signal of ["SIGTERM", "SIGKILL"])
    it(`by a server that is away for 4 s after ${signal}`, async () => {
      const first = await new Server(["--history", "memory"]).start();
      const room = fresh("room");
      const ada = await V2.connect(first, "websocket", RETRIES);
      // Before the library sends what waits, since it does so before the handlers of `connect`.
      ada.socket.on("connect", () => ada.socket.volatile.emit("join", { room, name: "Ada" }));
      first.signal(signal);
      await first.exited;
      await ada.until("the end of the connection", () => !ada.socket.connected);
      const answers = send(ada, room, 3);
      await sleep(DOWN);
      const second = await first.restarted();
      const bob = await V2.inRoom(second, room, "Bob");
      await check(room, bob, answers, 3);
      Client.closeAll();
      await second.stop();
    });

  it("by a server that is killed three times with one on its way, and has the others on disk", async () => {
    const COUNT = 40;
    let server = await new Server().start();
    const room = fresh("room");
    const ada = await V2.connect(server, "websocket", RETRIES);
    ada.socket.on("connect", () => ada.socket.volatile.emit("join", { room, name: "Ada" }));
    ada.socket.volatile.emit("join", { room, name: "Ada" });
    const answers = send(ada, room, COUNT);
    for (const number of [5, 15, 30]) {
      // The library sends the next one when this one is answered.
      const { answer } = await answers[number];
      assert.equal(answer?.stored, true);
      await server.kill();
      server = await server.restarted();
    }
    const bob = await V2.inRoom(server, room, "Bob");
    await check(room, bob, answers, COUNT);
    Client.closeAll();
    await server.stop();
  });

  for (const signal of ["SIGTERM", "SIGKILL"])
    it(`by a server that comes back after ${signal} with the file that has it, for as long as the key counts`, async () => {
      const first = await new Server().start();
      const room = fresh("room");
      const message = { room, name: "Ada", msg: "Ring", key: randomUUID() };
      const before = await V2.connect(first, "websocket");
      const said = await before.ask("send", message);
      assert.deepEqual([said.ok, said.stored], [true, true]);
      first.signal(signal);
      await first.exited;
      Client.closeAll();
      const second = await first.restarted();
      for (const transport of ["websocket", "polling"]) {
        const again = await V2.connect(second, transport);
        assert.deepEqual(await again.ask("send", message), said);
        const other = await again.ask("send", { ...message, msg: "Ring again" });
        assert.equal(other.error?.code, "key_reused");
      }
      const bob = await V2.inRoom(second, room, "Bob");
      const { messages } = await bob.ask("history", { room });
      assert.deepEqual(
        messages.map(({ id, msg }) => [id, msg]),
        [[said.id, "Ring"]],
      );
      Client.closeAll();
      await second.stop();
    });
});
