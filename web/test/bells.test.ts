import assert from "node:assert/strict";
import { test } from "node:test";
import { dateIn, daysLater, lastWhole, timeIn, timesOn } from "../src/bellday.ts";
import { isAmong, readRule, weekday, writeRule } from "../src/bellrule.ts";

test("a rule that gives days of the week is read, and written as it was", () => {
  for (const rule of [
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY;BYDAY=SA;UNTIL=20270630",
  ]) {
    const weekly = readRule(rule);
    assert.ok(weekly !== undefined, rule);
    assert.equal(writeRule(weekly), rule);
  }
  assert.deepEqual(readRule("FREQ=DAILY;INTERVAL=1;BYDAY=FR,MO"), { days: [1, 5], until: undefined });
});

test("a rule that says more is none for a form", () => {
  for (const rule of [
    "FREQ=MONTHLY;BYDAY=1WE",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
    "FREQ=DAILY;COUNT=3",
    "FREQ=DAILY;BYMONTH=12",
  ])
    assert.equal(readRule(rule), undefined, rule);
});

test("days are those of the place where a bell rings", () => {
  const at = Date.parse("2026-11-30T23:30:15Z");
  assert.deepEqual([dateIn("Europe/Berlin", at), timeIn("Europe/Berlin", at)], ["2026-12-01", "00:30:15"]);
  assert.deepEqual([dateIn("UTC", at), timeIn("UTC", at - 15_000)], ["2026-11-30", "23:30"]);
  assert.equal(daysLater("2026-12-31", 1), "2027-01-01");
  assert.deepEqual([weekday("2026-11-30"), weekday("2026-12-06")], [1, 7]);
  assert.ok(isAmong("2026-12-24", ["2026-12-24"]) && isAmong("2027-01-06", ["2026-12-24/2027-01-06"]));
  assert.ok(!isAmong("2027-01-07", ["2026-12-24/2027-01-06"]));
});

test("what rings on a day is known from what is to come, and of today from the bell itself", () => {
  const bell = {
    id: "lesson",
    rule: "FREQ=WEEKLY;BYDAY=MO,TU",
    times: ["08:40", "12:30"],
    zone: "UTC",
    except: ["2026-12-07"],
    days: { "2026-12-08": [] },
  };
  // A Monday, between the two times.
  const now = Date.parse("2026-11-30T10:00:00Z");
  const rings = ["2026-11-30T12:30:00.000Z", "2026-12-01T08:40:00.000Z"].map((at) => ({
    at,
    bell: "lesson",
  }));
  const on = (date: string, known = rings) => timesOn(bell, date, { rings: known }, now);
  assert.deepEqual(on("2026-11-30"), ["08:40", "12:30"], "also what is over");
  assert.deepEqual(on("2026-11-30", []), [], "a holiday that only the server knows");
  assert.deepEqual(on("2026-12-01"), ["08:40"], "as the server says");
  assert.deepEqual(on("2026-12-08"), [], "a day that was changed");
});

test("when there are more times than came, the last of the days is the one before that of the last, where it comes first", () => {
  const bell = { id: "lesson", rule: "FREQ=DAILY", times: ["08:40"], days: {} };
  const bells = ["UTC", "Europe/Berlin", "America/New_York"].map((zone) => ({ ...bell, zone }));
  const rings = ["2026-11-30T08:40:00.000Z", "2026-12-04T03:00:00.000Z"].map((at) => ({
    at,
    bell: "lesson",
  }));
  const last = (known: object) => lastWhole({ bells, rings, more: true, ...known }, "2026-12-27");
  assert.equal(last({}), "2026-12-02", "in New York it is still the third");
  assert.equal(last({ bells: bells.slice(0, 2) }), "2026-12-03");
  assert.equal(last({ more: false }), "2026-12-27");
  assert.equal(last({ rings: [] }), "", "nothing is known");
});
