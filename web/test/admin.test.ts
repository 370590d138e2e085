import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sentence } from "../src/admin-audit.ts";
import { bytes, duration, grown, type Now, rates, short } from "../src/admin-state.ts";

const now = (at: number, said: number, number: number, more: Partial<Now> = {}): Now => ({
  version: "1",
  at,
  started: 0,
  is_draining: false,
  history: "file",
  troubles: [],
  connections: {},
  most_connections: null,
  rooms_in_all: 1,
  people: 1,
  queue_bytes: 0,
  is_congested: false,
  totals: { said, deliveries: said * 3, entered: 0, closed: {}, refused: {} },
  rooms: [{ room: "a", people: 1, here: 1, listeners: 0, epoch: "e", number, is_under_pressure: false }],
  slow: [],
  nodes: [],
  ...more,
});

test("two answers give what happened a second", () => {
  const found = rates(now(1000, 10, 4), now(3000, 30, 14));
  assert.deepEqual([found?.said, found?.deliveries, found?.rooms.get("a")], [10, 30, 5]);
});

test("a server that has started anew, or a room that has, gives no rate of the past", () => {
  assert.equal(rates(now(1000, 100, 4), now(3000, 1, 1, { started: 2000 })), undefined);
  assert.equal(rates(now(1000, 1, 1), now(1000, 2, 2)), undefined);
  const before = now(1000, 1, 50);
  const other = { ...before, rooms: before.rooms.map((room) => ({ ...room, epoch: "another" })) };
  assert.equal(rates(other, now(3000, 2, 60))?.rooms.get("a"), 0);
});

test("what has grown comes with the most first, and nothing else", () => {
  assert.deepEqual(grown({ a: 1, b: 5 }, { a: 3, b: 5, c: 7, d: 2 }), [
    ["c", 7],
    ["a", 2],
    ["d", 2],
  ]);
});

test("numbers, sizes and times are short", () => {
  assert.deepEqual([0, 0.25, 9.96, 12.3, 12_345, 1_234_567].map(short), [
    "0",
    "0.3",
    "10",
    "12",
    "12,345",
    "1.2M",
  ]);
  assert.deepEqual([0, 999, 1000, 1_048_576, 5e12].map(bytes), ["0 B", "999 B", "1 kB", "1 MB", "5,000 GB"]);
  assert.deepEqual([0, 59_000, 61_000, 3_600_000, 90_061_000].map(duration), [
    "0 s",
    "59 s",
    "1 min 1 s",
    "1 h",
    "1 d 1 h",
  ]);
});

test("each line of the audit log is a sentence", () => {
  const said = (deed: string, to: string | null = null, detail: string | null = null, by = "host"): string =>
    sentence({ at: 0, by, deed, to, detail }).replaceAll(/[\u2068\u2069]/g, "");
  const all = "password set, announce on, locked off, slow 60 s, most 1, reserved 2, history none, closed on";
  for (const [line, right] of [
    [said("make"), "host made the room"],
    [said("make", null, "with the rules of another room"), "host moved here from the room’s old code"],
    [
      said("set", null, all),
      "host set a password, let only hosts write, unlocked the room, set slow mode to 1 minute, let in 1 person at most, " +
        "reserved 2 names, hid from latecomers what was said before, closed the room",
    ],
    [said("set", null, "slow 0 s"), "host switched slow mode off"],
    [said("set", null, "colour blue"), "host colour blue"],
    [said("remove", "17"), "host removed a message"],
    [said("kick", "Bob", null, "whoever runs the server"), "the administrator removed Bob from the room"],
    [said("unmute", "Bob"), "host unmuted Bob"],
    [said("ban", "Bob"), "host banned Bob"],
    [said("ban", "192.0.2.7/32", "of Bob", "server"), "server banned 192.0.2.7/32, the address of Bob"],
    [said("unban", "Bob"), "host lifted the ban on Bob"],
    [said("close"), "host closed the room"],
    [said("word", "Bob", "given"), "host gave Bob the floor"],
    [said("word", "Bob", "taken"), "host took the floor back from Bob"],
    [said("key"), "host made a new host link"],
    [said("new_deed", "Bob", "twice"), "host new deed Bob twice"],
  ])
    assert.equal(line, right);
  assert.match(
    said("mute", "Bob", "until 2030-01-02T03:04:05.000Z"),
    /^host muted Bob until Jan \d, 2030, \d+:\d\d/,
  );
});

test("what the server does has a sentence each", () => {
  const source = readFileSync(
    new URL("../../../../crates/alert-core/src/room/policy/audit.rs", import.meta.url),
    "utf8",
  );
  const deeds = [...source.matchAll(/\(Deed::\w+, "(\w+)"\)/g)].map(([, deed]) => deed ?? "");
  assert.ok(deeds.length >= 12);
  for (const deed of deeds.filter((deed) => deed !== "hand")) {
    const line = sentence({ at: 0, by: "host", deed, to: null, detail: null });
    assert.notEqual(line, `\u2068host\u2069 ${deed}`, deed);
  }
});
