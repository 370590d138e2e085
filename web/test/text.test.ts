import assert from "node:assert/strict";
import { test } from "node:test";
import { hue } from "../src/colour.ts";
import { speak } from "../src/language.ts";
import { pieces } from "../src/links.ts";
import { freshCode, groups } from "../src/roomcode.ts";
import { excess } from "../src/size.ts";
import { remaining, span } from "../src/time.ts";

speak("en", {});

const MAX_BYTES = 16_384;

test("a span is written in its two largest units", () => {
  const table: [number, string][] = [
    [0, "1 sec"],
    [400, "1 sec"],
    [4_400, "4 sec"],
    [59_600, "1 min"],
    [89_000, "1 min 29 sec"],
    [3_600_000, "1 hr"],
    [3_605_000, "1 hr"],
    [7_500_000, "2 hr 5 min"],
    [273_600_000, "3 days 4 hr"],
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

test("a link is what has one of three schemes, or is a mail address, and the rest is text", () => {
  const table: [string, string[]][] = [
    ["see https://example.org/a_(b)?q=1&x=2.", ["https://example.org/a_(b)?q=1&x=2"]],
    ["(http://a.example/c), HTTP://EXAMPLE.org!", ["http://a.example/c", "HTTP://EXAMPLE.org"]],
    [
      "http://localhost:5000/v1?room=x http://[::1]:5000/",
      ["http://localhost:5000/v1?room=x", "http://[::1]:5000/"],
    ],
    ["ada@example.org or mailto:bob@example.org", ["ada@example.org", "mailto:bob@example.org"]],
    ["\u201Ehttps://example.org/\u00E4\u201C", ["https://example.org/\u00E4"]],
    [
      "https://\u043F\u0440\u0438\u043C\u0435\u0440.example/x",
      ["https://\u043F\u0440\u0438\u043C\u0435\u0440.example/x"],
    ],
    ["main.py notes.md example.org www.example.org 1.2.3.4", []],
    ["javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd", []],
    ["ftp://a.example/c //a.example/x blob:https: https:// http:/x", []],
    ["<img src=x onerror=alert(1)> [x](javascript:alert(1))", []],
    ["https://a.example/\u202Efdp.exe", []],
    ["https://a.example:99999/", []],
    ["", []],
  ];
  for (const [text, links] of table) {
    const found = pieces(text);
    assert.equal(found.map(({ text }) => text).join(""), text, "nothing is added or lost");
    assert.deepEqual(
      found.filter(({ href }) => href !== undefined).map(({ text }) => text),
      links,
      text,
    );
    for (const { href = "https:" } of found) assert.match(href, /^(https?|mailto):/i);
  }
});

test("a text of the largest size is searched in no time worth speaking of", () => {
  for (const bit of ["http://", "a@", "(", "https://a.example/(", "a.", "mailto:"]) {
    const text = bit.repeat(MAX_BYTES / bit.length);
    assert.equal(
      pieces(text)
        .map(({ text }) => text)
        .join("").length,
      text.length,
    );
  }
});

test("a name has one colour for ever, and a class of thirty has many", () => {
  assert.deepEqual(["Ada", "Bob", "Ms Ortega"].map(hue), [195, 255, 270]);
  const hues = Array.from({ length: 30 }, (_, index) => hue(`Pupil ${index + 1}`));
  assert.ok(new Set(hues).size >= 15, String(new Set(hues).size));
});

test("what is left is minutes and seconds under an hour, and its two largest units from there on", () => {
  const table: [number, string][] = [
    [1, "0:01"],
    [61_000, "1:01"],
    [3_599_000, "59:59"],
    [3_600_000, "1 hr"],
    [5_400_000, "1 hr 30 min"],
    [266_400_000, "3 days 2 hr"],
  ];
  for (const [milliseconds, written] of table) assert.equal(remaining(milliseconds), written);
});
