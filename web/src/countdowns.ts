// A countdown is said three times, and not each second.

import { left } from "./alertcount.ts";
import { passed } from "./alertmarks.ts";
import { alertWords } from "./alertwords.ts";
import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";

/** A page that looked this long after (ms) says nothing: it slept. */
const LATE = 1_500;

export class Countdowns {
  /** What was left of each at the last look. */
  #before = new Map<string, number>();

  constructor(readonly say: (words: string) => void) {}

  /** Says of those that have come to a moment since the last look that they have. */
  look(alerts: readonly Alert[], now: number): void {
    const rests = new Map<string, number>();
    for (const alert of alerts) {
      if (alert.countdown_to === null) continue;
      const rest = left(alert, now);
      const before = this.#before.get(alert.id) ?? rest;
      const mark = passed(before, rest);
      if (mark !== undefined && mark * 1_000 - rest < LATE) this.say(`${remains(mark)} ${alertWords(alert)}`);
      rests.set(alert.id, rest);
    }
    this.#before = rests;
  }
}

function remains(seconds: number): string {
  return seconds < 60
    ? text("screen_seconds", { count: seconds })
    : text("screen_minutes", { count: seconds / 60 });
}
