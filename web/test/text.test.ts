import assert from "node:assert/strict";
import { test } from "node:test";
import { freshCode, groups } from "../src/roomcode.ts";
import { excess } from "../src/size.ts";
import { span } from "../src/time.ts";

const MAX_BYTES = 16_384;

test("a span is written in its two largest units", () => {
  const table: [number, string][] = [
    [0, "1 s"],
    [400, "1 s"],
    [4_400, "4 s"],
    [59_600, "1 min"],
    [89_000, "1 min 29 s"],
    [3_600_000, "1 h"],
    [3_605_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
  ];
  for (const [milliseconds, written] of table)
    assert.equal(span(milliseconds), written, `${milliseconds} ms`);
});

test("a fresh code is 128 bits in upper-case hex, and never the same", () => {
  const codes = Array.from({ length: 100 }, freshCode);
  for (const code of codes) assert.match(code, /^[0-9A-F]{32}$/);
  assert.equal(new Set(codes).size, codes.length);
});

test("a code in groups is still the same code", () => {
  const code = freshCode();
  assert.equal(groups(code).length, 8);
  assert.equal(groups(code).join(""), code);
  assert.deepEqual(groups("room 7"), ["room 7"]);
});

test("a message is measured in bytes of UTF-8", () => {
  assert.equal(excess("a".repeat(MAX_BYTES), MAX_BYTES), 0);
  assert.equal(excess("a".repeat(MAX_BYTES + 1), MAX_BYTES), 1);
  assert.equal(excess("é".repeat(MAX_BYTES / 2), MAX_BYTES), 0);
  assert.equal(excess("é".repeat(MAX_BYTES / 2 + 1), MAX_BYTES), 2);
  assert.equal(excess("😀".repeat(MAX_BYTES / 4 + 1), MAX_BYTES), 4);
});
