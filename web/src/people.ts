// Who is here: a count in the bar, and a list in a panel beside the lines, or in a dialog where there is no room for it.

import { paint } from "./colour.ts";
import { byId, make } from "./dom.ts";
import { formatNumber, text } from "./language.ts";
import { Preference } from "./preference.ts";

/** Wide enough for a panel beside the lines. */
const WIDE = "(min-width: 64rem)";
/** A list of more names than this is of no use. */
const MAX_SHOWN = 500;

export class People {
  readonly #button = byId("people", HTMLButtonElement);
  readonly #count = byId("count", HTMLElement);
  readonly #word = byId("people-word", HTMLElement);
  readonly #panel = byId("panel", HTMLElement);
  readonly #sheet = byId("sheet", HTMLDialogElement);
  readonly #box = byId("people-box", HTMLElement);
  readonly #list = byId("members", HTMLUListElement);
  readonly #more = byId("more-members", HTMLElement);
  readonly #isClosed = new Preference("alert.people.closed");
  readonly #wide = matchMedia(WIDE);
  /** In the order in which they entered. */
  readonly #names = new Set<string>();
  /** Those who are here and were not named. */
  #unnamed = 0;
  #rendering = false;

  /** `own` is the name of the person at this page. */
  constructor(readonly own: string) {
    this.#button.addEventListener("click", () => this.#toggle());
    this.#sheet.addEventListener("close", () => this.#panel.append(this.#box));
    this.#sheet.addEventListener("click", (event) => {
      if (event.target === this.#sheet) this.#sheet.close();
    });
    this.#wide.addEventListener("change", () => this.#place());
    this.#place();
  }

  get count(): number {
    return this.#names.size + this.#unnamed;
  }

  /** All of them, at the moment of joining; `count` may be more than have a name here. */
  present(names: readonly string[], count: number): void {
    this.#names.clear();
    for (const name of names) this.#names.add(name);
    this.#button.hidden = false;
    this.#place();
    this.#changed(count);
  }

  /** There are `count` now. */
  entered(name: string, count: number): void {
    this.#names.add(name);
    this.#changed(count);
  }

  left(name: string, count: number): void {
    this.#names.delete(name);
    this.#changed(count);
  }

  #changed(count: number): void {
    this.#unnamed = Math.max(0, count - this.#names.size);
    this.#render();
  }

  #toggle(): void {
    if (this.#wide.matches) {
      this.#isClosed.set(!this.#panel.hidden);
      this.#place();
    } else {
      this.#sheet.append(this.#box);
      this.#sheet.showModal();
    }
  }

  /** Where the list is shown, and what the button says about it. */
  #place(): void {
    const isWide = this.#wide.matches;
    if (isWide && this.#sheet.open) this.#sheet.close();
    this.#panel.hidden = !isWide || this.#button.hidden || this.#isClosed.get();
    if (isWide) {
      this.#button.removeAttribute("aria-haspopup");
      this.#button.setAttribute("aria-controls", "panel");
      this.#button.setAttribute("aria-expanded", String(!this.#panel.hidden));
    } else {
      this.#button.setAttribute("aria-haspopup", "dialog");
      this.#button.removeAttribute("aria-controls");
      this.#button.removeAttribute("aria-expanded");
    }
  }

  /** Once per frame, however many came in it. */
  #render(): void {
    if (this.#rendering) return;
    this.#rendering = true;
    requestAnimationFrame(() => {
      this.#rendering = false;
      const { count } = this;
      this.#count.textContent = formatNumber(count);
      this.#word.textContent = text("people", { count });
      const shown = [...this.#names].slice(0, MAX_SHOWN);
      this.#list.replaceChildren(...shown.map((name) => this.#item(name)));
      this.#more.hidden = count <= shown.length;
      this.#more.textContent = text("more_people", { count: count - shown.length });
    });
  }

  #item(name: string): HTMLLIElement {
    const item = make("li", "", make("bdi", "name", name));
    paint(item, name);
    if (name === this.own) item.append(" ", make("span", "hint", `(${text("you")})`));
    return item;
  }
}
