// Several times of a day in a form: each has a field, and more can be added.

import { timeWords } from "./bellwords.ts";
import { make } from "./dom.ts";
import { command } from "./fields.ts";
import { text } from "./language.ts";

/** As many as a bell may have. */
const MOST = 96;

export class BellTimes {
  readonly #list = make("ul", "bell-times");
  readonly #add = command(text("bell_time_add"), () => this.#field("").focus());
  readonly element: HTMLFieldSetElement;

  /** `isNeeded` says that there has to be one. */
  constructor(
    legend: HTMLElement,
    times: readonly string[],
    readonly isNeeded: boolean,
  ) {
    this.element = make("fieldset", "setting", legend, this.#list, make("div", "controls", this.#add));
    this.set(times);
  }

  /** In order, each once. */
  get times(): string[] {
    const times = [...this.#list.querySelectorAll("input")].map(({ value }) => toMinutes(value));
    return [...new Set(times.filter((time) => time !== ""))].sort();
  }

  set(times: readonly string[]): void {
    this.#list.replaceChildren();
    for (const time of times) this.#field(time);
    if (times.length === 0 && this.isNeeded) this.#field("");
  }

  #field(time: string): HTMLInputElement {
    const field = make("input", "");
    field.type = "time";
    field.required = this.isNeeded;
    // Some bells ring at a second.
    if (time.length > 5) field.step = "1";
    field.value = time;
    field.setAttribute("aria-label", text("bell_time"));
    const remove = command("✕", () => {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      this.#count();
      (next?.querySelector("input") ?? this.#add).focus();
    });
    // Which one, for whoever does not see beside which it stands.
    const name = (): void => {
      const what = text("bell_time_remove");
      const label = field.value === "" ? what : text("bell_does", { what, text: timeWords(field.value) });
      remove.setAttribute("aria-label", label);
    };
    field.addEventListener("input", name);
    name();
    const item = make("li", "", field, remove);
    this.#list.append(item);
    this.#count();
    return field;
  }

  #count(): void {
    const { length } = this.#list.children;
    this.#add.disabled = length >= MOST;
    const isLast = length === 1 && this.isNeeded;
    for (const button of this.#list.querySelectorAll("button")) button.hidden = isLast;
  }
}

/** "08:40:00" is "08:40". */
const toMinutes = (time: string): string =>
  time.length === 8 && time.endsWith(":00") ? time.slice(0, 5) : time;
