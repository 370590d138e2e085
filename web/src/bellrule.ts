// Which rules of RFC 5545 a form can show: some days of each week, perhaps up to a last day. Pure.

/** The days of a week as rules name them, Monday first. */
const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** Days of each week: 1 is Monday, 7 is Sunday. */
export interface Weekly {
  readonly days: readonly number[];
  /** The last day, such as 2027-06-30; without one there is no end. */
  readonly until: string | undefined;
}

/** The rule as a form can show it; nothing, if it says more than that. */
export function readRule(rule: string): Weekly | undefined {
  const parts = new Map(rule.split(";").map((part) => part.split("=", 2) as [string, string]));
  const frequency = parts.get("FREQ");
  const [by, last] = [parts.get("BYDAY"), parts.get("UNTIL")];
  const known = ["FREQ", "BYDAY", "UNTIL", "WKST"];
  const isPlain = [...parts].every(
    ([key, value]) => known.includes(key) || (key === "INTERVAL" && value === "1"),
  );
  if (!isPlain || (frequency !== "DAILY" && (frequency !== "WEEKLY" || by === undefined))) return undefined;
  const days = (by?.split(",") ?? DAYS).map((day) => DAYS.indexOf(day) + 1);
  // "1MO" is the first Monday.
  if (days.includes(0)) return undefined;
  const until = last?.match(/^(\d{4})(\d\d)(\d\d)$/);
  return {
    days: [...new Set(days)].sort(),
    until: until === null || until === undefined ? undefined : until.slice(1).join("-"),
  };
}

export function writeRule({ days, until }: Weekly): string {
  const named = days.map((day) => DAYS[day - 1]);
  const rule = days.length === DAYS.length ? "FREQ=DAILY" : `FREQ=WEEKLY;BYDAY=${named.join(",")}`;
  return until === undefined ? rule : `${rule};UNTIL=${until.replaceAll("-", "")}`;
}

/** The day of the week of a day such as 2026-12-01. */
export const weekday = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay() || 7;

/** Whether a day is one of those, which are single days or spans such as 2026-12-24/2027-01-06. */
export const isAmong = (date: string, spans: readonly string[]): boolean =>
  spans.some((span) => {
    const [first = "", last = first] = span.split("/");
    return first <= date && date <= last;
  });
