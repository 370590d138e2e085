import assert from "node:assert/strict";
import { test } from "node:test";
import { isolated, People } from "../src/speaker.ts";

const ARABIC = "\u0623\u062F\u0627";

function room(...names: string[]): People {
  const people = new People();
  people.present(names);
  return people;
}

test("a message is its speaker and what was said", () => {
  const table: [string, string, string][] = [
    ["Ada: hello", "Ada", ": hello"],
    ["Ada: note: hello", "Ada", ": note: hello"],
    [`${ARABIC}: hello`, ARABIC, ": hello"],
    ["Ada: :) ", "Ada", ": :) "],
    ["Ada: \n: x", "Ada", ": \n: x"],
    ["10:30 bell: ring", "10:30 bell", ": ring"],
    ["no speaker at all", "", "no speaker at all"],
    [": nobody", "", ": nobody"],
    ["", "", ""],
    [`${"x".repeat(200)}: far`, "", `${"x".repeat(200)}: far`],
  ];
  for (const [text, name, rest] of table) assert.deepEqual(room().message(text), { name, rest }, text);
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
  const table: [string, string][] = [
    ["Ada has entered the room.", "Ada"],
    [`${ARABIC} has left the room.`, ARABIC],
    ["Ada has left the room. has entered the room.", "Ada has left the room."],
    ["Error: room is required.", ""],
    [" has left the room.", ""],
    ["", ""],
  ];
  for (const [text, name] of table) {
    const line = room().status(text);
    assert.deepEqual(line, { name, rest: text.slice(name.length) }, text);
  }
});

test("whatever comes, both parts together are the line as it came", () => {
  for (const text of ["a: b", "a has left the room.", "::: ", "\u2067x\u2069: y", "a\nb: c"]) {
    for (const { name, rest } of [room().message(text), room().status(text)]) assert.equal(name + rest, text);
  }
});

test("outside the page a name stands between isolates", () => {
  assert.equal(isolated({ name: ARABIC, rest: ": 5!" }), `\u2068${ARABIC}\u2069: 5!`);
  assert.equal(isolated({ name: "", rest: "text" }), "text");
});
