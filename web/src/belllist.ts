// The bells of a room as hosts see them: the next days, and then each bell with what can be done about it.

import type { DayChange } from "./bellchange.ts";
import { dateIn, daysLater, lastWhole, timesOn } from "./bellday.ts";
import { readRule } from "./bellrule.ts";
import {
  clockIn,
  dayWords,
  limitWords,
  missedWords,
  nearDay,
  nextWords,
  ownZone,
  textOf,
  timesWords,
  whenWords,
} from "./bellwords.ts";
import { make } from "./dom.ts";
import { command, label } from "./fields.ts";
import { text } from "./language.ts";
import type { Bell, Bells, Ring } from "./protocol.ts";

/** Days that are shown at once. */
const SHOWN = 7;
/** So many days ahead can be changed, since it is known when bells ring on them. */
export const KNOWN = 27;

export interface BellDeeds {
  change(bell: Bell): void;
  remove(bell: Bell): void;
  /** Other times of all bells on a day. */
  day(date: string): void;
  does(change: DayChange): void;
}

export class BellList {
  readonly #days = make("div", "bell-days");
  readonly #other = make("input", "");
  readonly #bells = make("ul", "bell-list");
  readonly #none = make("p", "hint", text("bells_none"));
  readonly element = make("div", "hosting-box");
  /** The day and the next, where the reader is. */
  #near: readonly [string, string] = ["", ""];

