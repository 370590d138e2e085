// What came while the page was hidden: its number in the title, and a mark in the list where it begins.

import { formatNumber } from "./language.ts";

export class Unread {
  readonly #title = document.title;
  #count = 0;

  /** `mark` marks the end of the list as read. */
  constructor(readonly mark: () => void) {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#set(0);
    });
  }

  /** A message is about to be shown. */
  message(): void {
    if (document.hidden && this.#count === 0) this.mark();
    this.count();
  }

  /** A message has come that is marked already. */
  count(): void {
    if (document.hidden) this.#set(this.#count + 1);
  }

  #set(count: number): void {
    this.#count = count;
    document.title = count === 0 ? this.#title : `(${formatNumber(count)}) ${this.#title}`;
  }
}
