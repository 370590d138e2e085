// Leaving the room, which is asked about: the room hears of it, and the lines of the page are gone after it.

import { byId } from "./dom.ts";

export class Leave {
  readonly #button = byId("leave", HTMLButtonElement);
  readonly #dialog = byId("leaving", HTMLDialogElement);

  constructor(leave: () => void) {
    this.#button.hidden = false;
    this.#button.addEventListener("click", () => this.#dialog.showModal());
    this.#dialog.addEventListener("close", () => {
      if (this.#dialog.returnValue === "leave") leave();
    });
    // Escape closes without a value, and the last one would still be there.
    this.#dialog.addEventListener("cancel", () => {
      this.#dialog.returnValue = "";
    });
  }

  /** Once the person is on the way out there is nothing to ask any more. */
  set disabled(disabled: boolean) {
    this.#button.disabled = disabled;
  }
}
