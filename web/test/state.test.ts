import assert from "node:assert/strict";
import { test } from "node:test";
import english from "../languages/en.json" with { type: "json" };
import { explanation, word } from "../src/indicator.ts";
import { speak } from "../src/language.ts";
import { type Change, next, type State, start, type Why } from "../src/state.ts";

speak("en", { ...english.chat, ...english.login });

const joined: Change = { kind: "joined" };
const retrying: Change = { kind: "retrying" };
const dropped = (at: number): Change => ({ kind: "dropped", at });
const gaveUp = (why: Why): Change => ({ kind: "gave-up", why });
const after = (...changes: Change[]): State => changes.reduce(next, start);

test("a page starts out connecting, and is connected only once it has joined", () => {
  assert.equal(start.phase, "connecting");
  assert.equal(after(joined).phase, "connected");
});

test("a loss is reconnecting, and remembers the first moment from which messages are missing", () => {
  const state = after(joined, dropped(1_000), dropped(2_000));
  assert.deepEqual(state, { phase: "reconnecting", why: null, missingSince: 1_000 });
});

test("the moment survives being lost and trying again, and ends with joining", () => {
  const state = after(joined, dropped(1_000), gaveUp("unreachable"), retrying);
  assert.deepEqual(state, { phase: "reconnecting", why: null, missingSince: 1_000 });
  assert.equal(next(state, joined).missingSince, null);
});

test("before the first join nothing is missing, so trying again is connecting", () => {
  const state = after(dropped(1_000), gaveUp("unreachable"), retrying);
  assert.deepEqual(state, start);
});

test("a working connection is not lost because a timer or the browser says so", () => {
  for (const why of ["offline", "unreachable"] as const) {
    assert.equal(after(joined, gaveUp(why)).phase, "connected", why);
  }
});

test("a refusal ends even a working connection", () => {
  assert.deepEqual(after(joined, gaveUp("refused")), { phase: "lost", why: "refused", missingSince: null });
});

test("the first reason stays, until one comes that does not heal by itself", () => {
  const offline = after(joined, dropped(1), gaveUp("offline"));
  assert.equal(next(offline, gaveUp("unreachable")).why, "offline");
  assert.equal(next(offline, gaveUp("refused")).why, "refused");
  const left = after(joined, gaveUp("left"));
  assert.equal(next(left, gaveUp("ended")).why, "left");
});

test("a change that changes nothing gives the same object back", () => {
  const connected = after(joined);
  assert.equal(next(connected, joined), connected);
  assert.equal(next(connected, retrying), connected);
});

test("every state has a word, and every trouble an explanation", () => {
  assert.equal(word(after(joined)), "Connected");
  assert.equal(explanation(after(joined)), "");
  assert.equal(word(after(joined, gaveUp("left"))), "Leaving");
  for (const why of ["offline", "unreachable", "ended"] as const) {
    const state = after(joined, dropped(0), gaveUp(why));
    assert.equal(word(state), "Connection lost");
    assert.match(explanation(state), /as far as the server has kept it/, why);
    // Who never was in the room misses nothing.
    assert.doesNotMatch(explanation(after(gaveUp(why))), /meantime/, why);
  }
});
