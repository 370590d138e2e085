// Asks once before something that cannot be taken back.

import { byId, make } from "./dom.ts";

/** What is asked; `yes` is the word on the button that does it. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly quote?: string;
  /** Something to be filled in. */
  readonly field?: HTMLElement;
  readonly yes: string;
  /** Whether nothing is lost by it. */
  readonly isHarmless?: boolean;
}

export class Ask {
  readonly #dialog = byId("asking", HTMLDialogElement);
  #answer: ((yes: boolean) => void) | undefined;

  /** `no` is the word on the button that changes nothing. */
  constructor(readonly no: string) {
    this.#dialog.addEventListener("close", () => {
      // It is told late: by now the next question may be open, and this was the end of the one before.
      if (this.#dialog.open) return;
      this.#answer?.(this.#dialog.returnValue === "yes");
      this.#answer = undefined;
    });
    // Escape closes without a value, and the last one would still be there.
    this.#dialog.addEventListener("cancel", () => {
      this.#dialog.returnValue = "";
    });
  }

  ask(question: Question): Promise<boolean> {
    const title = make("h2", "", question.title);
    title.id = "asking-title";
    const words = make("p", "", question.text);
    words.id = "asking-text";
    const no = make("button", "button", this.no);
    no.value = "no";
    no.autofocus = true;
    const yes = make("button", `button ${question.isHarmless ? "primary" : "danger"}`, question.yes);
    yes.value = "yes";
    const form = make("form", "", title, words);
    if (question.quote !== undefined) form.append(make("blockquote", "", make("bdi", "", question.quote)));
    if (question.field !== undefined) form.append(question.field);
    form.append(make("div", "dialog-row", no, yes));
    form.method = "dialog";
    this.#dialog.replaceChildren(form);
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    this.#answer?.(false);
    return new Promise((answer) => {
      this.#answer = answer;
    });
  }
}
