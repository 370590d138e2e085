// For hosts: the bells of the room, when they ring in the next days, and what can be done about them.

import type { Ask } from "./ask.ts";
import { BellChange, type DayChange } from "./bellchange.ts";
import { BellForm } from "./bellform.ts";
import { BellList, KNOWN } from "./belllist.ts";
import { dayWords, textOf } from "./bellwords.ts";
import { byId, make } from "./dom.ts";
import { command } from "./fields.ts";
import { text } from "./language.ts";
import type { Bell, Bells, Failed } from "./protocol.ts";

/** What the page does with the bells of its room. */
export interface BellRoom {
  readonly list: (days: number) => Promise<Partial<Bells> & Failed>;
  /** Does something, and resolves to what is wrong with that, if anything is. */
  readonly act: (body: object) => Promise<string | undefined>;
  /** The server's time. */
  readonly now: () => number;
}

export class BellsDialog {
  readonly #dialog = byId("bells", HTMLDialogElement);
  readonly #form = byId("bell", HTMLDialogElement);
  readonly #title = make("h2", "", text("bells_title"));
  readonly #problem = make("p", "field-error");
  readonly #list: BellList;
  #bells: Bells = { bells: [], rings: [], more: false };

  constructor(
    readonly room: BellRoom,
    readonly ask: Ask,
  ) {
    this.#title.id = "bells-title";
    this.#problem.setAttribute("role", "alert");
    this.#list = new BellList({
      change: (bell) => this.#edit(bell),
      remove: (bell) => void this.#remove(bell),
      day: (date) => this.#change(date),
      does: (change) => void this.#does(change),
    });
    const add = command(text("bell_add"), () => this.#edit(undefined));
    add.classList.add("primary");
    this.#dialog.append(
      this.#title,
      make("p", "hint", text("bells_hint")),
      this.#problem,
      make("div", "controls", add),
      this.#list.element,
    );
  }

  open(): void {
    this.#problem.textContent = "";
    this.#dialog.showModal();
    void this.#load();
  }

  /** The reader is no host any more. */
  close(): void {
    this.#form.close();
    this.#dialog.close();
  }

  /** Somebody may have changed them. */
  refresh(): void {
    if (this.#dialog.open) void this.#load();
  }

  async #load(): Promise<void> {
    const { bells, rings, more = false, problem = "" } = await this.room.list(KNOWN + 1);
    if (problem !== "") this.#problem.textContent = problem;
    if (bells === undefined || rings === undefined) return;
    this.#bells = { bells, rings, more };
    this.#list.show(this.#bells, this.room.now());
  }

  async #does(body: object): Promise<void> {
    this.#problem.textContent = (await this.room.act(body)) ?? "";
    await this.#load();
  }

  async #remove(bell: Bell): Promise<void> {
    const question = {
      title: text("bell_remove_title"),
      text: text("bell_remove_text"),
      quote: textOf(bell),
      yes: text("remove"),
    };
    if (await this.ask.ask(question)) await this.#does({ action: "remove", id: bell.id });
  }

  #edit(bell: Bell | undefined): void {
    const form = new BellForm(bell);
    const title = text(bell === undefined ? "bell_add" : "bell_change_title");
    const id = bell?.id ?? newId();
    this.#show(title, form.elements, form.first, () => [{ action: "set", id, bell: form.body() }]);
  }

  #change(date: string): void {
    const form = new BellChange(date, this.#bells, this.room.now());
    const always = form.asAlways();
    const title = text("bell_day_title", { day: dayWords(date) });
    const shown = this.#show(title, form.elements, undefined, () => form.changes());
    if (always.length === 0) return;
    const button = command(text("bell_day_always"), () => void shown.send(always));
    shown.row.prepend(button);
  }

  /** A form over the list: what it asks for is done in order, until something is refused, which is said here. */
  #show(
    words: string,
    elements: readonly HTMLElement[],
    first: HTMLElement | undefined,
    deeds: () => readonly (DayChange | object)[],
  ) {
    const title = make("h2", "", words);
    title.id = "bell-title";
    title.tabIndex = -1;
    const why = make("p", "field-error");
    why.setAttribute("role", "alert");
    const no = command(text("cancel"), () => this.#form.close());
    const yes = make("button", "button primary", text("save"));
    const row = make("div", "dialog-row", no, yes);
    const form = make("form", "", title, ...elements, why, row);
    const send = async (all: readonly object[]): Promise<void> => {
      yes.disabled = true;
      let problem: string | undefined;
      for (const deed of all) {
        problem = await this.room.act(deed);
        if (problem !== undefined) break;
      }
      yes.disabled = false;
      why.textContent = problem ?? "";
      await this.#load();
      // By now another form may stand here.
      if (problem === undefined && form.isConnected) this.#form.close();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send(deeds());
    });
    this.#form.replaceChildren(form);
    this.#form.showModal();
    (first ?? title).focus();
    return { row, send };
  }
}

/** What a new bell is called, where nobody has to read it: as no other, also of those that another host adds just now. */
function newId(): string {
  const characters = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    (byte % 32).toString(32),
  );
  return `bell-${characters.join("")}`;
}
