// Three servers with one Redis: whatever is done on one, it is as if there were only one.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, entered, fresh, left, said } from "../harness/client.mjs";
import { login } from "../harness/http.mjs";
import { Redis } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const nodes = [];
before(async () => {
  await redis.start();
  for (let count = 0; count < 3; count++)
    nodes.push(await new Server(["--leave-grace", "1s"], { redis, sessionKey: null }).start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

const post = (node, room, msg, headers = {}) =>
  fetch(`${node.url}/v1/rooms/${room}/messages`, { method: "POST", body: msg, headers }).then((answer) =>
    answer.json(),
  );
const get = (node, path, headers = {}) =>
  fetch(`${node.url}${path}`, { headers }).then((answer) => answer.json());

describe("what is said", () => {
  it("comes to everybody in one order, whoever says it where", async () => {
    const room = fresh("room");
    const clients = [];
    for (const [place, node] of nodes.entries())
      for (const transport of ["websocket", "polling"])
        clients.push(await Client.inRoom(node, room, `${place}-${transport}`, transport));
    for (let number = 0; number < 50; number++) for (const client of clients) client.say(`${number}`);
    const all = 50 * clients.length;
    const messages = (client) => client.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
    for (const client of clients) await client.until("all messages", () => messages(client).length >= all);
    const order = messages(clients[0]);
    assert.equal(new Set(order).size, all);
    for (const client of clients) assert.deepEqual(messages(client), order);
    for (const { name } of clients) {
      const own = order.filter((msg) => msg.startsWith(`${name}: `));
      assert.deepEqual(
        own,
        Array.from({ length: 50 }, (_, number) => `${name}: ${number}`),
        "in the order of each",
      );
    }
    const { messages: kept } = await get(nodes[1], `/v1/rooms/${room}/messages?since=all&limit=1000`);
    assert.deepEqual(
      kept.map(({ name, msg }) => `${name}: ${msg}`),
      order,
    );
  });

  it("is said once with its key, whichever server it comes to", async () => {
    const [room, key] = [fresh("room"), randomUUID()];
    const first = await post(nodes[0], room, "hello", { "idempotency-key": key });
    const again = await post(nodes[1], room, "hello", { "idempotency-key": key });
    assert.deepEqual([again.id, again.position], [first.id, first.position]);
    const other = await post(nodes[2], room, "hello!", { "idempotency-key": key });
    assert.equal(other.code, "idempotency_key_reused");
    const members = [await V2.inRoom(nodes[0], room, "Ada"), await V2.inRoom(nodes[1], room, "Ada")];
    const [one, two] = [await members[0].tell("x", { key }), await members[1].tell("x", { key })];
    assert.equal(one.id, two.id);
    const { messages } = await get(nodes[2], `/v1/rooms/${room}/messages?since=all`);
    assert.deepEqual(
      messages.map(({ msg }) => msg),
      ["hello", "x"],
    );
  });

  it("is heard by a stream from the moment that its head has come", async () => {
    const room = fresh("room");
    redis.signal("SIGSTOP");
    let isHere = false;
    const listening = fetch(`${nodes[0].url}/v1/rooms/${room}/events`).finally(() => {
      isHere = true;
    });
    // An answer that waits for nothing would be here by then.
    for (let round = 0; round < 20; round++) await fetch(`${nodes[0].url}/livez`);
    const wasHere = isHere;
    redis.signal("SIGCONT");
    const stream = await listening;
    assert.equal(wasHere, false, "it cannot hear anything yet");
    const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
    for (const msg of ["first", "last"]) await post(nodes[1], room, msg);
    let heard = "";
    while (!heard.includes("http: last")) heard += (await reader.read()).value;
    assert.match(heard, /http: first/);
    await reader.cancel();
  });

  it("is there for whoever joins elsewhere, and goes on live", async () => {
    const room = fresh("room");
    const ada = await V2.inRoom(nodes[0], room, "Ada");
    const { position } = await ada.tell("one");
    await ada.tell("two");
    const bob = await V2.connect(nodes[1]);
    const joined = await bob.join(room, "Bob", { since: position });
    assert.deepEqual([joined.history.map(({ msg }) => msg), joined.members], [["two"], ["Ada", "Bob"]]);
    await ada.tell("three");
    await bob.hears("three");
    const stream = new AbortController();
    const path = `/v1/rooms/${room}/events?since=${position}`;
    const events = await fetch(`${nodes[2].url}${path}`, { signal: stream.signal });
    let text = "";
    for await (const chunk of events.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes("three")) break;
    }
    stream.abort();
    assert.ok(text.includes("two") && !text.includes('"one"'), text);
  });
});

describe("who is there", () => {
  it("enters once and leaves once, with connections to several servers", async () => {
    const room = fresh("room");
    const bob = await Client.inRoom(nodes[0], room, "Bob");
    const adas = [await Client.inRoom(nodes[1], room, "Ada"), await Client.inRoom(nodes[2], room, "Ada")];
    assert.deepEqual(adas[1].heard, [entered("Ada")], "its own client is told");
    assert.deepEqual(await adas[0].ask("left", {}), { ok: true });
    adas[1].say("still here");
    await bob.waitFor("message", "Ada: still here");
    assert.deepEqual(await get(nodes[0], `/v1/rooms/${room}`), { room, members: ["Bob", "Ada"], count: 2 });
    adas[1].close();
    await bob.waitFor("status", "Ada has left the room.");
    assert.deepEqual(await bob.seen(), [
      entered("Bob"),
      entered("Ada"),
      said("Ada", "still here"),
      left("Ada"),
    ]);
  });

  it("was never away who comes back to another server within the grace", async () => {
    const room = fresh("room");
    const bob = await Client.inRoom(nodes[0], room, "Bob");
    const ada = await Client.inRoom(nodes[1], room, "Ada");
    ada.cut();
    await nodes[1].logged(new RegExp(`lost .*${room}|${room}.* lost`));
    const again = await Client.inRoom(nodes[2], room, "Ada");
    again.cut();
    await bob.waitFor("status", "Ada has left the room.");
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
  });

  it("leaves after the grace of each, whenever they were lost", async () => {
    const room = fresh("room");
    const bob = await Client.inRoom(nodes[0], room, "Bob");
    const names = Array.from({ length: 30 }, (_, number) => `Ada ${number}`);
    const people = [];
    for (const [number, name] of names.entries())
      people.push(await Client.inRoom(nodes[number % 3], room, name));
    // Some are lost just when the grace of others ends.
    for (const person of people) {
      person.cut();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const name of names) await bob.waitFor("status", `${name} has left the room.`);
    assert.deepEqual(await get(nodes[1], `/v1/rooms/${room}`), { room, members: ["Bob"], count: 1 });
  });

  it("leaves after the grace although no server has anybody in the room", async () => {
    const room = fresh("room");
    const ada = await Client.inRoom(nodes[1], room, "Ada");
    ada.cut();
    const count = async () => (await get(nodes[0], `/v1/rooms/${room}`)).count;
    await eventually("nobody to be there", async () => (await count()) === 0);
  });
});

describe("any server will do", () => {
  it("for a login, which all of them know", async () => {
    const room = fresh("room");
    const cookie = await login(nodes[0], "Ada", room);
    const ada = await Client.connect(nodes[1], "websocket", { extraHeaders: { cookie } });
    const joined = await ada.ask("joined", { room });
    assert.deepEqual(joined.members, ["Ada"]);
  });

  it("for an official client that recovers what it missed", async () => {
    const room = fresh("room");
    const relay = await Relay.to(nodes[0]);
    const board = await Client.connect({ url: relay.url }, "websocket", { auth: { recovery: true } });
    await board.join(room, "Board");
    await post(nodes[2], room, "before");
    await board.waitFor("message", "http: before");
    relay.target = nodes[1];
    relay.cut();
    await post(nodes[2], room, "meanwhile");
    await board.waitFor("message", "http: meanwhile");
    await board.until("a recovered connection", () => board.socket.connected);
    assert.equal(board.socket.recovered, true);
    await post(nodes[0], room, "after");
    await board.waitFor("message", "http: after");
    const messages = board.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
    assert.deepEqual(messages, ["http: before", "http: meanwhile", "http: after"]);
    assert.deepEqual(await get(nodes[2], `/v1/rooms/${room}`), { room, members: ["Board"], count: 1 });
    board.close();
    relay.close();
  });
});