  constructor(readonly deeds: BellDeeds) {
    this.#other.type = "date";
    this.#other.required = true;
    const other = make("button", "button", text("bell_day_change"));
    const form = make("form", "", make("div", "controls", label(text("bell_day_other"), this.#other), other));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      deeds.day(this.#other.value);
    });
    this.element.append(
      make("section", "group", make("h3", "", text("bells_next")), this.#days, form),
      make("section", "group", make("h3", "", text("bells_all")), this.#none, this.#bells),
    );
    this.element.hidden = true;
  }

  show(bells: Bells, now: number): void {
    const focused = focusedIn(this.element);
    const today = dateIn(ownZone(), now);
    this.#near = [today, daysLater(today, 1)];
    this.#other.min = today;
    const last = lastWhole(bells, daysLater(today, KNOWN));
    this.#other.max = last;
    this.element.hidden = false;
    this.#none.hidden = bells.bells.length > 0;
    (this.element.firstElementChild as HTMLElement).hidden = bells.bells.length === 0 || last < today;
    this.#days.replaceChildren(...this.#nextDays(bells, last));
    this.#bells.replaceChildren(...bells.bells.map((bell) => this.#item(bell, bells, now)));
    // The same button of the same bell, if it is still there.
    if (focused === undefined) return;
    const same = [...this.element.querySelectorAll<HTMLElement>("[data-does]")];
    (same.find((one) => one.dataset.does === focused) ?? this.#bells.querySelector("button"))?.focus();
  }

  /** Of each of the next days that are known when something rings. */
  #nextDays({ bells, rings }: Bells, last: string): HTMLElement[] {
    const [today] = this.#near;
    const dates = Array.from({ length: SHOWN }, (_, place) => daysLater(today, place));
    return dates
      .filter((date) => date <= last)
      .map((date) => {
        const isOf = (ring: Ring): boolean => {
          const bell = bells.find(({ id }) => id === ring.bell);
          return bell !== undefined && dateIn(bell.zone, Date.parse(ring.at)) === date;
        };
        const rows = rings.filter(isOf).map((ring) => ringRow(ring, bells));
        const isChanged = bells.some(({ days }) => days[date] !== undefined);
        const title = make("h4", "", nearDay(date, ...this.#near));
        if (isChanged) title.append(" ", make("span", "bell-mark", text("bell_day_changed")));
        const change = command(text("bell_day_change"), () => this.deeds.day(date));
        const what = text("bell_day_change");
        change.setAttribute("aria-label", text("bell_does", { what, text: dayWords(date) }));
        change.dataset.does = `day ${date}`;
        const head = make("div", "bell-head", title, change);
        const none = make("p", "hint", text("bell_day_quiet"));
        return make("div", "bell-day", head, rows.length === 0 ? none : make("ul", "bell-rings", ...rows));
      });
  }

  #item(bell: Bell, bells: Bells, now: number): HTMLElement {
    const words = textOf(bell);
    const title = make("h4", "", make("bdi", "", words));
    title.prepend(...levelMark(bell));
    const missed = text("bell_if_missed", { what: missedWords(bell.missed) });
    const about = [...limitWords(bell), missed, text("bell_by", { name: bell.name })];
    const item = make(
      "li",
      "bell",
      title,
      make("p", "", whenWords(bell)),
      make("p", "bell-next", nextWords(bell, ...this.#near)),
      make("p", "hint", about.join(" ")),
    );
    const days = Object.entries(bell.days).filter(([date]) => date >= this.#near[0]);
    if (days.length > 0)
      item.append(make("ul", "", ...days.map(([date, times]) => this.#day(bell, date, times))));
    if (bell.of_file) item.append(make("p", "hint", text("bell_of_file")));
    const row = make("div", "controls");
    const does = (key: "bell_skip" | "alert_change" | "remove", act: () => void): void => {
      const button = command(text(key), act);
      button.setAttribute("aria-label", text("bell_does", { what: text(key), text: words }));
      button.dataset.does = `${key} ${bell.id}`;
      row.append(button);
    };
    const today = dateIn(bell.zone, now);
    if (timesOn(bell, today, bells, now).length > 0 && bells.rings.some((ring) => isToday(ring, bell, today)))
      does("bell_skip", () => this.deeds.does({ action: "day", id: bell.id, date: today, times: [] }));
    if (!bell.of_file) {
      if (readRule(bell.rule) === undefined) item.append(make("p", "hint", text("bell_rule_hint")));
      else does("alert_change", () => this.deeds.change(bell));
      does("remove", () => this.deeds.remove(bell));
    }
    item.append(row);
    return item;
  }

  /** A day with other times, which can be taken back. */
  #day(bell: Bell, date: string, times: readonly string[]): HTMLElement {
    const day = dayWords(date);
    const back = command(text("bell_day_always"), () =>
      this.deeds.does({ action: "day", id: bell.id, date, times: null }),
    );
    const what = `${day}: ${text("bell_day_always")}`;
    back.setAttribute("aria-label", text("bell_does", { what, text: textOf(bell) }));
    back.dataset.does = `always ${date} ${bell.id}`;
    const words = text("bell_on_day", { day, times: timesWords(times) });
    return make("li", "hand", make("span", "hand-name", words), back);
  }
}

const isToday = ({ at, bell }: Ring, { id, zone }: Bell, today: string): boolean =>
  bell === id && dateIn(zone, Date.parse(at)) === today;

/** How serious an alert is that a bell raises, and whether it is a drill; nothing for a bell that says something. */
function levelMark({ alert }: Bell): (HTMLElement | string)[] {
  if (alert === undefined) return [];
  const level = text(`level_${alert.level}`);
  return [make("span", "bell-mark", alert.drill ? `${text("drill")} · ${level}` : level), " "];
}

function ringRow({ at, bell: id }: Ring, bells: readonly Bell[]): HTMLElement {
  const bell = bells.find((one) => one.id === id);
  const time = make("time", "", clockIn(bell?.zone ?? ownZone(), Date.parse(at)));
  time.dateTime = at;
  const words = make("span", "", make("bdi", "", bell === undefined ? id : textOf(bell)));
  if (bell !== undefined) words.prepend(...levelMark(bell));
  if (bell !== undefined && bell.zone !== ownZone()) words.append(" ", make("span", "hint", bell.zone));
  return make("li", "", time, " ", words);
}

/** What has the focus, by what it does; nothing, if it is elsewhere. */
function focusedIn(element: HTMLElement): string | undefined {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement && element.contains(activeElement)
    ? activeElement.dataset.does
    : undefined;
}
