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

test("a fresh code is nine characters in threes, can be told from a word, and is never the same", () => {
  const codes = Array.from({ length: 2_000 }, freshCode);
  for (const code of codes) {
    // Of Crockford's alphabet, without vowels; a digit from 2 on before a letter is no word that people choose.
    assert.match(code, /^[0-9BCDFGHJKMNP-TV-Z]{3}(-[0-9BCDFGHJKMNP-TV-Z]{3}){2}$/);
    assert.match(code, /[2-9].*[A-Z]/);
  }
  assert.equal(new Set(codes).size, codes.length);
  assert.equal(new Set(codes.join("").replaceAll("-", "")).size, 30, "every character comes");
});

test("a code of 32 digits in groups is still the same code, and others stay whole", () => {
  const code = "7C0F2E9A41D84B6FA3520C9E6D18B7F4";
  assert.equal(groups(code).length, 8);
  assert.equal(groups(code).join(""), code);
  for (const code of ["room 7", "K7Q-FM2-XD9", "7C0F"]) assert.deepEqual(groups(code), [code]);
});

test("a message is measured in bytes of UTF-8", () => {
  assert.equal(excess("a".repeat(MAX_BYTES), MAX_BYTES), 0);
  assert.equal(excess("a".repeat(MAX_BYTES + 1), MAX_BYTES), 1);
  assert.equal(excess("é".repeat(MAX_BYTES / 2), MAX_BYTES), 0);
  assert.equal(excess("é".repeat(MAX_BYTES / 2 + 1), MAX_BYTES), 2);
  assert.equal(excess("😀".repeat(MAX_BYTES / 4 + 1), MAX_BYTES), 4);
});
