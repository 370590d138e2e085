import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { sentence } from "../src/deeds.ts";
import { speak } from "../src/language.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
before(() => speak("en", JSON.parse(read("languages/en.json")).chat));

const said = (action: string, to: string | null = null, detail: string | null = null, by = "Ada"): string =>
  sentence({ at: "", by, action, to, detail }, (name) => name).join("");

test("each line of the audit log is a sentence", () => {
  const all = "password set, announce on, locked off, slow 60 s, most 1, reserved 2, history none, closed on";
  for (const [line, right] of [
    [said("make"), "Ada made the room"],
    [said("make", null, "with the rules of another room"), "Ada moved here from the room’s old code"],
    [
      said("set", null, all),
      "Ada changed: Password: on, Only hosts: on, Lock the room: off, Slow mode: 1 minute, Maximum number of people: 1, " +
        "Reserved names: 2, Latecomers see what was said before: off, Room closed: on",
    ],
    [said("set", null, "slow 0 s"), "Ada changed: Slow mode: off"],
    [said("set", null, "colour blue"), "Ada changed: colour blue"],
    [said("remove", "17"), "Ada removed a message"],
    [said("kick", "Bob", null, "whoever runs the server"), "The administrator removed Bob from the room"],
    [said("unmute", "Bob"), "Ada let Bob write again"],
    [said("ban", "Bob"), "Ada banned Bob"],
    [said("ban", "192.0.2.7/32", "of Bob", "server"), "server banned 192.0.2.7/32, the address of Bob"],
    [said("unban", "Bob"), "Ada lifted the ban on Bob"],
    [said("close"), "Ada closed the room"],
    [said("word", "Bob", "given"), "Ada gave Bob the floor"],
    [said("word", "Bob", "taken"), "Ada took the floor back from Bob"],
    [said("key"), "Ada made a new host link"],
    [said("bell", "lesson-1"), "Ada changed the bells"],
  ])
    assert.equal(line, right);
  assert.match(
    said("mute", "Bob", "until 2030-01-02T03:04:05.000Z"),
    /^Ada muted Bob until Jan \d, 2030, \d+:\d\d/,
  );
});

test("what the server does has a sentence each", () => {
  const source = read("../crates/alert-core/src/room/policy/audit.rs");
  const deeds = [...source.matchAll(/\(Deed::\w+, "(\w+)"\)/g)].map(([, deed]) => deed ?? "");
  assert.ok(deeds.length >= 12);
  const others = deeds.filter((deed) => !["hand", "set"].includes(deed));
  for (const deed of others) assert.notEqual(said(deed), said("set"), deed);
});
