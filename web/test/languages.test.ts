import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type Catalogue, parts, speak, text } from "../src/language.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const LANGUAGES = ["en", "de", "fr", "es", "ar"];
type File = Record<"pages" | "chat" | "login" | "screen", Catalogue>;
const files = new Map<string, File>(LANGUAGES.map((one) => [one, JSON.parse(read(`languages/${one}.json`))]));
const english = files.get("en") as File;
const PARTS = ["pages", "chat", "login", "screen"] as const;

/** All forms of a text. */
const forms = (text: Catalogue[string] | undefined): string[] =>
  typeof text === "string" ? [text] : Object.values(text ?? {});
const places = (text: string): string =>
  [...text.matchAll(/\{(\w+)\}/g)]
    .map(([, name]) => name)
    .sort()
    .join();

test("there is a file for each language that the server knows, and no other", () => {
  assert.deepEqual(
    readdirSync(new URL("languages", root)).sort(),
    LANGUAGES.map((one) => `${one}.json`).sort(),
  );
});

test("no text is missing in a language or one too many, and each has the same places", () => {
  for (const [language, file] of files) {
    for (const part of PARTS) {
      assert.deepEqual(Object.keys(file[part]), Object.keys(english[part]), `${language} ${part}`);
      for (const [key, value] of Object.entries(file[part])) {
        const wanted = places(forms(english[part][key]).at(-1) ?? "");
        for (const form of forms(value)) {
          assert.equal(places(form), wanted, `${language} ${key}`);
          assert.equal(form.trim(), form, `${language} ${key}`);
          assert.notEqual(form, "", `${language} ${key}`);
        }
      }
    }
  }
});

test("a plural has exactly the forms of its language", () => {
  for (const [language, file] of files) {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [key, value] of Object.entries({ ...file.chat, ...file.login, ...file.screen })) {
      if (typeof value !== "string")
        assert.deepEqual(Object.keys(value).sort(), wanted, `${language} ${key}`);
    }
  }
});

test("every text of the scripts is said somewhere", () => {
  const names = readdirSync(new URL("src", root)).filter((name) => name.endsWith(".ts"));
  const source = names.map((name) => read(`src/${name}`)).join("");
  // Put together from a word and "_since", or an error code of the server.
  const built =
    /^(?:trying|offline|unreachable)_since$|^why_|^level_|^stage_|^push_(?:off|full)$|^(?:too_many_codes|too_many_joins|server_full|room_full)$/;
  for (const key of Object.keys({ ...english.chat, ...english.login, ...english.screen })) {
    if (!built.test(key)) assert.ok(source.includes(`"${key}"`), key);
  }
});

test("no translation is the English text left as it was", () => {
  // Words that are the same.
  const same = /^(?:Status:|Error:|Link|Messages|Notifications|Webhooks|\{name\}.*|\{\w+\}: \{\w+\})$/;
  for (const [language, file] of files) {
    if (language === "en") continue;
    for (const part of PARTS) {
      for (const [key, value] of Object.entries(file[part])) {
        if (typeof value !== "string" || same.test(value)) continue;
        assert.notEqual(value, english[part][key], `${language} ${key}`);
      }
    }
  }
});

test("values take their places, and a count chooses the form", () => {
  speak("en", english.chat);
  assert.equal(text("people", { count: 1 }), "1 person in the room");
  assert.equal(text("people", { count: 1_200 }), "1,200 people in the room");
  assert.equal(text("left", { name: "{name} $& $1" }), "{name} $& $1 has left the room.");
  assert.deepEqual(parts("left", { name: "Ada" }), ["", "Ada", " has left the room."]);
  speak("ar", (files.get("ar") as File).chat);
  assert.match(text("new_messages", { count: 2 }), /^\u0631\u0633\u0627\u0644\u062A\u0627\u0646/);
});
