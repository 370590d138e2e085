// Copying the link to the room. Without a secure context there is no clipboard API; then the old way, and
// where that fails too, a selected field to copy from.

import { byId } from "./dom.ts";

const DONE = 2_000;

export class Link {
  readonly #button = byId("copy", HTMLButtonElement);
  readonly #field = byId("link-field", HTMLElement);
  readonly #input = byId("link", HTMLInputElement);
  readonly #label = this.#button.textContent;
  #timer: number | undefined;

  constructor(room: string) {
    this.#input.value = new URL(`/v1?${new URLSearchParams({ room })}`, location.href).href;
    this.#button.hidden = false;
    this.#input.addEventListener("blur", () => {
      this.#field.hidden = true;
    });
    this.#button.addEventListener("click", () => void this.#copy());
  }

  async #copy(): Promise<void> {
    clearTimeout(this.#timer);
    this.#button.textContent = this.#label;
    if (!(await this.#byClipboard()) && !this.#bySelection()) return;
    this.#button.textContent = "Link copied";
    this.#timer = setTimeout(() => {
      this.#button.textContent = this.#label;
    }, DONE);
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
