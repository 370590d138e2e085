// Optional desktop notifications while the page is hidden, and why they cannot work where they cannot.

import { Preference } from "./preference.ts";
import { isolated, type Line } from "./speaker.ts";

const INSECURE =
  "Browsers allow notifications only on pages that come over https. This one came over plain http: ask whoever runs the server for an https address.";
const UNSUPPORTED =
  "This browser cannot show notifications from a page. A browser on a computer can; on a phone, Sound may help.";
const DENIED =
  "Notifications are blocked for this site. Allow them in the browser's settings for it (beside the address), then press Notify again.";
const UNANSWERED =
  "The browser has not been allowed to show notifications. Press Notify again, and allow them when it asks.";

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
      const on = !this.#on && why === "" && this.#show("Messages in this room will be shown like this.");
      if (on || this.#on) problem("");
      else if (why !== "") problem(why);
      this.#set(on);
      this.#preference.set(on);
    });
  }

  message(line: Line): void {
    if (this.#on && document.hidden) this.#show(isolated(line));
  }

  #show(body: string): boolean {
    try {
      const shown = new Notification(`Room ${this.room}`, {
        body,
        tag: `alert ${this.room}`,
        icon: "/assets/favicon.svg",
      });
      shown.addEventListener("click", () => {
        window.focus();
        shown.close();
      });
      return true;
    } catch {
      // Browsers on phones have the name, but no way to show one from a page.
      this.#set(false);
      this.problem(UNSUPPORTED);
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
  if (!isSecureContext) return INSECURE;
  return "Notification" in window ? "" : UNSUPPORTED;
}

async function ask(): Promise<string> {
  const why = whyNot();
  if (why !== "") return why;
  switch (await Notification.requestPermission()) {
    case "granted":
      return "";
    case "denied":
      return DENIED;
    default:
      return UNANSWERED;
  }
}
