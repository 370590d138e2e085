import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { countWords, left, recounted, recounts } from "../src/alertcount.ts";
import { Countdowns } from "../src/countdowns.ts";
import { speak } from "../src/language.ts";
import type { Alert } from "../src/protocol.ts";

const { chat, screen } = JSON.parse(
  readFileSync(new URL("../../../languages/en.json", import.meta.url), "utf8"),
);
speak("en", { ...chat, ...screen });

const MINUTE = 60_000;
const START = Date.parse("2026-11-30T09:00:00Z");
const none = { countdown_to: null, remaining: null };
const running = { countdown_to: "2026-11-30T09:05:00.000Z", remaining: null };
const paused = { countdown_to: null, remaining: 83.5 };

test("what is left of a countdown runs, or stays while it is paused", () => {
  assert.deepEqual(
    [left(running, START), left(running, START + 6 * MINUTE), left(paused, START), left(none, START)],
    [5 * MINUTE, 0, 83_500, 0],
  );
  assert.deepEqual(
    [running, paused, none].map((one) => countWords(one, START)),
    ["5:00 left", "paused, 1:24 left", ""],
  );
});

test("a host is offered what can become of a countdown, and each is the same when it is asked for twice", () => {
  assert.deepEqual([none, running, paused].map(recounts), [
    [],
    ["count_pause", "count_extend", "count_cancel"],
    ["count_resume", "count_extend", "count_cancel"],
  ]);
  assert.deepEqual(recounted(running, "count_pause"), { paused: true });
  assert.deepEqual(recounted(paused, "count_resume"), { paused: false });
  assert.deepEqual(recounted(running, "count_cancel"), { countdown_to: null });
  assert.deepEqual(recounted(running, "count_extend"), {
    countdown_to: "2026-11-30T09:06:00.000Z",
    countdown_from: running.countdown_to,
  });
  assert.deepEqual(recounted(paused, "count_extend"), {
    countdown_to: 143.5,
    paused: true,
    countdown_from: 83.5,
  });
});

test("a countdown is said at 5 minutes, 1 minute and 10 seconds, once each, and not late", () => {
  const said: string[] = [];
  const countdowns = new Countdowns((words) => said.push(words));
  const alert = { ...running, id: "1", level: "info", text: "Bell", drill: false } as unknown as Alert;
  const to = Date.parse("2026-11-30T09:05:00.000Z");
  for (let before = 6 * MINUTE; before > -1_000; before -= 100) countdowns.look([alert], to - before);
  assert.deepEqual(said, [
    "5 minutes left. Information: Bell",
    "1 minute left. Information: Bell",
    "10 seconds left. Information: Bell",
  ]);
  said.length = 0;
  countdowns.look([{ ...alert, id: "2" }], to - 2 * MINUTE);
  countdowns.look([{ ...alert, id: "2" }], to - MINUTE + 20_000);
  assert.deepEqual(said, [], "the page slept");
});

test("a countdown of exactly 5 minutes, 1 minute or 10 seconds is said, and once, even if the clock is measured anew", () => {
  const to = Date.parse("2026-11-30T09:05:00.000Z");
  const alert = { ...running, level: "info", text: "Bell", drill: false } as unknown as Alert;
  const said: [string, number][] = [];
  const countdowns = new Countdowns((words, _, left) => said.push([words, left]));
  for (const [id, left] of [
    ["1", 5 * MINUTE],
    ["2", MINUTE],
    ["3", 10_000],
  ] as const)
    for (const passed of [80, 180, -40, 20, 400]) countdowns.look([{ ...alert, id }], to - left + passed);
  assert.deepEqual(said, [
    ["5 minutes left. Information: Bell", 5 * MINUTE - 80],
    ["1 minute left. Information: Bell", MINUTE - 80],
    ["10 seconds left. Information: Bell", 9_920],
  ]);
  said.length = 0;
  countdowns.look([{ ...alert, id: "3", ...paused, countdown_to: null }], to - 9_500);
  assert.deepEqual(said, [], "paused");
});
