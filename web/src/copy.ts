// Copying the link to the room. Without a secure context there is no clipboard API; then the old way, and
// where that fails too, a selected field to copy from.

import { byId } from "./dom.ts";
import { text } from "./language.ts";

const DONE = 2_000;

export class CopyLink {
  readonly #button = byId("copy", HTMLButtonElement);
  readonly #field = byId("link-field", HTMLElement);
  readonly #input = byId("link", HTMLInputElement);
  readonly #word = this.#button.querySelector("span") ?? this.#button;
  readonly #label = this.#word.textContent;
  #timer: number | undefined;

  constructor(link: string) {
    this.#input.value = link;
    this.#button.hidden = false;
    this.#input.addEventListener("blur", () => {
      this.#field.hidden = true;
    });
    this.#button.addEventListener("click", () => void this.#copy(link));
  }

  async #copy(link: string): Promise<void> {
    clearTimeout(this.#timer);
    this.#show(false);
    if (!(await copyText(link, this.#input, this.#field))) return;
    if (!this.#field.hidden) this.#button.focus();
    this.#show(true);
    this.#timer = setTimeout(() => this.#show(false), DONE);
  }

  #show(done: boolean): void {
    this.#word.textContent = done ? text("link_copied") : this.#label;
    this.#button.classList.toggle("done", done);
  }
}

/** Whether it could be copied. Otherwise it stands selected in the input, which `field` holds, to be copied by hand. */
export async function copyText(
  words: string,
  input: HTMLInputElement,
  field: HTMLElement = input,
): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    input.value = words;
    field.hidden = false;
    input.focus();
    input.select();
    return document.execCommand("copy");
  }
}
