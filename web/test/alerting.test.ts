import assert from "node:assert/strict";
import { test } from "node:test";
import { passed } from "../src/alertmarks.ts";
import { fill } from "../src/template.ts";

test("a countdown is said at 5 minutes, 1 minute and 10 seconds, once each, and not while it begins", () => {
  const said: [number, number][] = [];
  let before = 400_000;
  for (let left = 400_000; left > -3_000; left -= 1_000) {
    const mark = passed(before, left);
    if (mark !== undefined) said.push([mark, left]);
    before = left;
  }
  assert.deepEqual(said, [
    [300, 300_000],
    [60, 60_000],
    [10, 10_000],
  ]);
  assert.equal(passed(250_000, 250_000), undefined);
  assert.equal(passed(400_000, 5_000), 10, "after a sleep, only the last");
});

test("blanks are filled, and those of which nothing is known stay", () => {
  const values = new Map([
    ["place", " the yard "],
    ["who", ""],
  ]);
  assert.equal(fill("Ice in {place}, {place}: {who} {x", values), "Ice in the yard, the yard: {who} {x");
});
