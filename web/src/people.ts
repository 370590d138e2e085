// Who is here: a count in the bar, and a list in a panel beside the lines, or in a dialog where there is no room for it.

import { paint } from "./colour.ts";
import { byId, make } from "./dom.ts";
import { formatNumber, text } from "./language.ts";
import { Preference } from "./preference.ts";

/** Wide enough for a panel beside the lines. */
const WIDE = "(min-width: 64rem)";
/** A list of more names than this is of no use. */
const MAX_SHOWN = 500;

/** What hosts have decided about people; `open` is there for those who can do something about them. */
export interface Marks {
  readonly hands: readonly string[];
  readonly words: readonly string[];
  readonly muted: readonly string[];
  readonly open: ((name: string) => void) | undefined;
}

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
  #marks: Marks = { hands: [], words: [], muted: [], open: undefined };
  /** The items of the list, with what they show. */
  readonly #items = new Map<string, { readonly item: HTMLLIElement; readonly shown: string }>();
  /** Whose button had the focus, and who stood beside them, the nearest first. */
  #around: readonly string[] = [];
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

  mark(marks: Marks): void {
    this.#marks = marks;
    this.#render();
  }

  /** Puts the focus on whoever was opened, or if they are gone, on somebody beside them. */
  focus(): void {
    const buttons = this.#around.map((name) => this.#items.get(name)?.item.querySelector("button"));
    (buttons.find((button) => button?.isConnected) ?? byId("invite", HTMLButtonElement)).focus();
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
      this.#arrange(shown);
      this.#more.hidden = count <= shown.length;
      this.#more.textContent = text("more_people", { count: count - shown.length });
    });
  }

  /** Only what is different changes, so that the rest keeps the focus. */
  #arrange(names: readonly string[]): void {
    this.#removeAllBut(new Set(names));
    let next = this.#list.firstElementChild;
    for (const name of names) {
      const old = this.#items.get(name)?.item;
      const item = this.#item(name);
      // It has taken the place of the old one.
      if (old === next && old !== undefined) next = item;
      if (item === next) next = next.nextElementSibling;
      else this.#list.insertBefore(item, next);
    }
  }

  /** Before the others are put in order: whatever is moved loses the focus. */
  #removeAllBut(here: ReadonlySet<string>): void {
    let losesFocus = false;
    for (const [name, { item }] of this.#items) {
      if (here.has(name)) continue;
      if (item.contains(document.activeElement)) {
        losesFocus = true;
        this.#around = this.#beside(item);
      }
      item.remove();
      this.#items.delete(name);
    }
    if (losesFocus) this.focus();
  }

  #beside(item: Element): string[] {
    const items = [...this.#list.children];
    const at = items.indexOf(item);
    const nearest = [...items.slice(at), ...items.slice(0, at).reverse()];
    return nearest.map((one) => one.querySelector(".name")?.textContent ?? "");
  }

  #item(name: string): HTMLLIElement {
    const { hands, words, muted, open } = this.#marks;
    const canOpen = open !== undefined && name !== this.own;
    const marks = [
      words.includes(name) && text("has_word"),
      canOpen && hands.includes(name) && text("hand_up"),
      canOpen && muted.includes(name) && text("muted"),
    ].filter((mark) => mark !== false);
    const shown = JSON.stringify([marks, canOpen]);
    const known = this.#items.get(name);
    if (known?.shown === shown) return known.item;
    const item = make("li", "", make("bdi", "name", name));
    paint(item, name);
    if (name === this.own) item.append(" ", make("span", "hint", `(${text("you")})`));
    for (const mark of marks) item.append(" ", make("span", "mark-word", mark));
    if (canOpen) {
      const button = make("button", "button more", "\u22ef");
      button.type = "button";
      button.title = text("person_more", { name });
      button.setAttribute("aria-label", button.title);
      button.addEventListener("click", () => {
        this.#around = this.#beside(item);
        open(name);
      });
      item.append(button);
    }
    if (known !== undefined) {
      const hadFocus = known.item.contains(document.activeElement);
      known.item.replaceWith(item);
      if (hadFocus) item.querySelector("button")?.focus();
    }
    this.#items.set(name, { item, shown });
    return item;
  }
}
