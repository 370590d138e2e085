// Looks further back when the reader comes near the oldest line, or presses the button above it.

import { make } from "./dom.ts";
import { text } from "./language.ts";
import { type Line, messageLine } from "./lines.ts";
import type { Page } from "./listener.ts";
import type { Log } from "./log.ts";

/** Pixels from the oldest line at which the next page is fetched. */
const NEAR = 400;

export class Earlier {
  readonly #button = make("button", "button earlier", text("earlier"));
  #isLoading = false;

  /** `before` fetches the messages before a position; `shown` hears which lines came. */
  constructor(
    readonly log: Log,
    readonly before: (position: string) => Promise<Page | undefined>,
    readonly shown: (lines: readonly Line[]) => void,
  ) {
    this.#button.type = "button";
    this.#button.addEventListener("click", () => void this.#load());
    log.list.addEventListener(
      "scroll",
      () => {
        if (log.list.scrollTop < NEAR && !log.isFollowing) void this.#load();
      },
      { passive: true },
    );
  }

  /** Whether there are older messages than the log has. */
  set more(more: boolean) {
    if (!more) this.#button.remove();
    else if (this.#button.parentNode === null) this.log.list.prepend(this.#button);
  }

  async #load(): Promise<void> {
    const { oldest } = this.log;
    if (this.#isLoading || oldest === undefined || this.#button.parentNode === null) return;
    this.#isLoading = true;
    const page = await this.before(oldest);
    this.#isLoading = false;
    if (page === undefined) return;
    const hadFocus = document.activeElement === this.#button;
    const lines = page.messages.map(messageLine);
    this.log.prepend(lines, () => {
      this.more = page.more;
    });
    if (hadFocus && !page.more) this.log.list.focus({ preventScroll: true });
    this.shown(lines);
  }
}
