// The wall: the first alert in force as large as it fits, what is counted down, and the others below.

import { left } from "./alertcount.ts";
import { inOrder } from "./alertorder.ts";
import { alertLevel, alertWords } from "./alertwords.ts";
import { byId, make } from "./dom.ts";
import { fit, fitsAt, LEAST } from "./fit.ts";
import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";
import { turn } from "./turning.ts";

/** The most that are to be read beside the first; the rest is counted. */
const OTHERS = 3;
interface Way {
  readonly gives: string;
  readonly others: number;
  /** As large (vmin) the first alert is to be then, if not as always. */
  readonly wanted?: number;
}

/** What gives way, one after another, until the first alert and its countdown have their space. */
const WAYS: readonly Way[] = [
  { gives: "", others: OTHERS },
  { gives: "messages", others: OTHERS },
  { gives: "messages", others: 1 },
  { gives: "messages", others: 0 },
  { gives: "messages join", others: 0 },
];
/** Who has not confirmed stays as long as all can be read: in one row at last, and then only how many they are. */
const WITH_NAMES: readonly Way[] = [
  ...WAYS,
  { gives: "messages join size", others: 0, wanted: 6 },
  { gives: "messages join size rows", others: 0, wanted: LEAST },
  { gives: "messages join names", others: 0 },
];
/** A text that is too long for the wall is turned like pages, after so long (ms). */
const PAGE = 8_000;
/** As large (vmin) the first alert is to be before anything else has space. */
const WANTED = 7;

export class Wall {
  readonly #body = byId("screen", HTMLElement);
  readonly #alert = byId("in-force", HTMLElement);
  readonly #level = byId("level", HTMLElement);
  readonly #words = byId("words", HTMLElement);
  readonly #count = byId("count", HTMLElement);
  readonly #about = byId("about", HTMLElement);
  readonly #missing = byId("missing", HTMLElement);
  readonly #others = byId("others", HTMLUListElement);
  readonly #calm = byId("calm", HTMLElement);
  /** All that are known, and of these the ones that hold by the clock, in order. */
  #known: readonly Alert[] = [];
  #alerts: readonly Alert[] = [];

  constructor() {
    // Its box changes with the view, and with what comes and goes around it.
    const resized = new ResizeObserver(() => this.fit());
    for (const box of [this.#words, this.#body]) resized.observe(box);
    setInterval(() => turn(this.#words, 0.8), PAGE);
  }

  /** All that it was told of, whether or not they are over by the clock, which may be wrong. */
  get known(): readonly Alert[] {
    return this.#known;
  }

  /** Those that are to be seen. */
  get alerts(): readonly Alert[] {
    return this.#alerts;
  }

  show(alerts: readonly Alert[], now: number): void {
    this.#known = inOrder(alerts);
    this.#render(now);
  }

  /** What is in force is not known. */
  clear(): void {
    this.#known = [];
    this.#alerts = [];
    this.#render(0);
    this.#calm.hidden = true;
  }

  #render(now: number): void {
    this.#alerts = this.#known.filter((alert) => holds(alert, now));
    const [first, ...others] = this.#alerts;
    this.#alert.hidden = first === undefined;
    this.#calm.hidden = first !== undefined;
    const { dataset } = this.#body;
    if (first === undefined) {
      delete dataset.level;
      delete dataset.drill;
    } else {
      dataset.level = first.level;
      if (first.drill) dataset.drill = "";
      else delete dataset.drill;
      const level = alertLevel(first);
      this.#level.textContent = first.drill ? `${text("drill")} · ${level}` : level;
      this.#words.textContent = first.text;
      this.#about.textContent = [first.by, first.audience].filter((part) => part !== null).join(" · ");
    }
    this.#others.hidden = others.length === 0;
    this.#count.textContent = "";
    this.count(now);
    this.fit();
  }

  /** The first of the others, and how many more there are. */
  #showOthers(most: number): void {
    const others = this.#alerts.slice(1);
    const rows = others.slice(0, most).map((other) => make("li", `other ${other.level}`, alertWords(other)));
    const count = others.length - rows.length;
    if (count > 0) rows.push(make("li", "other more", text("screen_more", { count })));
    this.#others.textContent = "";
    this.#others.append(...rows);
  }

  count(now: number): void {
    // What is over by its own time goes, even if the server cannot be reached, and is back if the clock was wrong.
    if (this.#known.some((alert) => holds(alert, now) !== this.#alerts.includes(alert))) {
      this.#render(now);
      return;
    }
    const [first] = this.#alerts;
    const rest = first === undefined ? 0 : left(first, now);
    const words = rest > 0 ? clockOf(rest) : "";
    const isPaused = rest > 0 && first?.remaining !== null;
    const label = isPaused ? `${text("screen_paused")} ${words}` : words;
    if (this.#count.textContent === label) return;
    this.#count.textContent = label;
    this.#count.hidden = label === "";
    this.#count.classList.toggle("paused", isPaused);
  }

  /** Gives the first alert its space. */
  fit(): void {
    this.#words.scrollTop = 0;
    delete this.#body.dataset.gives;
    this.#showOthers(OTHERS);
    if (this.#alert.hidden) return;
    for (const { gives, others, wanted = WANTED } of this.#missing.hidden ? WAYS : WITH_NAMES) {
      this.#body.dataset.gives = gives;
      this.#showOthers(others);
      if (fitsAt(this.#words, wanted) && !this.#isFull()) break;
    }
    if (this.#isFull()) this.#body.dataset.gives += " size";
    fit(this.#words);
  }

  #isFull(): boolean {
    return this.#alert.scrollHeight > this.#alert.clientHeight + 1;
  }
}

const holds = ({ ends_at }: Alert, now: number): boolean => ends_at === null || Date.parse(ends_at) > now;

/** "4:59", "1:04:59". */
export function clockOf(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  const two = (number: number): string => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const rest = two(seconds % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}
