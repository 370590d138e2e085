// What is said of a bell: on which days and at which times it rings, and what happens when it was missed.

import { dateIn } from "./bellday.ts";
import { readRule, type Weekly } from "./bellrule.ts";
import { currentLocale, text } from "./language.ts";
import type { Bell } from "./protocol.ts";
import { lasting } from "./time.ts";

/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;
/** Times and spans by which a bell may be late, as the server writes them. */
const SPANS: Readonly<Record<string, readonly [number, "minute" | "hour"]>> = {
  "1m": [1, "minute"],
  "5m": [5, "minute"],
  "15m": [15, "minute"],
  "1h": [1, "hour"],
};
export const MISSED = [...Object.keys(SPANS), "skip"];

const inUtc = (at: number, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(currentLocale(), { ...options, timeZone: "UTC" }).format(at);

export const weekdayName = (day: number): string => inUtc(MONDAY + (day - 1) * DAY, { weekday: "long" });

/** A day such as 2026-12-01, in words. */
export const dayWords = (date: string): string =>
  inUtc(Date.parse(date), { weekday: "long", day: "numeric", month: "long" });

const shortDay = (date: string): string =>
  inUtc(Date.parse(date), { weekday: "short", day: "numeric", month: "short", year: "numeric" });

/** The same, of today and of tomorrow with that word. */
export function nearDay(date: string, today: string, tomorrow: string): string {
  const day = dayWords(date);
  if (date === today) return text("bell_today", { day });
  return date === tomorrow ? text("bell_tomorrow", { day }) : day;
}

/** "08:40", as the language of the page writes times. */
export function timeWords(time: string): string {
  const at = Date.parse(`2024-01-01T${time.length === 5 ? `${time}:00` : time}Z`);
  return inUtc(at, { hour: "numeric", minute: "2-digit", ...(time.length > 5 && { second: "2-digit" }) });
}

export const timesWords = (times: readonly string[]): string =>
  times.length === 0 ? text("bell_silent") : list(times.map(timeWords));

/** The days of the week in their order here: 7 comes first where weeks begin on Sunday. */
export function week(): number[] {
  const locale = new Intl.Locale(currentLocale()) as Intl.Locale & {
    getWeekInfo?(): { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  const first = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
  return Array.from({ length: 7 }, (_, place) => ((first - 1 + place) % 7) + 1);
}

/** "Every day", "Monday to Friday", "Monday and Thursday". */
export function weeklyWords({ days }: Weekly): string {
  if (days.length === 7) return text("bell_daily");
  const order = week();
  const places = days.map((day) => order.indexOf(day)).sort();
  const names = places.map((place) => weekdayName(order[place] ?? 1));
  const [first = "", last = ""] = [names[0], names.at(-1)];
  const isRow = names.length > 2 && (places.at(-1) ?? 0) - (places[0] ?? 0) === names.length - 1;
  return isRow ? text("bell_days", { first, last }) : list(names);
}

const list = (words: readonly string[]): string =>
  new Intl.ListFormat(currentLocale(), { type: "conjunction" }).format(words);

/** When it rings: a rule that the page has no words for stands as it is. */
export function whenWords({ rule, times }: Pick<Bell, "rule" | "times">): string {
  const weekly = readRule(rule);
  const days = weekly === undefined ? text("bell_rule", { rule }) : weeklyWords(weekly);
  return text("bell_when", { days, times: timesWords(times) });
}

/** What limits that: first and last day, days off, and clocks that are not those here. */
export function limitWords({ rule, from, except = [], zone }: Bell): string[] {
  const until = readRule(rule)?.until;
  const words: string[] = [];
  if (from !== undefined) words.push(text("bell_from", { day: shortDay(from) }));
  if (until !== undefined) words.push(text("bell_until", { day: shortDay(until) }));
  if (except.length > 0) words.push(text("bell_except", { days: list(except.map(spanWords)) }));
  if (zone !== ownZone()) words.push(text("bell_zone_of", { zone }));
  return words;
}

function spanWords(span: string): string {
  const [first = "", last] = span.split("/");
  return last === undefined
    ? shortDay(first)
    : text("bell_days", { first: shortDay(first), last: shortDay(last) });
}

export function missedWords(missed: string): string {
  if (missed === "skip") return text("bell_missed_skip");
  const span = SPANS[missed];
  return text("bell_missed_late", { time: span === undefined ? missed : lasting(...span) });
}

export const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

export const textOf = ({ say, alert }: Pick<Bell, "say" | "alert">): string => say ?? alert?.text ?? "";

/** When it rings next, by the clocks that it follows. */
export function nextWords(
  { next, zone }: Pick<Bell, "next" | "zone">,
  today: string,
  tomorrow: string,
): string {
  if (next === null) return text("bell_never");
  const at = Date.parse(next);
  const day = nearDay(dateIn(zone, at), today, tomorrow);
  return text("bell_next", { day, time: clockIn(zone, at) });
}

/** The time of a moment by the clocks of a zone. */
export function clockIn(zone: string, at: number): string {
  const options = { hour: "numeric", minute: "2-digit" } as const;
  try {
    return new Intl.DateTimeFormat(currentLocale(), { ...options, timeZone: zone }).format(at);
  } catch {
    return new Intl.DateTimeFormat(currentLocale(), options).format(at);
  }
}
