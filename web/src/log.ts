// The list of lines, in days and groups. Follows the newest line unless the reader has scrolled up.

import { text } from "./language.ts";
import { continues, dayLine, type Line, newLine } from "./lines.ts";
import { isSameDay } from "./time.ts";

/** Older lines than this many are dropped, so that a page can stay open for weeks. */
const MAX_LINES = 1_000;
/** Pixels from the end that still count as being at the end. */
const NEAR = 32;

export class Log {
  /** Oldest first, without days and marks. */
  readonly #lines: Line[] = [];
  /** The line that has the name over the last group. */
  #first: Line | undefined;
  #following = true;
  #lastTop = 0;
  #unseen = 0;
  #pinning = false;
  #newest: HTMLElement | undefined;
  #mark: HTMLElement | undefined;

  /** `placeholder` stands where there is no message yet. */
  constructor(
    readonly list: HTMLElement,
    readonly placeholder: HTMLElement,
    readonly newer: HTMLButtonElement,
  ) {
    list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    newer.addEventListener("click", () => {
      this.#follow();
      list.focus({ preventScroll: true });
    });
    // A smaller window, a growing input or a banner must not hide the newest line.
    new ResizeObserver(() => this.#pin()).observe(list);
    document.addEventListener("visibilitychange", () => this.#pin());
    list.append(placeholder);
    this.#follow();
  }

  append(line: Line): void {
    const { element, said } = line;
    const last = this.#lines.at(-1);
    if (!isSameDay(line.at, last?.at ?? Date.now())) this.#insert(dayLine(line.at));
    const goesOn = continues(line, last, this.#first) && this.#mark?.nextElementSibling !== null;
    if (!goesOn) this.#first = line;
    element.classList.toggle("continued", goesOn);
    this.#insert(element);
    this.#lines.push(line);
    this.#trim();
    if (said !== undefined) this.#isNewest(element);
    if (this.#following) this.#pin();
    else if (said !== undefined) this.#countUnseen(this.#unseen + 1);
  }

  /** What comes from now on is new to the reader; an earlier mark goes. */
  mark(): void {
    this.unmark();
    this.#mark = newLine();
    this.#insert(this.#mark);
    this.#pin();
  }

  unmark(): void {
    this.#mark?.remove();
    this.#mark = undefined;
  }

  /** Shows the end, and stays there: whoever speaks wants to see it. */
  toEnd(): void {
    this.#follow();
  }

  #insert(element: HTMLElement): void {
    const end = this.placeholder.parentNode === this.list ? this.placeholder : null;
    this.list.insertBefore(element, end);
  }

  #isNewest(element: HTMLElement): void {
    this.placeholder.remove();
    this.#newest?.classList.remove("newest");
    this.#newest = element;
    element.classList.add("newest");
  }

  #trim(): void {
    while (this.#lines.length > MAX_LINES) {
      const oldest = this.#lines.shift()?.element;
      // Days and marks before it have nothing to stand for any more.
      while (oldest !== undefined && this.list.firstElementChild !== oldest)
        this.list.firstElementChild?.remove();
      oldest?.remove();
    }
  }

  /** Scrolls to the end once per frame, however many lines came in it. */
  #pin(): void {
    if (!this.#following || this.#pinning) return;
    this.#pinning = true;
    requestAnimationFrame(() => {
      this.#pinning = false;
      if (!this.#following) return;
      // Where nothing is said yet, what stands there is read from its top.
      this.list.scrollTop = this.placeholder.parentNode === null ? this.list.scrollHeight : 0;
      this.#lastTop = this.list.scrollTop;
    });
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (scrollHeight - scrollTop - clientHeight <= NEAR) this.#follow();
    // New lines never move the view up; only the reader does. So lines that come in between are no reason to stop.
    else if (scrollTop < this.#lastTop) this.#setFollowing(false);
    this.#lastTop = scrollTop;
  }

  #follow(): void {
    this.#setFollowing(true);
    this.#countUnseen(0);
    this.#pin();
  }

  #setFollowing(following: boolean): void {
    this.#following = following;
    // While following, the page moves the view itself; the browser's own anchoring would fight it.
    this.list.classList.toggle("following", following);
  }

  #countUnseen(unseen: number): void {
    this.#unseen = unseen;
    this.newer.hidden = unseen === 0;
    this.newer.textContent = text("new_messages", { count: unseen });
  }
}
