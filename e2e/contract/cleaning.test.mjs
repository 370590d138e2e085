// Names and room codes are cleaned before they count, and limits count what is left.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, said, TRANSPORTS } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();

/** What is sent, and the name that it becomes. */
const CLEANED = [
  ["  Ada\t", "Ada"],
  ["\u00A0Ada\u3000", "Ada"],
  ["Ada  Lovelace", "Ada  Lovelace"],
  ["E\u0301va", "\u00C9va"],
  ["\u202Eadda\u202C", "adda"],
  ["\u2066A\u2069d\u200Ea\u200F", "Ada"],
  ["A\u200Bd\uFEFFa\u2060", "Ada"],
  ["\u200DAda\u200C", "Ada"],
  ["نامه\u200Cای", "نامه\u200Cای"],
  ["👩\u200D👩\u200D👧", "👩\u200D👩\u200D👧"],
  ["aDa", "aDa"],
  ['<b>"Ada"</b>\'', '<b>"Ada"</b>\''],
  ["7", "7"],
];

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    it("names are cleaned on joined and on text, room codes on joined", async () => {
      for (const [sent, clean] of CLEANED) {
        const ada = await Client.connect(server, transport);
        assert.deepEqual((await ada.join(fresh("room"), sent)).members, [clean]);
        await ada.ask("text", { headless: true, name: sent, msg: sent });
        assert.deepEqual(await ada.seen(), [entered(clean), said(clean, sent)], JSON.stringify(sent));
        assert.equal((await ada.join(sent, fresh("name"))).room, clean);
      }
    });

    it("spellings of one room code are one room", async () => {
      const room = fresh("room");
      const [ada, bob] = [await Client.connect(server, transport), await Client.connect(server, transport)];
      assert.equal((await ada.join(`${room}\u00E9`, "Ada")).count, 1);
      const ack = await bob.join(` ${room}\u200Be\u0301 `, "Bob");
      assert.deepEqual(ack, { ok: true, room: `${room}\u00E9`, members: ["Ada", "Bob"], count: 2 });
    });

    it("the longest name, room code and message are accepted, counted after cleaning", async () => {
      for (const name of [
        "x".repeat(64),
        "𝒜".repeat(64),
        "e\u0301".repeat(64),
        `${"x".repeat(64)}${"\u200B".repeat(500)}`,
      ]) {
        const ada = await Client.connect(server, transport);
        const clean = name.replaceAll("\u200B", "").normalize();
        assert.deepEqual((await ada.join(fresh("room"), name)).members, [clean]);
      }
      const ada = await Client.connect(server, transport);
      const room = `${fresh("room")} ${"𝒜".repeat(128)}`;
      const longest = [...room].slice(0, 128).join("");
      assert.equal((await ada.join(longest, "Ada")).room, longest);
      for (const msg of ["x".repeat(16_384), "é".repeat(8_192), "\u0000".repeat(16_384)]) {
        assert.deepEqual(await ada.ask("text", { headless: true, msg }), { ok: true });
        await ada.waitFor("message", `Ada: ${msg}`);
      }
    });
  });
}

describe("limits that were set", () => {
  const small = serverFor("--max-name-chars", "4", "--max-room-chars", "6", "--max-msg-bytes", "8");

  it("hold, and the error names them", async () => {
    const ada = await Client.connect(small);
    const codes = [
      ["joined", { headless: true, name: "abcde", room: "r" }, "name_too_long", /4/],
      ["joined", { headless: true, name: "Ada", room: "1234567" }, "room_too_long", /6/],
      ["joined", { headless: true, name: "abcd", room: "123456" }, undefined],
      ["text", { msg: "123456789" }, "msg_too_long", /8/],
      ["text", { msg: "12345678" }, undefined],
    ];
    for (const [event, body, code, names] of codes) {
      const { error } = await ada.ask(event, body);
      assert.equal(error?.code, code, JSON.stringify(body));
      if (names) assert.match(error.message, names);
    }
  });
});
