// Who has not confirmed the first alert on the wall, where a host wants that to be seen: how many first, and then names,
// which are turned like pages where they do not fit.

import { byId, make } from "./dom.ts";
import { text } from "./language.ts";
import { type Alert, type RollCall, STAGES } from "./protocol.ts";
import { pagesOf, turn } from "./turning.ts";

/** How often the server is asked (ms), and how long a page of names stays. */
const AGAIN = 3_000;
const PAGE = 6_000;

/** Asks who has not confirmed an alert; nothing, where there is no answer now. */
export type AskMissing = (id: string) => Promise<Pick<RollCall, "counts" | "people"> | undefined>;

export class WallMissing {
  readonly #box = byId("missing", HTMLElement);
  readonly #count = byId("missing-count", HTMLElement);
  readonly #names = byId("missing-names", HTMLUListElement);
  #id: string | undefined;
  #shown = "";
  #timer: number | undefined;

  /** `changed` hears that it takes another space. */
  constructor(
    readonly ask: AskMissing,
    readonly changed: () => void,
  ) {
    setInterval(() => turn(this.#names), PAGE);
  }

  /** The alert that has the wall, if there is one. */
  of(first: Pick<Alert, "id" | "confirm" | "show_missing"> | undefined): void {
    const id = first?.confirm && first.show_missing ? first.id : undefined;
    if (id === this.#id) return;
    this.#id = id;
    this.#shown = "";
    clearTimeout(this.#timer);
    this.#box.hidden = true;
    if (id !== undefined) void this.#look(id);
  }

  async #look(id: string): Promise<void> {
    const found = await this.ask(id);
    if (id !== this.#id) return;
    this.#timer = setTimeout(() => void this.#look(id), AGAIN);
    if (found !== undefined) this.#write(found);
  }

  /** What has not changed stays at its page. */
  #write({ counts, people }: Pick<RollCall, "counts" | "people">): void {
    const names = people.map(({ name }) => name);
    const all = STAGES.reduce((sum, stage) => sum + counts[stage], 0);
    const open = all - counts.confirmed;
    const shown = JSON.stringify([all, open, names]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#count.textContent =
      open === 0 ? text("screen_all_confirmed") : text("screen_missing", { count: open, all });
    this.#names.textContent = "";
    for (const name of names) this.#names.append(make("li", "", make("bdi", "", name)));
    if (open > names.length)
      this.#names.append(make("li", "", text("more_people", { count: open - names.length })));
    this.#names.hidden = open === 0;
    this.#box.hidden = all === 0;
    if (this.#names.scrollTop > 0 && pagesOf(this.#names) === 1) this.#names.scrollTop = 0;
    this.changed();
  }
}
