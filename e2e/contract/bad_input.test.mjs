// Wrong content in a well-formed event: an error to the sender alone, in the ack or as a `status`, and nothing else.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, said, TRANSPORTS } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();

const LONG = "x".repeat(100_000);
const BINARY = Buffer.from([1, 2, 3]);
const NOTHING = Symbol("no body at all");
const NOT_OBJECTS = {
  "no body": NOTHING,
  null: null,
  "a string": "joined",
  "an empty string": "",
  "a number": 7,
  true: true,
  "an array": [],
  "an array with an object": [{ headless: true, name: "Ada", room: "r", msg: "m" }],
  "binary data": BINARY,
  "an object with binary data": { headless: true, name: "Ada", room: "r", msg: BINARY },
  "an object with unread binary data": { headless: true, name: "Ada", room: "r", msg: "m", more: [BINARY] },
};
const NOT_STRINGS = {
  null: null,
  "a number": 7,
  true: true,
  "an array": ["Ada"],
  "an object": { name: "Ada" },
};
const EMPTY = ["", " ", " \t\n ", "\u200B", "\u202E\u202C", "\uFEFF \u2060", "\u200D"];
const CONTROL = [
  "a\nb",
  "a\rb",
  "a\tb",
  "a\u0000b",
  "\u0007",
  "a\u001Bb",
  "a\u007Fb",
  "a\u0085b",
  "a\u2028b",
  "a\u2029b",
];
const NAME_TOO_LONG = ["x".repeat(65), LONG, "👩".repeat(65), "e\u0301".repeat(65)];
const ROOM_TOO_LONG = ["x".repeat(129), LONG];
const MSG_TOO_LONG = ["x".repeat(16_385), "é".repeat(8_193), LONG];

const good = { headless: true, name: "Ada", room: "elsewhere", msg: "hello" };
const without = (key) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== key));

/** `[event, what, body, code]` for every row of the table. */
const TABLE = [
  ...["joined", "text", "left"].flatMap((event) =>
    Object.entries(NOT_OBJECTS).map(([what, body]) => [event, what, body, "invalid_body"]),
  ),
  ["joined", "no name", without("name"), "name_required"],
  ["joined", "no room", without("room"), "room_required"],
  ["text", "no msg", without("msg"), "msg_required"],
  ["text", "an empty msg", { ...good, msg: "" }, "msg_required"],
  ...rows("joined", "name", NOT_STRINGS, "invalid_body"),
  ...rows("joined", "room", NOT_STRINGS, "invalid_body"),
  ...rows("text", "name", NOT_STRINGS, "invalid_body"),
  ...rows("text", "msg", NOT_STRINGS, "invalid_body"),
  ...rows("left", "name", NOT_STRINGS, "invalid_body"),
  ...rows("joined", "name", EMPTY, "name_required"),
  ...rows("joined", "room", EMPTY, "room_required"),
  ...rows("text", "name", EMPTY, "name_required"),
  ...rows("joined", "name", CONTROL, "name_invalid"),
  ...rows("joined", "room", CONTROL, "room_invalid"),
  ...rows("text", "name", CONTROL, "name_invalid"),
  ...rows("joined", "name", NAME_TOO_LONG, "name_too_long"),
  ...rows("joined", "room", ROOM_TOO_LONG, "room_too_long"),
  ...rows("text", "name", NAME_TOO_LONG, "name_too_long"),
  ...rows("text", "msg", MSG_TOO_LONG, "msg_too_long"),
  ...["Text", "join", "message", "status", "", "__proto__", "unknown"].map((event) => [
    event,
    "an unknown event",
    good,
    "unknown_event",
  ]),
  ["unknown", "an unknown event without a body", NOTHING, "unknown_event"],
  ["unknown", "an unknown event with binary data", BINARY, "unknown_event"],
];

function rows(event, key, values, code) {
  const named = Array.isArray(values)
    ? values.map((value) => [JSON.stringify(value).slice(0, 30), value])
    : Object.entries(values);
  return named.map(([what, value]) => [event, `${key} is ${what}`, { ...good, [key]: value }, code]);
}

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    it(`each of ${TABLE.length} wrong bodies is answered, with and without an ack, and reaches nobody else`, async () => {
      const room = fresh("room");
      const [ada, bob] = [await Client.connect(server, transport), await Client.connect(server)];
      await bob.join(room, "Bob");
      await ada.join(room, "Ada");
      await ada.seen();
      const sent = ada.socket.id;
      const wrong = [];
      for (const [event, what, body, code] of TABLE) {
        const args = body === NOTHING ? [] : [body];
        const ack = await ada.ask(event, ...args);
        ada.send(event, ...args);
        const heard = await ada.seen();
        const shown = [["status", `Error: ${ack.error?.message}`]];
        const isRight = ack.ok === false && ack.error.code === code && Object.keys(ack).join() === "ok,error";
        if (!isRight) wrong.push(`${event}, ${what}: expected ${code}, not ${JSON.stringify(ack)}`);
        if (JSON.stringify(heard) !== JSON.stringify(shown)) {
          wrong.push(`${event}, ${what}: without an ack the sender got ${JSON.stringify(heard)}`);
        }
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual([ada.socket.id, ada.drops], [sent, []], "the connection stays");
      await ada.ask("text", { headless: true, msg: "and goes on" });
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), said("Ada", "and goes on")]);
    });

    it("a client that never joined is answered too", async () => {
      const ada = await Client.connect(server, transport);
      for (const [event, what, body, code] of TABLE.filter(([event]) => event === "joined")) {
        const args = body === NOTHING ? [] : [body];
        assert.equal((await ada.ask(event, ...args)).error?.code, code, what);
      }
      assert.equal((await ada.join(fresh("room"), "Ada")).ok, true);
    });
  });
}

it("what a v1 client shows for a missing room is the contract's own sentence", async () => {
  const ada = await Client.connect(server);
  ada.send("joined", { headless: true, name: "Ada" });
  await ada.waitFor("status", "Error: room is required.");
});

it("refused input is logged, without what was in it", async () => {
  const ada = await Client.connect(server);
  await ada.join(fresh("room"), "Ada");
  await ada.ask("text", { headless: true, msg: "sEcReT words" });
  assert.equal((await ada.ask("text", { headless: true, msg: `sEcReT ${LONG}` })).ok, false);
  await server.logged(/refused.*msg is longer/);
  assert.doesNotMatch(server.log, /sEcReT/);
});
