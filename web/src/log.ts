// The list of lines: messages, statuses, gaps. Follows the newest line unless the reader has scrolled up.

import { make } from "./dom.ts";
import type { Line } from "./speaker.ts";
import { clock, exactClock, span, timeElement } from "./time.ts";

/** Older lines than this many are dropped, so that a page can stay open for weeks. */
const MAX_LINES = 1_000;
const MAX_NAMES = 8;
/** Pixels from the end that still count as being at the end. */
const NEAR = 32;

export class Log {
  #following = true;
  #lastTop = 0;
  #unseen = 0;
  #pinning = false;
  #newest: HTMLElement | undefined;

  constructor(
    readonly list: HTMLElement,
    readonly empty: HTMLElement,
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
    this.#follow();
  }

  message(said: Line): void {
    const line = this.#line("message", content(said));
    this.#newest?.classList.remove("newest");
    this.#newest = line;
    line.classList.add("newest");
    this.#append(line);
  }

  status(told: Line): void {
    this.#append(this.#line("status", make("span", "vh", "Status: "), content(told)));
  }

  /** Shows the end, and stays there: whoever speaks wants to see it. */
  toEnd(): void {
    this.#follow();
  }

  /** Who was in the room at the moment of joining. */
  present(names: readonly string[], count: number): void {
    const text = make("span", "text", count === 1 ? "Only you are here." : `${count} people are here: `);
    if (count > 1) {
      names.slice(0, MAX_NAMES).forEach((name, index) => {
        text.append(index === 0 ? "" : ", ", make("bdi", "", name));
      });
      const more = count - Math.min(names.length, MAX_NAMES);
      text.append(more > 0 ? ` and ${more} more.` : ".");
    }
    this.#append(this.#line("note", text));
  }

  /** Says that whatever was sent between two moments is not in the list. */
  gap(from: number, to: number): void {
    const text = make("span", "text");
    text.append(
      "Not connected from ",
      timeElement(from, exactClock(from)),
      " to ",
      timeElement(to, exactClock(to)),
      ` (${span(to - from)}). Messages sent in that time are missing here.`,
    );
    this.#append(make("div", "line gap", text));
  }

  #line(kind: string, ...content: Node[]): HTMLElement {
    const now = Date.now();
    return make("div", `line ${kind}`, timeElement(now, clock(now)), ...content);
  }

  #append(line: HTMLElement): void {
    this.empty.hidden = true;
    this.list.append(line);
    while (this.list.childElementCount > MAX_LINES) this.list.firstElementChild?.remove();
    if (this.#following) this.#pin();
    else if (line.classList.contains("message")) this.#countUnseen(this.#unseen + 1);
  }

  /** Scrolls to the end once per frame, however many lines came in it. */
  #pin(): void {
    if (!this.#following || this.#pinning) return;
    this.#pinning = true;
    requestAnimationFrame(() => {
      this.#pinning = false;
      if (!this.#following) return;
      this.list.scrollTop = this.list.scrollHeight;
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
    this.newer.textContent = unseen === 1 ? "1 new message" : `${unseen} new messages`;
  }
}

/** The text's first letter says where its line begins; a name in front of it, in whatever script, does not. */
function content({ name, rest }: Line): HTMLElement {
  return name === "" ? make("bdi", "text", rest) : make("bdi", "text", make("bdi", "name", name), rest);
}
