import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder } from "../src/alertorder.ts";

test("what is real comes before every drill, then the most serious, then the newest", () => {
  const one = (level: "info" | "warning" | "emergency", drill: boolean, minute: number) => ({
    level,
    drill,
    at: `2026-11-29T08:0${minute}:00.000Z`,
  });
  const wanted = [
    one("emergency", false, 1),
    one("warning", false, 3),
    one("warning", false, 2),
    one("info", false, 5),
    one("emergency", true, 9),
    one("info", true, 9),
  ];
  assert.deepEqual(inOrder(wanted.toReversed()), wanted);
});
