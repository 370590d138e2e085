// A countdown is said three times, and not each second.

import { left } from "./alertcount.ts";
import { passed } from "./alertmarks.ts";
import { alertWords } from "./alertwords.ts";
import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";

/** A page that looked this long after (ms) says nothing: it slept. */
const LATE = 1_500;

export class Countdowns {
  /** What was said last of each, and of which end. */
  #said = new Map<string, { readonly to: string; readonly mark: number }>();

  /** What says that so much is left (ms): now, or not at all. */
  constructor(readonly say: (words: string, alert: Alert, left: number) => void) {}

  /** Says of those that have come to a moment just now that they have. */
  look(alerts: readonly Alert[], now: number): void {
    const before = this.#said;
    this.#said = new Map();
    for (const alert of alerts) {
      const { id, countdown_to: to } = alert;
      if (to === null) continue;
      const rest = left(alert, now);
      const mark = passed(rest + LATE, rest);
      const last = before.get(id);
      const isSaid = last !== undefined && last.to === to && (mark === undefined || last.mark <= mark);
      if (isSaid) this.#said.set(id, last);
      else if (mark !== undefined) {
        this.#said.set(id, { to, mark });
        this.say(`${remains(mark)} ${alertWords(alert)}`, alert, rest);
      }
    }
  }
}

function remains(seconds: number): string {
  return seconds < 60
    ? text("screen_seconds", { count: seconds })
    : text("screen_minutes", { count: seconds / 60 });
}
