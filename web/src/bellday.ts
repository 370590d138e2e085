// Which day and time it is where a bell rings, and when it rings on one day. Pure: the time is passed in.

import { isAmong, readRule, weekday } from "./bellrule.ts";
import type { Bell, Bells } from "./protocol.ts";

type Listed = Pick<Bell, "id" | "rule" | "from" | "times" | "zone" | "except" | "on" | "days">;

const formats = new Map<string, Intl.DateTimeFormat>();

/** "2026-12-01 08:40:00", as clocks in a zone show it; in one that the browser does not know, as they do here. */
function shownIn(zone: string, at: number): string {
  let format = formats.get(zone);
  if (format === undefined) {
    const options = { dateStyle: "short", timeStyle: "medium", hourCycle: "h23" } as const;
    try {
      format = new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone });
    } catch {
      format = new Intl.DateTimeFormat("sv-SE", options);
    }
    formats.set(zone, format);
  }
  return format.format(at);
}

/** The day there, such as 2026-12-01. */
export const dateIn = (zone: string, at: number): string => shownIn(zone, at).slice(0, 10);

/** The time there, as a bell has it: "08:40", or "08:40:30". */
export const timeIn = (zone: string, at: number): string => shownIn(zone, at).slice(11).replace(/:00$/, "");

/** A day that comes so many days later. */
export function daysLater(date: string, days: number): string {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The last day of which all that rings is known, if the answer was for days up to this one. */
export function lastWhole(
  { bells, rings, more }: { readonly bells: readonly Listed[] } & Pick<Bells, "rings" | "more">,
  asked: string,
): string {
  if (!more) return asked;
  const end = Date.parse(rings.at(-1)?.at ?? "");
  // Without one nothing is known of any day.
  if (Number.isNaN(end)) return "";
  const days = bells.map(({ zone }) => daysLater(dateIn(zone, end), -1));
  return [...days, asked].sort()[0] ?? asked;
}

/** When a bell rings on a day that is known: `rings` has what is still to come, which does not tell what was earlier today. */
export function timesOn(
  bell: Listed,
  date: string,
  { rings }: Pick<Bells, "rings">,
  now: number,
): readonly string[] {
  const set = bell.days[date] ?? bell.on?.[date];
  if (set !== undefined) return set;
  const all = rings.filter((ring) => ring.bell === bell.id).map(({ at }) => Date.parse(at));
  const coming = all.filter((at) => dateIn(bell.zone, at) === date).map((at) => timeIn(bell.zone, at));
  const weekly = readRule(bell.rule);
  if (date > dateIn(bell.zone, now) || weekly === undefined) return coming;
  const isOn =
    weekly.days.includes(weekday(date)) &&
    (bell.from ?? date) <= date &&
    date <= (weekly.until ?? date) &&
    !isAmong(date, bell.except ?? []);
  const left = bell.times.filter((time) => time > timeIn(bell.zone, now));
  // What should still come and does not: it is a holiday of the server's file.
  return isOn && left.length <= coming.length ? bell.times : coming;
}
