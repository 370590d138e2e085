import assert from "node:assert/strict";
import { test } from "node:test";
import { news, OPEN, type Policy, speech } from "../src/policy.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const LATER = "2026-11-28T12:10:00.000Z";
const EARLIER = "2026-11-28T11:50:00.000Z";
const speechOf = (policy: Partial<Policy>, name = "Ada", isHost = false): unknown =>
  speech({ ...OPEN, ...policy }, name, isHost, NOW);

test("everybody may write where nothing else was decided", () => {
  assert.deepEqual(speechOf({}), { kind: "free" });
  assert.deepEqual(speechOf({ locked: true, slow: 5, words: ["Ada"] }), { kind: "free" });
});

test("where only hosts write, the floor is needed, and a raised hand has its place", () => {
  assert.deepEqual(speechOf({ announce: true }), { kind: "hosts", place: 0 });
  assert.deepEqual(speechOf({ announce: true, hands: ["Bob", "Ada"] }), { kind: "hosts", place: 2 });
  assert.deepEqual(speechOf({ announce: true, words: ["Ada"] }), { kind: "word" });
  assert.deepEqual(
    speechOf({ announce: true, words: ["ada"] }),
    { kind: "hosts", place: 0 },
    "exactly one name",
  );
  assert.deepEqual(speechOf({ announce: true }, "Ms Ortega", true), { kind: "free" });
});

test("a mute holds until it ends, for whoever has the floor too, and not for hosts", () => {
  const mutes = [{ name: "Ada", until: LATER }];
  const muted = { kind: "muted", until: Date.parse(LATER) };
  assert.deepEqual(speechOf({ mutes }), muted);
  assert.deepEqual(speechOf({ mutes, announce: true, words: ["Ada"] }), muted);
  assert.deepEqual(speechOf({ mutes: [{ name: "Ada", until: null }] }), { kind: "muted", until: null });
  assert.deepEqual(speechOf({ mutes: [{ name: "Ada", until: EARLIER }] }), { kind: "free" });
  assert.deepEqual(speechOf({ mutes }, "Bob"), { kind: "free" });
  assert.deepEqual(speechOf({ mutes }, "Ada", true), { kind: "free" });
});

test("everybody hears of what concerns them, and only when it changes", () => {
  const all = { ...OPEN, announce: true, locked: true, slow: 5 };
  assert.deepEqual(news(OPEN, all), ["hosts_only", "now_locked", "slow_on"]);
  assert.deepEqual(news(all, OPEN), ["all_write", "now_unlocked", "slow_off_now"]);
  assert.deepEqual(news(all, { ...all, hands: ["Ada"], words: ["Bob"], password: true, most: 5 }), []);
});
