import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../src/notifysettings.ts";
import { isQuiet, minutes } from "../src/quiethours.ts";

const at = (hour: number, minute: number): Date => new Date(2026, 10, 30, hour, minute);

test("quiet hours begin with their first minute, end before their last, and may go past midnight", () => {
  const night = { from: "22:00", to: "07:00" };
  const found = [at(21, 59), at(22, 0), at(23, 59), at(0, 0), at(6, 59), at(7, 0)];
  assert.deepEqual(
    found.map((now) => isQuiet(night, now)),
    [false, true, true, true, true, false],
  );
  const noon = { from: "12:00", to: "13:30" };
  assert.deepEqual(
    [at(11, 59), at(12, 0), at(13, 29), at(13, 30)].map((now) => isQuiet(noon, now)),
    [false, true, true, false],
  );
});

test("with the same time twice it is quiet all day, and without any never", () => {
  assert.ok(isQuiet({ from: "08:00", to: "08:00" }, at(3, 0)));
  assert.ok(!isQuiet(null, at(3, 0)));
  assert.ok(!isQuiet({ from: "", to: "08:00" }, at(3, 0)));
});

test("a time of day is one that a clock shows", () => {
  assert.deepEqual(["00:00", "23:59"].map(minutes), [0, 1439]);
  assert.deepEqual(
    ["24:00", "7:00", "12:60", "", "12:00:00"].map(minutes),
    Array.from({ length: 5 }, () => undefined),
  );
});

test("settings that cannot be read are those of the beginning", () => {
  const first = { on: false, messages: true, push: false, quiet: null };
  for (const found of [null, {}, [], 3, { on: "yes", messages: 1, quiet: { from: "25:00", to: "07:00" } }])
    assert.deepEqual(parse(found), first);
  const kept = { on: true, messages: false, push: true, quiet: { from: "22:00", to: "07:00" } };
  assert.deepEqual(parse(JSON.parse(JSON.stringify(kept))), kept);
});
