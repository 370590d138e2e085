// What webhooks could not deliver, with buttons that send it again or drop it.

import { post } from "./admin-post.ts";
import { byId, make } from "./dom.ts";

interface Letter {
  room: string;
  webhook: string;
  id: string;
  kind: string;
  /** In milliseconds since 1970. */
  at: number;
  attempts: number;
  why: string;
  can_be_sent: boolean;
}

/** Between two looks; all webhooks are looked at for them. */
const PAUSE = 10_000;

export class Letters {
  readonly #card = byId("letters-card", HTMLElement);
  readonly #list = byId("letters", HTMLUListElement);
  readonly #note = byId("letters-note", HTMLElement);
  #shown = "";
  #looked = Number.NEGATIVE_INFINITY;

  async refresh(isUrgent = false): Promise<void> {
    if (!isUrgent && performance.now() - this.#looked < PAUSE) return;
    this.#looked = performance.now();
    const response = await fetch("/admin/letters").catch(() => undefined);
    // That it does not answer, the page says already.
    if (response?.ok !== true) return;
    const { letters, more } = (await response.json()) as { letters: Letter[]; more: boolean };
    const shown = JSON.stringify(letters);
    if (shown !== this.#shown) this.#list.replaceChildren(...letters.map((letter) => this.#item(letter)));
    this.#shown = shown;
    // What was said last stays until there is nothing left to do.
    if (letters.length > 0) this.#card.hidden = false;
    if (more) this.#say("There are more.");
    else if (letters.length === 0) this.#say("None.");
  }

  #item(letter: Letter): HTMLLIElement {
    const { room, webhook, id, kind, at, attempts, why } = letter;
    const tried = `${room}, webhook ${webhook}, ${new Date(at).toLocaleString("en-GB")}, tried ${attempts} times`;
    const what = make("span", "what", `${kind}: ${why}`, make("span", "sub", `${tried}; ${id}`));
    const buttons = [this.#button("Drop", "/admin/letters/drop", letter, "Dropped.")];
    if (letter.can_be_sent)
      buttons.unshift(this.#button("Send", "/admin/letters/send", letter, "Delivered."));
    return make("li", "", what, ...buttons);
  }

  #button(name: string, path: string, { room, webhook, id }: Letter, done: string): HTMLButtonElement {
    const button = make("button", "button", name);
    button.type = "button";
    button.setAttribute("aria-label", `${name} ${id} of ${room}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      const answer = await post(path, { room, webhook, id });
      await this.refresh(true);
      button.disabled = false;
      this.#say(typeof answer === "string" ? answer : done);
    });
    return button;
  }

  #say(text: string): void {
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }
}
