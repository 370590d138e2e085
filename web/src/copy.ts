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
    this.#button.addEventListener("click", () => void this.#copy());
  }

  async #copy(): Promise<void> {
    clearTimeout(this.#timer);
    this.#show(false);
    if (!(await this.#byClipboard()) && !this.#bySelection()) return;
    this.#show(true);
    this.#timer = setTimeout(() => this.#show(false), DONE);
  }

  #show(done: boolean): void {
    this.#word.textContent = done ? text("link_copied") : this.#label;
    this.#button.classList.toggle("done", done);
  }

  async #byClipboard(): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(this.#input.value);
      return true;
    } catch {
      return false;
    }
  }

  /** Shows the field with the link selected. It goes again, as it does without focus, if the browser could copy. */
  #bySelection(): boolean {
    this.#field.hidden = false;
    this.#input.select();
    const copied = document.execCommand("copy");
    if (copied) this.#button.focus();
    return copied;
  }
}
