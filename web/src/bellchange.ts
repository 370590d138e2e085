// Other times on one day, for all bells of the room at once: a short Tuesday, or a day on which nothing rings.

import { timesOn } from "./bellday.ts";
import { BellTimes } from "./belltimes.ts";
import { textOf } from "./bellwords.ts";
import { make } from "./dom.ts";
import { command } from "./fields.ts";
import { text } from "./language.ts";
import type { Bell, Bells } from "./protocol.ts";

/** What the server is asked for. */
export interface DayChange {
  readonly action: "day";
  readonly id: string;
  readonly date: string;
  readonly times: readonly string[] | null;
}

export class BellChange {
  readonly #rows: readonly (readonly [Bell, readonly string[], BellTimes])[];
  readonly elements: readonly HTMLElement[];
  /** Whoever has asked that nothing rings means every bell, also one of which the page does not know that it would. */
  #isNone = false;

  constructor(
    readonly date: string,
    bells: Bells,
    now: number,
  ) {
    const known = bells.bells.map((bell) => [bell, timesOn(bell, date, bells, now)] as const);
    // What rings on that day comes first.
    const rings = [...known].sort(([, one], [, other]) => compare(one[0], other[0]));
    this.#rows = rings.map(([bell, times]) => {
      const legend = make("legend", "", make("bdi", "", textOf(bell)));
      return [bell, times, new BellTimes(legend, times, false)] as const;
    });
    const none = command(text("bell_day_none"), () => {
      this.#isNone = true;
      for (const [, , field] of this.#rows) field.set([]);
    });
    this.elements = [
      make("p", "hint", text("bell_day_hint")),
      make("div", "controls", none),
      ...this.#rows.map(([, , { element }]) => element),
    ];
  }

  /** What is to be changed: only what is another time now, unless nothing was to ring. */
  changes(): DayChange[] {
    return this.#rows
      .filter(([, before, field]) => this.#isNone || field.times.join() !== [...before].sort().join())
      .map(([{ id }, , field]) => ({ action: "day", id, date: this.date, times: field.times }));
  }

  /** Everything as on every other such day. */
  asAlways(): DayChange[] {
    return this.#rows
      .filter(([{ days }]) => days[this.date] !== undefined)
      .map(([{ id }]) => ({ action: "day", id, date: this.date, times: null }));
  }
}

/** Without a time it comes last. */
function compare(one: string | undefined, other: string | undefined): number {
  const [first, second] = [one ?? "99", other ?? "99"];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
