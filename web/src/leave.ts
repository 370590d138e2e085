// Leaving the room, which is asked about: the room hears of it, and the lines of the page are gone after it. Hosts are
// asked as well whether the browser is to forget that they are.

import { byId } from "./dom.ts";

export class Leave {
  readonly #button = byId("leave", HTMLButtonElement);
  readonly #dialog = byId("leaving", HTMLDialogElement);

  readonly #forget = byId("leave-forget", HTMLInputElement);
  readonly #forgetRow = byId("leave-forget-row", HTMLElement);

  constructor(leave: (forgetsHost: boolean) => void) {
    this.#button.hidden = false;
    this.#button.addEventListener("click", () => this.#dialog.showModal());
    this.#dialog.addEventListener("close", () => {
      if (this.#dialog.returnValue === "leave") leave(this.#forget.checked);
    });
    // Escape closes without a value, and the last one would still be there.
    this.#dialog.addEventListener("cancel", () => {
      this.#dialog.returnValue = "";
    });
  }

  set isHost(is: boolean) {
    this.#forgetRow.hidden = !is;
  }

  /** Once the person is on the way out there is nothing to ask any more. */
  set disabled(disabled: boolean) {
    this.#button.disabled = disabled;
  }
}
