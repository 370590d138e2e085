// How moments and spans of time are written.

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exactFormat = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** The local time to the minute, as the browser's language writes it. */
export const clock = (at: number): string => clockFormat.format(at);

/** The local time to the second. */
export const exactClock = (at: number): string => exactFormat.format(at);

/** A `<time>` element with the moment for machines, and the full date on hover. */
export function timeElement(at: number, written: string): HTMLTimeElement {
  const element = document.createElement("time");
  element.dateTime = new Date(at).toISOString();
  element.title = fullFormat.format(at);
  element.textContent = written;
  return element;
}

/** A span in its two largest units: "4 s", "1 min 29 s", "2 h 5 min", "3 d 4 h". */
export function span(milliseconds: number): string {
  let rest = Math.max(1, Math.round(milliseconds / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    const amount = Math.floor(rest / seconds);
    rest -= amount * seconds;
    // A unit is written only beside its neighbour: "1 h 5 s" says no more than "1 h".
    if (amount > 0) parts.push(`${amount} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
