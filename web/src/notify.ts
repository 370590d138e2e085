// Optional desktop notifications while the page is hidden. Browsers allow them only on https and localhost.

import { Preference } from "./preference.ts";

export class Notify {
  readonly #preference = new Preference("alert.notify");
  #on = false;

  /** `problem` shows a text to the person. */
  constructor(
    readonly button: HTMLButtonElement,
    readonly room: string,
    problem: (text: string) => void,
  ) {
    if (!("Notification" in window) || !isSecureContext) return;
    this.#set(this.#preference.get() && Notification.permission === "granted");
    button.hidden = false;
    button.addEventListener("click", async () => {
      const on = !this.#on && (await Notification.requestPermission()) === "granted";
      if (!on && !this.#on) {
        problem(
          "The browser does not allow notifications from this page. Allow them in the site's settings.",
        );
      }
      this.#set(on);
      this.#preference.set(on);
    });
  }

  message(text: string): void {
    if (!this.#on || !document.hidden) return;
    try {
      const shown = new Notification(`Room ${this.room}`, {
        body: text,
        tag: `alert ${this.room}`,
        icon: "/assets/favicon.svg",
      });
      shown.addEventListener("click", () => {
        window.focus();
        shown.close();
      });
    } catch {
      // Browsers on phones have the name, but no way to show one from a page.
      this.#set(false);
      this.button.hidden = true;
    }
  }

  #set(on: boolean): void {
    this.#on = on;
    this.button.setAttribute("aria-pressed", String(on));
  }
}
