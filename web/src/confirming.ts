// Under an alert that asks for it: the buttons by which somebody confirms it, with one of its answers if it names any.

import { make } from "./dom.ts";
import { text } from "./language.ts";
import type { Alert, Called } from "./protocol.ts";

export class Confirming {
  readonly element = make("div", "confirming");
  readonly #asks = make("p", "confirming-asks");
  readonly #row = make("div", "alert-row");
  #shown = "";

  constructor(readonly confirm: (answer: string | undefined) => void) {
    this.element.append(this.#asks, this.#row);
  }

  /** `mine` is what the server knows of the reader. */
  show({ confirm, answers, text: words }: Alert, mine: Called | undefined): void {
    this.element.hidden = !confirm;
    if (!confirm) return;
    this.#asks.textContent = asked(mine);
    const isDone = mine?.stage === "confirmed";
    this.element.toggleAttribute("data-done", isDone);
    this.#write(answers, words);
    for (const button of this.#row.children) {
      const isChosen = isDone && (answers.length === 0 || button.textContent === mine.answer);
      button.setAttribute("aria-pressed", String(isChosen));
    }
  }

  /** What has not changed keeps the focus. */
  #write(answers: readonly string[], words: string): void {
    const shown = JSON.stringify([answers, words]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const choices = answers.length === 0 ? [undefined] : answers;
    this.#row.replaceChildren(...choices.map((answer) => this.#button(answer, words)));
  }

  #button(answer: string | undefined, words: string): HTMLButtonElement {
    const button = make("button", "button toggle", answer ?? text("confirm_it"));
    button.type = "button";
    button.dir = "auto";
    const level = answer ?? text("confirm_it");
    button.setAttribute("aria-label", text("alert_words", { level, text: words }));
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-pressed") !== "true") this.confirm(answer);
    });
    return button;
  }
}

function asked(mine: Called | undefined): string {
  if (mine?.stage !== "confirmed") return text("please_confirm");
  return mine.by === null ? text("you_confirmed") : text("confirmed_for_you", { name: mine.by });
}
