// The list of lines, in days and groups. Follows the newest line unless the reader has scrolled up.

import { text } from "./language.ts";
import { continues, dayLine, type Line, newLine } from "./lines.ts";
import { isSameDay } from "./time.ts";

/** Older lines than this many are dropped, so that a page can stay open for weeks, */
const MAX_LINES = 1_000;
/** or this many while somebody reads further up. */
const MAX_LINES_READING = 5_000;
/** Pixels from the end that still count as being at the end. */
const NEAR = 32;

/** A line in its place. */
interface Placed {
  readonly line: Line;
  /** The line that has the name over its group. */
  head: Line;
  /** The date above it, if it is the first of its day. */
  day?: HTMLElement | undefined;
}

export class Log {
  /** Oldest first. */
  readonly #lines: Placed[] = [];
  #following = true;
  #lastTop = 0;
  #unseen = 0;
  #pinning = false;
  #newest: HTMLElement | undefined;
  #mark: HTMLElement | undefined;

  /** `placeholder` is shown while there is no message yet; `trimmed` is called when old lines were dropped. */
  constructor(
    readonly list: HTMLElement,
    readonly placeholder: HTMLElement,
    readonly newer: HTMLButtonElement,
    readonly trimmed: () => void,
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

  get isFollowing(): boolean {
    return this.#following;
  }

  /** The position of the oldest message. */
  get oldest(): string | undefined {
    return this.#lines.find(({ line }) => line.said !== undefined)?.line.said?.position;
  }

  /** The position of the newest message. */
  get newest(): string | undefined {
    return this.#lines.findLast(({ line }) => line.said !== undefined)?.line.said?.position;
  }

  append(line: Line): void {
    this.#insert(line.element);
    const placed: Placed = { line, head: line };
    this.#arrange(placed, this.#lines.at(-1));
    this.#lines.push(placed);
    this.#trim();
    const isMessage = line.said !== undefined;
    if (isMessage) this.#isNewest(line.element);
    if (this.#following) this.#pin();
    else if (isMessage) this.#countUnseen(this.#unseen + 1);
  }

  /** Puts older lines above the others; `change` is what else changes there. What is being read does not move. */
  prepend(lines: readonly Line[], change: () => void): void {
    const [first] = this.#lines;
    // Not the first line: it may lose its name to the group above.
    const edge = this.list.getBoundingClientRect().top;
    const visible = this.#lines.find(({ line }) => line.element.getBoundingClientRect().bottom > edge);
    const anchor = visible?.line.element;
    const top = anchor?.getBoundingClientRect().top ?? 0;
    this.list.classList.add("still");
    change();
    const older: Placed[] = [];
    const next = first?.day ?? first?.line.element ?? null;
    for (const line of lines) {
      this.list.insertBefore(line.element, next);
      const placed: Placed = { line, head: line };
      this.#arrange(placed, older.at(-1));
      older.push(placed);
    }
    this.#lines.unshift(...older);
    // The group that the older lines join now has another first line.
    for (let at = older.length; at > 0 && at < this.#lines.length; at += 1) {
      const placed = this.#lines[at];
      if (placed === undefined) break;
      const { head } = placed;
      this.#arrange(placed, this.#lines[at - 1]);
      if (placed.head === head) break;
    }
    if (anchor !== undefined) this.list.scrollTop += anchor.getBoundingClientRect().top - top;
    this.#lastTop = this.list.scrollTop;
    requestAnimationFrame(() => this.list.classList.remove("still"));
  }

  /** What comes from now on is new to the reader; an earlier mark goes. */
  mark(): void {
    this.#mark?.remove();
    this.#mark = newLine();
    this.#insert(this.#mark);
    this.#pin();
  }

  /** Shows the end, and stays there: whoever speaks wants to see it. */
  toEnd(): void {
    this.#follow();
  }

  #insert(element: HTMLElement): void {
    const end = this.placeholder.parentNode === this.list ? this.placeholder : null;
    this.list.insertBefore(element, end);
  }

  /** Gives a line its date and its place in a group, by the line before it. */
  #arrange(placed: Placed, before: Placed | undefined): void {
    const { element, at } = placed.line;
    placed.day?.remove();
    placed.day = undefined;
    const isAfterMark = this.#mark !== undefined && element.previousElementSibling === this.#mark;
    if (!isSameDay(at, before?.line.at ?? Date.now())) {
      placed.day = dayLine(at);
      element.before(placed.day);
    }
    const goesOn = !isAfterMark && continues(placed.line, before?.line, before?.head);
    placed.head = goesOn && before !== undefined ? before.head : placed.line;
    element.classList.toggle("continued", goesOn);
  }

  #isNewest(element: HTMLElement): void {
    this.placeholder.remove();
    this.#newest?.classList.remove("newest");
    this.#newest = element;
    element.classList.add("newest");
  }

  #trim(): void {
    const most = this.#following ? MAX_LINES : MAX_LINES_READING;
    if (this.#lines.length <= most) return;
    for (const { line, day } of this.#lines.splice(0, this.#lines.length - most)) {
      day?.remove();
      line.element.remove();
    }
    this.trimmed();
  }

  /** Scrolls to the end once per frame, however many lines came in it. */
  #pin(): void {
    if (!this.#following || this.#pinning) return;
    this.#pinning = true;
    requestAnimationFrame(() => {
      this.#pinning = false;
      if (!this.#following) return;
      // If nothing has been said yet, the placeholder is read from its top.
      this.list.scrollTop = this.placeholder.parentNode === null ? this.list.scrollHeight : 0;
      this.#lastTop = this.list.scrollTop;
    });
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (scrollHeight - scrollTop - clientHeight <= NEAR) this.#follow();
    // New lines never move the view up; only the reader does. So lines that come meanwhile are no reason to stop.
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
