import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerTime } from "../src/servertime.ts";

/** A server whose clock is `ahead` of the page's count, over a line with these delays (ms), there and back. */
function over(delays: readonly (readonly [number, number])[], ahead: () => number) {
  let now = 100;
  const left = [...delays];
  const time = new ServerTime(
    async () => {
      const delay = left.shift();
      if (delay === undefined) return undefined;
      now += delay[0];
      const received = now + ahead();
      now += delay[1];
      return { received, sent: received };
    },
    () => now,
    async () => {},
  );
  return { time, now: () => now, pass: (by: number) => (now += by) };
}

test("the shortest of several round trips says what time it is", async () => {
  const line = over(
    [
      [300, 10],
      [20, 22],
      [10, 400],
    ],
    () => 3_600_000,
  );
  await line.time.measure();
  assert.equal(line.time.now(), line.now() + 3_600_000 - 1);
});

test("what came with the server's time counts until it is measured, and no longer", async () => {
  const line = over([[5, 5]], () => 1_000);
  assert.equal(line.time.isKnown, false);
  line.time.heard(line.now() + 900);
  line.time.heard(line.now() + 800);
  assert.equal(line.time.now(), line.now() + 900);
  await line.time.measure();
  assert.equal(line.time.now(), line.now() + 1_000);
  line.time.heard(line.now() + 2_000);
  assert.equal(line.time.now(), line.now() + 1_000);
});

test("without an answer, what is known stays", async () => {
  const line = over([[5, 5]], () => 1_000);
  await line.time.measure();
  await line.time.measure();
  assert.equal(line.time.now(), line.now() + 1_000);
});

test("a clock that was set counts at once, and what was measured before it does not", async () => {
  let ahead = 0;
  const line = over(
    [
      [5, 5],
      [5, 5],
      [5, 5],
    ],
    () => ahead,
  );
  const before = line.time.measure();
  ahead = -3_600_000;
  line.time.set(line.now() + ahead);
  await before;
  assert.equal(line.time.now(), line.now() + ahead);
});
