// v2: joining, speaking, history, leaving, and what is refused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, said, TRANSPORTS } from "../harness/client.mjs";
import { login } from "../harness/http.mjs";
import { REDIS } from "../harness/redis.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const POSITION = /^[0-9a-f]{13,}-\d+$/;
const ID = /^[0-9a-f]{32}$/;
const AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const refused = (code, message) => ({ ok: false, error: { code, message } });
const texts = (messages) => messages.map(({ msg }) => msg);
/** Numbers as the texts of messages. */
const upTo = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`);

const server = serverFor("--history", "memory", "--leave-grace", "100ms");

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    const connect = (options) => V2.connect(server, transport, options);

    it("join is answered with the room, and what is said comes with its place and time", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      const joined = await ada.join(` ${room} `, "Ada");
      assert.match(joined.position, POSITION);
      const { position, at: now, ...rest } = joined;
      assert.match(now, AT);
      assert.deepEqual(rest, {
        ok: true,
        room,
        name: "Ada",
        members: ["Ada"],
        count: 1,
        history: [],
        gap: null,
        more: false,
        can: ["read", "speak"],
        state: [],
      });
      const second = await bob.join(room, "Bob");
      assert.deepEqual([second.members, second.count, second.position], [["Ada", "Bob"], 2, position]);
      ada.room = room;
      const sent = await ada.tell("Class ends");
      assert.deepEqual([sent.ok, sent.stored], [true, REDIS !== undefined], "memory is not on disk");
      await bob.hears("Class ends");
      const [event, message] = bob.events.at(-1);
      const { id, position: at, ...what } = message;
      assert.deepEqual([event, what], ["message", { room, at: sent.at, name: "Ada", msg: "Class ends" }]);
      assert.deepEqual([id, at], [sent.id, sent.position]);
      for (const [text, pattern] of [
        [id, ID],
        [at, POSITION],
        [sent.at, AT],
      ])
        assert.match(text, pattern);
      const [[name, { at: when, ...person }]] = ada.events;
      assert.match(when, AT);
      assert.deepEqual([name, person], ["entered", { room, name: "Ada", count: 1 }]);
    });

    it("history comes up to the position of the answer, and what is live after it", async () => {
      const room = fresh("room");
      const ada = await V2.inRoom(server, room, "Ada");
      const sent = [];
      for (const text of upTo(1, 5)) sent.push(await ada.tell(text));
      for (const [since, expected] of [
        ["all", upTo(1, 5)],
        ["none", []],
        [undefined, []],
        [2, upTo(4, 5)],
        ["3", upTo(3, 5)],
        [0, []],
        ["1h", upTo(1, 5)],
        ["0s", []],
        [sent[1].position, upTo(3, 5)],
        [sent[4].position, []],
      ]) {
        const bob = await connect();
        const joined = await bob.join(room, "Bob", { since });
        assert.deepEqual(texts(joined.history), expected, `since ${since}`);
        assert.deepEqual([joined.position, joined.gap], [sent[4].position, null], `since ${since}`);
        assert.equal(joined.more, since === 2 || since === "3", `since ${since}`);
      }
      const bob = await connect();
      const { history } = await bob.join(room, "Bob", { since: 1 });
      assert.deepEqual(history, [
        { id: sent[4].id, position: sent[4].position, at: sent[4].at, name: "Ada", msg: "5" },
      ]);
      await ada.tell("live");
      await bob.hears("live");
      assert.deepEqual(bob.texts, ["live"]);
    });

    // Messages are acknowledged when they are stored, which takes its time with Redis.
    it("what is sent behind join is carried out after it", { skip: REDIS !== undefined }, async () => {
      const room = fresh("room");
      const ada = await connect();
      const answers = [];
      const done = new Promise((resolve) => {
        ada.socket.emit("join", { room, name: "Ada", since: "all" }, ({ ok }) => answers.push(["join", ok]));
        for (const msg of upTo(1, 20))
          ada.socket.emit("send", { room, msg }, ({ ok }) => answers.push([msg, ok]));
        ada.socket.emit("history", { room }, ({ messages }) => answers.push(texts(messages)));
        ada.socket.emit("leave", { room }, ({ ok }) => resolve(answers.push(["leave", ok])));
      });
      await done;
      assert.deepEqual(answers, [
        ["join", true],
        ...upTo(1, 20).map((msg) => [msg, true]),
        upTo(1, 20),
        ["leave", true],
      ]);
    });

    it("a socket may be in several rooms, and each says where it comes from", async () => {
      const rooms = [fresh("room"), fresh("room")];
      const [ada, bob] = [await connect(), await connect()];
      for (const room of rooms) {
        await ada.join(room, "Ada");
        await bob.join(room, `Bob of ${room}`);
      }
      for (const room of rooms) await bob.ask("send", { room, msg: `to ${room}` });
      await ada.hears(`to ${rooms[1]}`);
      const messages = ada.events.filter(([event]) => event === "message");
      assert.deepEqual(
        messages.map(([, { room, name, msg }]) => [room, name, msg]),
        rooms.map((room) => [room, `Bob of ${room}`, `to ${room}`]),
      );
      assert.deepEqual(await ada.ask("leave", { room: rooms[0] }), { ok: true });
      assert.deepEqual(await bob.ask("members", { room: rooms[0] }), {
        ok: true,
        members: [`Bob of ${rooms[0]}`],
        count: 1,
      });
      assert.equal((await bob.ask("members", { room: rooms[1] })).count, 2);
      await bob.ask("send", { room: rooms[0], msg: "unheard" });
      await bob.ask("send", { room: rooms[1], msg: "heard" });
      await ada.hears("heard");
      assert.ok(!ada.texts.includes("unheard"));
    });

    it("whoever listens hears the room, is not in it, and may speak with a name", async () => {
      const room = fresh("room");
      const [ada, wall] = [await V2.inRoom(server, room, "Ada"), await connect()];
      const joined = await wall.ask("join", { room, listen: true });
      assert.deepEqual([joined.ok, joined.name, joined.members], [true, null, ["Ada"]]);
      await ada.tell("hello");
      await wall.hears("hello");
      assert.deepEqual(
        await wall.ask("send", { room, msg: "x" }),
        refused("not_joined", "join the room first, or send a name with the message."),
      );
      assert.equal((await wall.ask("send", { room, msg: "ready", name: "Wall" })).ok, true);
      assert.equal((await wall.ask("members", { room })).count, 1);
      assert.deepEqual(texts((await wall.ask("history", { room })).messages), ["hello", "ready"]);
      // It may become a person, and listen again.
      assert.deepEqual((await wall.join(room, "Wall")).members, ["Ada", "Wall"]);
      assert.equal((await wall.ask("join", { room, listen: true })).name, null);
      await ada.tell("still");
      await wall.hears("still");
      assert.deepEqual(await ada.seen(), [
        ["entered", "Ada", 1],
        ["message", "Ada", "hello"],
        ["message", "Wall", "ready"],
        ["entered", "Wall", 2],
        ["left", "Wall", 1],
        ["message", "Ada", "still"],
      ]);
      assert.deepEqual(
        wall.texts.filter((text) => !text.startsWith("fence")),
        ["hello", "ready", "still"],
      );
    });

    it("v1 and v2 share rooms, people, order and history, on one connection too", async () => {
      const room = fresh("room");
      const old = await Client.connect(server, transport);
      const bob = await V2.inRoom(server, room, "Bob", transport);
      assert.deepEqual((await old.join(room, "Ada")).members, ["Bob", "Ada"]);
      await old.ask("text", { headless: true, msg: "from v1" });
      await bob.tell("from v2");
      assert.deepEqual(await bob.seen(), [
        ["entered", "Bob", 1],
        ["entered", "Ada", 2],
        ["message", "Ada", "from v1"],
        ["message", "Bob", "from v2"],
      ]);
      await old.ask("left", {});
      assert.deepEqual(old.heard.slice(0, 3), [
        entered("Ada"),
        said("Ada", "from v1"),
        said("Bob", "from v2"),
      ]);
      const both = await Client.connect(server, transport);
      await both.join(room, "Eve");
      const other = both.socket.io.socket("/v2");
      const joined = await new Promise((resolve) =>
        other.emit("join", { room, name: "Eve", since: 9 }, resolve),
      );
      assert.deepEqual(
        [joined.members, texts(joined.history).slice(0, 2)],
        [
          ["Bob", "Eve"],
          ["from v1", "from v2"],
        ],
      );
      const heard = new Promise((resolve) => other.once("message", resolve));
      await bob.tell("to both");
      await both.waitFor("message", "Bob: to both");
      assert.equal((await heard).msg, "to both");
      other.disconnect();
      assert.equal((await bob.ask("members", { room })).count, 2, "by its other namespace");
      await both.ask("left", {});
      const isEve = ([event, { name }]) => event === "left" && name === "Eve";
      await bob.until("Eve's leaving", () => bob.events.some(isEve));
    });
  });
}

describe("whatever the transport", () => {
  const connect = () => V2.connect(server);

  it("a key means one message: sent again, it is not said again and has the same answer", async () => {
    const room = fresh("room");
    const [ada, bob] = [await V2.inRoom(server, room, "Ada"), await V2.inRoom(server, room, "Bob")];
    const first = await ada.tell("once", { key: "k1" });
    assert.deepEqual(await ada.tell("once", { key: "k1" }), first);
    // From another connection, not in the room, under the same name.
    const again = await connect();
    assert.deepEqual(await again.ask("send", { room, name: "Ada", msg: "once", key: "k1" }), first);
    assert.deepEqual(
      await ada.tell("other", { key: "k1" }),
      refused("key_reused", "this key came with another message; give every message a key of its own."),
    );
    assert.notEqual((await bob.tell("once", { key: "k1" })).id, first.id, "another sender's key is another");
    assert.notEqual((await ada.tell("once", { key: "k2" })).id, first.id);
    assert.deepEqual(await bob.seen(), [
      ["entered", "Bob", 2],
      ["message", "Ada", "once"],
      ["message", "Bob", "once"],
      ["message", "Ada", "once"],
    ]);
  });

  it("history is read in pages, in both directions", async () => {
    const room = fresh("room");
    const ada = await V2.inRoom(server, room, "Ada");
    const sent = await Promise.all(upTo(1, 250).map((msg) => ada.tell(msg)));
    const page = async (more) => {
      const { messages, position, gap, more: hasMore, ok } = await ada.ask("history", { room, ...more });
      assert.deepEqual([ok, gap, messages.at(-1)?.position ?? position], [true, null, position]);
      return [texts(messages), hasMore];
    };
    assert.deepEqual(await page({}), [upTo(201, 250), true]);
    assert.deepEqual(await page({ limit: 1000 }), [upTo(51, 250), true]);
    assert.deepEqual(await page({ before: sent[50].position, limit: 100 }), [upTo(1, 50), false]);
    assert.deepEqual(await page({ before: sent[0].position }), [[], false]);
    assert.deepEqual(await page({ after: sent[9].position, limit: 3 }), [upTo(11, 13), true]);
    assert.deepEqual(await page({ after: sent[248].position }), [["250"], false]);
    assert.deepEqual(await page({ after: sent[249].position }), [[], false]);
    // With join: the oldest first, and the client asks for what is between its page and what is live.
    const bob = await connect();
    const joined = await bob.join(room, "Bob", { since: sent[9].position });
    assert.deepEqual([texts(joined.history), joined.more], [upTo(11, 210), true]);
    await ada.tell("live");
    await bob.hears("live");
    const rest = await bob.ask("history", { room, after: joined.history.at(-1).position });
    const upToJoin = rest.messages.findIndex(({ position }) => position === joined.position) + 1;
    assert.deepEqual(texts(rest.messages.slice(0, upToJoin)), upTo(211, 250));
    const last = await (await connect()).join(room, "Eve", { since: 1000 });
    assert.deepEqual([texts(last.history), last.more], [[...upTo(52, 250), "live"], true]);
  });

  it("one answer is bounded by bytes too", async () => {
    const room = fresh("room");
    const ada = await V2.inRoom(server, room, "Ada");
    for (let number = 0; number < 40; number++) await ada.tell(`${number} ${"x".repeat(16_000)}`);
    const joined = await (await connect()).join(room, "Bob", { since: "all" });
    assert.ok(joined.more && joined.history.length >= 8, `${joined.history.length}`);
    assert.ok(JSON.stringify(joined).length < 300_000);
    let [after, count] = [joined.history.at(-1).position, joined.history.length];
    for (let more = true; more; ) {
      const page = await ada.ask("history", { room, after, limit: 200 });
      [after, count, more] = [page.position, count + page.messages.length, page.more];
    }
    assert.equal(count, 40);
    const newest = await (await connect()).join(room, "Bob", { since: 40 });
    assert.ok(newest.more && newest.history.at(-1).msg.startsWith("39 "));
  });

  it("whoever asks for what is not there any more hears of a gap", async () => {
    const room = fresh("room");
    const ada = await V2.inRoom(server, room, "Ada");
    await ada.tell("hello");
    for (const position of ["00000000000c1-7", "ffffffffffff0-1"]) {
      const joined = await (await connect()).join(room, "Bob", { since: position });
      assert.deepEqual([texts(joined.history), joined.gap], [["hello"], { missed: null }]);
      const page = await ada.ask("history", { room, after: position });
      assert.deepEqual([texts(page.messages), page.gap], [["hello"], { missed: null }]);
    }
  });

  it("a web session fixes the name", async () => {
    const room = fresh("room");
    const cookie = await login(server, "Ada", room);
    const ada = await V2.connect(server, "websocket", { extraHeaders: { cookie } });
    assert.equal((await ada.join(room, "Eve")).name, "Ada");
    await ada.tell("hello", { name: "Eve" });
    await ada.tell("again", { name: 7 });
    const outside = await V2.connect(server, "websocket", { extraHeaders: { cookie } });
    await outside.ask("send", { room, name: "Eve", msg: "from outside" });
    assert.deepEqual(await ada.seen(), [
      ["entered", "Ada", 1],
      ["message", "Ada", "hello"],
      ["message", "Ada", "again"],
      ["message", "Ada", "from outside"],
    ]);
    const other = fresh("room");
    assert.equal((await ada.join(other, "Eve")).name, "Eve", "no login to this room");
    assert.equal((await ada.ask("send", { room, msg: "as", name: "Eve" })).ok, true);
  });

  it("a member whose connection is lost stays for the grace, and a join repeated changes nothing", async () => {
    const room = fresh("room");
    const [ada, bob] = [await V2.inRoom(server, room, "Ada"), await V2.inRoom(server, room, "Bob")];
    assert.equal((await ada.join(room, "Another")).name, "Ada", "the first name stays");
    await ada.tell("1");
    assert.deepEqual(texts((await ada.join(room, "Ada", { since: "all" })).history), ["1"]);
    bob.cut();
    await server.logged(new RegExp(`lost room="${room}" name="Bob"`));
    const back = await V2.inRoom(server, room, "Bob");
    assert.deepEqual((await back.ask("members", { room })).members, ["Ada", "Bob"]);
    assert.deepEqual(await ada.seen(), [
      ["entered", "Ada", 1],
      ["entered", "Bob", 2],
      ["message", "Ada", "1"],
    ]);
    back.cut();
    await ada.until("Bob's leaving", () => ada.events.some(([event]) => event === "left"));
    assert.deepEqual(await ada.seen(), [["left", "Bob", 1]]);
  });

  it("forged input is refused with v1's codes, in the ack or as an event", async () => {
    const room = fresh("room");
    const ada = await V2.inRoom(server, room, "Ada");
    const other = fresh("room");
    const invalid = (message) => refused("invalid_body", message);
    for (const [event, body, answer] of [
      ["join", null, invalid("the body must be one JSON object.")],
      ["join", {}, refused("room_required", "room is required.")],
      [
        "join",
        { room: "a\nb", name: "Ada" },
        refused("room_invalid", "room must not contain control characters or line breaks."),
      ],
      ["join", { room: other }, refused("name_required", "name is required.")],
      [
        "join",
        { room: other, name: "x".repeat(65) },
        refused("name_too_long", "name is longer than 64 characters."),
      ],
      ["join", { room: other, name: 5 }, invalid("name must be a string.")],
      ["join", { room: other, name: "Ada", listen: 1 }, invalid("listen must be true or false.")],
      ["join", { room: other, name: "Ada", since: -1 }, undefined],
      ["send", { room, msg: "" }, refused("msg_required", "msg is required.")],
      ["send", { room, msg: "x".repeat(16_385) }, refused("msg_too_long", "msg is longer than 16384 bytes.")],
      ["send", { room, msg: "x", key: "" }, invalid("key must be a string of 1 to 255 bytes.")],
      [
        "send",
        { room: other, msg: "x" },
        refused("not_joined", "join the room first, or send a name with the message."),
      ],
      ["history", { room: other }, refused("not_joined", "join the room first.")],
      ["history", { room, after: "0" }, invalid("after must be a position that the server gave.")],
      ["history", { room, limit: 0 }, invalid("limit must be a whole number from 1.")],
      ["members", { room: other }, refused("not_joined", "join the room first.")],
      [
        "text",
        { msg: "x" },
        refused(
          "unknown_event",
          "there is no such event; send join, send, history, members, leave, make, moderate, hand, alert, bell, webhook, push or time.",
        ),
      ],
    ]) {
      const answered = await ada.ask(event, body);
      if (answer) assert.deepEqual(answered, answer, `${event} ${JSON.stringify(body)}`);
      assert.equal(answered.ok, false);
      ada.heard.length = 0;
      ada.send(event, body);
      await ada.until("an error", () => ada.events.length > 0);
      assert.deepEqual(ada.events, [["error", answered.error]]);
    }
    assert.deepEqual(await ada.ask("leave", { room: other }), { ok: true }, "leaving twice is leaving");
    ada.heard.length = 0;
    assert.deepEqual(await ada.seen(), [], "nobody heard of it");
  });

  it("without an ack everything is carried out all the same", async () => {
    const room = fresh("room");
    const [ada, bob] = [await V2.inRoom(server, room, "Ada"), await connect()];
    bob.send("join", { room, name: "Bob" });
    bob.send("send", { room, msg: "hello" });
    bob.send("history", { room });
    bob.send("leave", { room });
    await ada.until("Bob's leaving", () => ada.events.some(([event]) => event === "left"));
    assert.deepEqual(
      ada.events.map(([event]) => event),
      ["entered", "entered", "message", "left"],
    );
    assert.deepEqual(
      bob.events.map(([event]) => event),
      ["entered", "message"],
    );
  });

  it("a connection may be in 64 rooms", async () => {
    const ada = await connect();
    const rooms = Array.from({ length: 65 }, () => fresh("room"));
    const answers = [];
    for (const room of rooms) answers.push(await ada.join(room, "Ada"));
    assert.ok(answers.slice(0, 64).every(({ ok }) => ok));
    assert.deepEqual(
      answers[64],
      refused("in_too_many_rooms", "a connection may be in 64 rooms; leave one first."),
    );
    await ada.ask("leave", { room: rooms[3] });
    assert.equal((await ada.join(rooms[64], "Ada")).ok, true);
    assert.equal((await ada.join(rooms[0], "Ada")).ok, true, "where it is already");
  });
});
