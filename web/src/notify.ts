// Optional desktop notifications while the page is hidden, and why they cannot work where they cannot.

import { text } from "./language.ts";
import { Preference } from "./preference.ts";

export class Notify {
  readonly #preference = new Preference("alert.notify");
  #on = false;

  /** `problem` shows a text to the person, or clears it with "". */
  constructor(
    readonly button: HTMLButtonElement,
    readonly room: string,
    readonly problem: (text: string) => void,
  ) {
    button.hidden = false;
    this.#set(this.#preference.get() && whyNot() === "" && Notification.permission === "granted");
    button.addEventListener("click", async () => {
      const why = this.#on ? "" : await ask();
      const on = !this.#on && why === "" && this.#show(text("notify_test"));
      if (on || this.#on) problem("");
      else if (why !== "") problem(why);
      this.#set(on);
      this.#preference.set(on);
    });
  }

  message(words: string): void {
    if (this.#on && document.hidden) this.#show(words);
  }

  #show(body: string): boolean {
    try {
      const shown = new Notification(text("notify_title", { room: this.room }), {
        body,
        tag: `alert ${this.room}`,
        icon: "/assets/icon-192.png",
      });
      shown.addEventListener("click", () => {
        window.focus();
        shown.close();
      });
      return true;
    } catch {
      // Browsers on phones have the name, but no way to show one from a page.
      this.#set(false);
      this.problem(text("notify_unsupported"));
      return false;
    }
  }

  #set(on: boolean): void {
    this.#on = on;
    this.button.setAttribute("aria-pressed", String(on));
  }
}

/** What stands in the way before anybody is asked. */
function whyNot(): string {
  if (!isSecureContext) return text("notify_insecure");
  return "Notification" in window ? "" : text("notify_unsupported");
}

async function ask(): Promise<string> {
  const why = whyNot();
  if (why !== "") return why;
  switch (await Notification.requestPermission()) {
    case "granted":
      return "";
    case "denied":
      return text("notify_denied");
    default:
      return text("notify_unanswered");
  }
}
