// How moments and spans of time are written in the language of the page.

import { currentLocale } from "./language.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

function written(at: number, kind: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${currentLocale()} ${kind}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(currentLocale(), options);
    formats.set(key, format);
  }
  return format.format(at);
}

/** The local time to the minute. */
export const clock = (at: number): string => written(at, "clock", { hour: "numeric", minute: "2-digit" });

/** The local time to the second. */
export const exactClock = (at: number): string =>
  written(at, "exact", { hour: "numeric", minute: "2-digit", second: "2-digit" });

/** The day in words; the year only if it is not this one. */
export const day = (at: number, now: number): string => {
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return isThisYear
    ? written(at, "day", { weekday: "long", day: "numeric", month: "long" })
    : written(at, "date", { dateStyle: "full" });
};

/** Whether both moments are on the same day here. */
export const isSameDay = (one: number, other: number): boolean =>
  new Date(one).toDateString() === new Date(other).toDateString();

/** A `<time>` element with the moment for machines, and the full date on hover. */
export function timeElement(at: number, text: string): HTMLTimeElement {
  const element = document.createElement("time");
  element.dateTime = new Date(at).toISOString();
  element.title = written(at, "full", { dateStyle: "full", timeStyle: "medium" });
  element.textContent = text;
  return element;
}

/** The time of day, with the day if it is another one. */
export const moment = (at: number, now: number): string =>
  isSameDay(at, now) ? clock(at) : written(at, "moment", { dateStyle: "medium", timeStyle: "short" });

/** A length of time in words: "10 minutes". */
export const lasting = (amount: number, unit: "second" | "minute" | "hour" | "day"): string =>
  new Intl.NumberFormat(currentLocale(), { style: "unit", unit, unitDisplay: "long" }).format(amount);

/** Seconds that somebody has chosen, as they have chosen them: "30 seconds", "1 minute", "1 hour". */
export function chosenTime(seconds: number): string {
  if (seconds % 3600 === 0) return lasting(seconds / 3600, "hour");
  return seconds % 60 === 0 ? lasting(seconds / 60, "minute") : lasting(seconds, "second");
}

/** A span in its two largest units: "4 sec", "1 min 29 sec", "2 hr 5 min". */
export function span(milliseconds: number): string {
  let rest = Math.max(1, Math.round(milliseconds / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
    ["second", 1],
  ] as const) {
    const amount = Math.floor(rest / seconds);
    rest -= amount * seconds;
    // A unit is written only beside its neighbour: "1 hr 5 sec" says no more than "1 hr".
    if (amount > 0) {
      const format = new Intl.NumberFormat(currentLocale(), { style: "unit", unit, unitDisplay: "short" });
      parts.push(format.format(amount));
    } else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** What is left of a count: minutes and seconds under an hour, else its two largest units. */
export function remaining(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds >= 3_600) return span(seconds * 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
