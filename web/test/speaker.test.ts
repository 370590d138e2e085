import assert from "node:assert/strict";
import { test } from "node:test";
import { Names } from "../src/speaker.ts";

const ARABIC = "\u0623\u062F\u0627";

function room(...names: string[]): Names {
  const people = new Names();
  people.present(names);
  return people;
}

test("a message is its speaker and what was said", () => {
  const table: [string, string, string][] = [
    ["Ada: hello", "Ada", "hello"],
    ["Ada: note: hello", "Ada", "note: hello"],
    [`${ARABIC}: hello`, ARABIC, "hello"],
    ["Ada: :) ", "Ada", ":) "],
    ["Ada: \n: x", "Ada", "\n: x"],
    ["10:30 bell: ring", "10:30 bell", "ring"],
    ["no speaker at all", "", "no speaker at all"],
    [": nobody", "", ": nobody"],
    ["", "", ""],
    [`${"x".repeat(200)}: far`, "", `${"x".repeat(200)}: far`],
  ];
  for (const [line, name, text] of table) assert.deepEqual(room().message(line), { name, text }, line);
});

test("a name with a colon speaks as a whole once it is known to be in the room", () => {
  const people = room("Room 4: Bell", "Room 4");
  assert.equal(people.message("Room 4: Bell: ring").name, "Room 4: Bell");
  assert.equal(people.message("Room 4: hello").name, "Room 4");
  people.status("Room 4: Bell has left the room.");
  assert.equal(people.message("Room 4: Bell: ring").name, "Room 4");
  people.status("a: b: c has entered the room.");
  assert.equal(people.message("a: b: c: d: e").name, "a: b: c");
});

test("a status is the person and what happened", () => {
  const table: [string, string, "entered" | "left" | undefined][] = [
    ["Ada has entered the room.", "Ada", "entered"],
    [`${ARABIC} has left the room.`, ARABIC, "left"],
    ["Ada has left the room. has entered the room.", "Ada has left the room.", "entered"],
    ["Error: room is required.", "", undefined],
    [" has left the room.", "", undefined],
    ["", "", undefined],
  ];
  for (const [line, name, what] of table) {
    assert.deepEqual(room().status(line), what === undefined ? { name } : { name, what }, line);
  }
});
