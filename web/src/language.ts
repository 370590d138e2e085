// What the page says, in the language that the server chose for it: texts, numbers, and which locale dates follow.

import type en from "../languages/en.json";

type Texts = typeof en.chat & typeof en.login & typeof en.screen;
export type Key = keyof Texts;
/** A text, or its plural forms by the categories of `Intl.PluralRules`. */
export type Catalogue = Readonly<Record<string, string | Readonly<Record<string, string>>>>;
type Value = string | number | Node;

let texts: Catalogue = {};
let locale = "en";
let plural = new Intl.PluralRules(locale);
let number = new Intl.NumberFormat(locale);

/** The language of everything from now on. */
export function speak(language: string, catalogue: Catalogue): void {
  texts = catalogue;
  // The browser knows the reader's region, and so how a date or a time of day is written.
  const wanted = typeof navigator === "undefined" ? undefined : navigator.languages;
  locale = wanted?.find((one) => one.split("-")[0] === language) ?? language;
  plural = new Intl.PluralRules(locale);
  number = new Intl.NumberFormat(locale);
}

/** Speaks as the page that the server has made. */
export function speakAsPage(): void {
  speak(document.documentElement.lang, pageTexts());
}

/** The texts that the server has put into the page. */
export const pageTexts = (): Catalogue =>
  JSON.parse(document.getElementById("texts")?.textContent ?? "{}") as Catalogue;

export const currentLocale = (): string => locale;

/** The text, with a value for each name in braces; `count` also chooses the plural form. */
export function text(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return parts(key, values).join("");
}

/** As `text`, for values that are elements. */
export function parts(key: Key, values: Readonly<Record<string, Value>>): (string | Node)[] {
  const pieces = pattern(key, values.count).split(/\{(\w+)\}/);
  return pieces.map((piece, index) => {
    if (index % 2 === 0) return piece;
    const value = values[piece] ?? "";
    return typeof value === "number" ? number.format(value) : value;
  });
}

/** A number as the language writes it. */
export const formatNumber = (value: number): string => number.format(value);

/** Whether there is a text for this key, which came from elsewhere. */
export const isKey = (key: string): key is Key => typeof texts[key] === "string";

function pattern(key: Key, count: Value | undefined): string {
  const found = texts[key] ?? key;
  if (typeof found === "string") return found;
  const form = typeof count === "number" ? plural.select(count) : "other";
  return found[form] ?? found.other ?? key;
}
