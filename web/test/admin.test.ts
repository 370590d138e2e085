import assert from "node:assert/strict";
import { test } from "node:test";
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
