// The wall: the first alert in force as large as it fits, what is counted down, and the others below.

import { left } from "./alertcount.ts";
import { inOrder } from "./alertorder.ts";
import { alertLevel, alertWords } from "./alertwords.ts";
import { byId, make } from "./dom.ts";
import { fit } from "./fit.ts";
import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";

/** A text that is too long for the wall is turned like pages, after so long (ms). */
const PAGE = 8_000;

export class Wall {
  readonly #body = byId("screen", HTMLElement);
  readonly #alert = byId("in-force", HTMLElement);
  readonly #level = byId("level", HTMLElement);
  readonly #words = byId("words", HTMLElement);
  readonly #count = byId("count", HTMLElement);
  readonly #about = byId("about", HTMLElement);
  readonly #others = byId("others", HTMLUListElement);
  readonly #calm = byId("calm", HTMLElement);
  #alerts: readonly Alert[] = [];

  constructor() {
    // Its box changes with the view, and with what comes and goes around it.
    new ResizeObserver(() => this.#fit()).observe(this.#words);
    setInterval(() => this.#turn(), PAGE);
  }

  get alerts(): readonly Alert[] {
    return this.#alerts;
  }

  show(alerts: readonly Alert[], now: number): void {
    this.#alerts = inOrder(alerts);
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
    this.#others.textContent = "";
    for (const other of others) this.#others.append(make("li", `other ${other.level}`, alertWords(other)));
    this.#others.hidden = others.length === 0;
    this.count(now);
    this.#fit();
  }

  count(now: number): void {
    // What is over by its own time goes, even if the server cannot be reached.
    const holds = ({ ends_at }: Alert): boolean => ends_at === null || Date.parse(ends_at) > now;
    if (!this.#alerts.every(holds)) {
      this.show(this.#alerts.filter(holds), now);
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

  #fit(): void {
    this.#words.scrollTop = 0;
    if (!this.#alert.hidden) fit(this.#words);
  }

  #turn(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.#words;
    if (scrollHeight <= clientHeight + 1) return;
    this.#words.scrollTop = scrollTop + clientHeight >= scrollHeight - 1 ? 0 : scrollTop + clientHeight * 0.8;
  }
}

/** "4:59", "1:04:59". */
export function clockOf(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  const two = (number: number): string => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const rest = two(seconds % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}
