// The three events, the two answers, the acks: the tables of the contract, over every transport.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, left, said, TRANSPORTS } from "../harness/client.mjs";
import { Poller, packet } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    const connect = () => Client.connect(server, transport);

    it("the transport is the one that the test is about", async () => {
      const ada = await connect();
      assert.equal(ada.transport, transport === "upgrade" ? "websocket" : transport);
    });

    it("joined: everybody in the room hears it, the joiner included", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      await ada.join(room, "Ada");
      assert.deepEqual(await ada.seen(), [["status", "Ada has entered the room."]]);
      await bob.join(room, "Bob");
      assert.deepEqual(await bob.seen(), [["status", "Bob has entered the room."]]);
      assert.deepEqual(await ada.seen(), [entered("Bob")]);
    });

    it("text: everybody in the room gets it, the sender included, nobody else", async () => {
      const [room, elsewhere] = [fresh("room"), fresh("room")];
      const [ada, bob, eve] = [await connect(), await connect(), await connect()];
      await ada.join(room, "Ada");
      await bob.join(room, "Bob");
      await eve.join(elsewhere, "Eve");
      ada.send("text", { name: "Ada", headless: true, msg: "Class ends in 5 minutes" });
      const message = ["message", "Ada: Class ends in 5 minutes"];
      assert.deepEqual(await ada.seen(), [entered("Ada"), entered("Bob"), message]);
      assert.deepEqual(await bob.seen(ada), [entered("Bob"), message]);
      assert.deepEqual(await eve.seen(), [entered("Eve")]);
    });

    it("left: those who remain hear it, who left hears nothing more", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      await ada.join(room, "Ada");
      await bob.join(room, "Bob");
      await ada.seen();
      await bob.seen();
      ada.send("left", { name: "Ada", headless: true });
      await bob.waitFor("status", "Ada has left the room.");
      bob.say("between us");
      assert.deepEqual(await bob.seen(), [["status", "Ada has left the room."], said("Bob", "between us")]);
      await ada.join(fresh("room"), "Ada");
      assert.deepEqual(await ada.seen(), [entered("Ada")], "nothing of the room that it left");
    });

    it("left, then joined: the person enters again", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      await bob.join(room, "Bob");
      await ada.join(room, "Ada");
      await ada.ask("left", {});
      await ada.join(room, "Ada");
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada"), entered("Ada")]);
    });

    it("an ack that is asked for always comes", async () => {
      const room = fresh("room");
      const [ada, bob] = [await connect(), await connect()];
      assert.deepEqual(await ada.join(room, "Ada"), { ok: true, room, members: ["Ada"], count: 1 });
      assert.deepEqual(await bob.join(room, "Bob"), { ok: true, room, members: ["Ada", "Bob"], count: 2 });
      assert.deepEqual(await ada.ask("text", { headless: true, msg: "hello" }), { ok: true });
      assert.deepEqual(await ada.ask("left", { headless: true }), { ok: true });
      const { ok, error } = await ada.ask("text", { headless: true, msg: "hello?" });
      assert.equal(ok, false);
      assert.deepEqual(Object.keys(error), ["code", "message"]);
      assert.equal(error.code, "not_joined");
      assert.match(error.message, /^\w.*\.$/);
    });

    it("text and left before joined: not_joined, with and without an ack", async () => {
      const ada = await connect();
      for (const [event, body] of [
        ["text", { headless: true, name: "Ada", msg: "hello" }],
        ["left", { headless: true, name: "Ada" }],
      ]) {
        const { ok, error } = await ada.ask(event, body);
        assert.deepEqual([ok, error.code], [false, "not_joined"]);
        ada.send(event, body);
        await ada.waitFor("status", `Error: ${error.message}`);
      }
    });

    it("unknown keys and further arguments are ignored", async () => {
      const room = fresh("room");
      const ada = await connect();
      const body = { headless: true, name: "Ada", room, extra: { deep: [1, null] }, "": 0 };
      assert.deepEqual(await ada.ask("joined", body, "and more"), {
        ok: true,
        room,
        members: ["Ada"],
        count: 1,
      });
      assert.deepEqual(await ada.ask("text", { msg: "hello", room: 7, extra: null }, 1, 2), { ok: true });
      assert.deepEqual(await ada.seen(), [entered("Ada"), said("Ada", "hello")]);
    });

    it("a message is passed on untouched", async () => {
      const ada = await connect();
      await ada.join(fresh("room"), "Ada");
      const texts = [
        " spaces, tabs\tand line\nbreaks stay ",
        "<img src=x onerror=alert(1)></script>&amp;",
        "bidi \u202Eevil\u202C, zero width \u200B\u200D\uFEFF, control \u0000\u0001\u001E\u007F\u0085",
        "decomposed e\u0301 and A\u030A stay decomposed",
        "👩‍👩‍👧‍👦 𝒜 日本語 العربية",
        '"quotes" \\ backslashes \\u0041 \u2028\u2029',
        " ",
        "\u0000",
        "0",
      ];
      for (const msg of texts) assert.deepEqual(await ada.ask("text", { headless: true, msg }), { ok: true });
      assert.deepEqual(await ada.seen(), [entered("Ada"), ...texts.map((msg) => said("Ada", msg))]);
    });

    it("lone surrogates become U+FFFD", async () => {
      const room = fresh("room");
      const ada = await connect();
      const ack = await ada.join(`${room}\uD800`, "A\uDC00da");
      assert.deepEqual([ack.room, ack.members], [`${room}\uFFFD`, ["A\uFFFDda"]]);
      await ada.ask("text", { headless: true, msg: "a\uD83Db\uDE00c", name: "x\uD800" });
      assert.deepEqual(await ada.seen(), [entered("A\uFFFDda"), said("x\uFFFD", "a\uFFFDb\uFFFDc")]);
    });
  });
}

it("joined: the ack lists at most 1,000 names and counts all", async () => {
  const room = fresh("room");
  for (let start = 0; start < 1001; start += 50) {
    const names = Array.from({ length: Math.min(50, 1001 - start) }, (_, index) => `P${start + index}`);
    await Promise.all(
      names.map((name) => Poller.open(server, packet("joined", { headless: true, name, room }))),
    );
  }
  const ada = await Client.connect(server);
  const ack = await ada.join(room, "Ada");
  assert.equal(ack.count, 1002);
  assert.equal(new Set(ack.members).size, 1000);
  assert.ok(!ack.members.includes("Ada"), "the first 1,000, and Ada came last");
});
