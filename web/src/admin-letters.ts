// What webhooks could not deliver, with buttons that send it again or drop it.

import { deed, Items } from "./admin-items.ts";
import { post } from "./admin-post.ts";
import type { Ask } from "./ask.ts";
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
  readonly #items = new Items<Letter>(
    byId("letters", HTMLUListElement),
    byId("letters-title", HTMLElement),
    ({ room, webhook, id }) => `${room} ${webhook} ${id}`,
    (letter) => this.#item(letter),
  );
  readonly #note = byId("letters-note", HTMLElement);
  #looked = Number.NEGATIVE_INFINITY;

  constructor(readonly ask: Ask) {}

  async refresh(isUrgent = false): Promise<void> {
    if (!isUrgent && performance.now() - this.#looked < PAUSE) return;
    this.#looked = performance.now();
    const response = await fetch("/admin/letters").catch(() => undefined);
    // That it does not answer, the page says already.
    if (response?.ok !== true) return;
    const { letters, more } = (await response.json()) as { letters: Letter[]; more: boolean };
    this.#items.show(letters);
    // What was said last stays until there is nothing left to do.
    if (letters.length > 0) this.#card.hidden = false;
    if (more) this.#say("There are more.");
    else if (letters.length === 0) this.#say("None.");
  }

  #item(letter: Letter): HTMLLIElement {
    const { room, webhook, id, kind, at, attempts, why } = letter;
    const tried = `${room}, webhook ${webhook}, ${new Date(at).toLocaleString("en-GB")}, tried ${attempts} times`;
    const what = make("span", "what", `${kind}: ${why}`, make("span", "sub", `${tried}; ${id}`));
    const drop = deed("Drop", `Drop ${id} of ${room}`, async () => {
      const question = {
        title: "Drop this for good?",
        text: `The receiver in ${room} never gets it.`,
        quote: `${kind}: ${why}`,
        yes: "Drop it",
      };
      if (await this.ask.ask(question)) await this.#do("/admin/letters/drop", letter, "Dropped.");
    });
    const send = deed("Send", `Send ${id} of ${room}`, () =>
      this.#do("/admin/letters/send", letter, "Delivered."),
    );
    return make("li", "", what, ...(letter.can_be_sent ? [send, drop] : [drop]));
  }

  async #do(path: string, { room, webhook, id }: Letter, done: string): Promise<void> {
    const answer = await post(path, { room, webhook, id });
    await this.refresh(true);
    this.#say(typeof answer === "string" ? answer : done);
  }

  #say(text: string): void {
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }
}
