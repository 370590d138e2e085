// The list of lines, in days and groups. Follows the newest line unless the reader has scrolled up; then what is being
// read stays where it is.

import { text } from "./language.ts";
import { continues, dayLine, type Line, newLine } from "./lines.ts";
import { clock, isSameDay } from "./time.ts";

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

/** What the reader saw last, and in which layout. */
interface View {
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  /** For whoever reads further up: the line that is read, its pixels from the top of the list, and its height. */
  readonly line: HTMLElement | undefined;
  readonly top: number;
  readonly tall: number;
}

export class Log {
  /** Oldest first. */
  readonly #lines: Placed[] = [];
  /** What is read stays in place when the layout changes. */
  readonly #sizes = new ResizeObserver(() => this.#settle());
  #following = true;
  #view: View = { width: 0, height: 0, scrollTop: 0, line: undefined, top: 0, tall: 0 };
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
    // A turned phone, a growing input, a banner or larger letters must not hide the newest line.
    this.#sizes.observe(list);
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

  /** The lines that are messages, oldest first. */
  messages(): Line[] {
    return this.#lines.map(({ line }) => line).filter(({ said }) => said !== undefined);
  }

  /** A message is gone: the next one of its group gets the name. */
  remove(position: string): void {
    const index = this.#lines.findIndex(({ line }) => line.said?.position === position);
    const [gone] = index < 0 ? [] : this.#lines.splice(index, 1);
    if (gone === undefined) return;
    this.#drop(gone);
    for (let at = index; at < this.#lines.length; at += 1) {
      const placed = this.#lines[at];
      if (placed === undefined) break;
      const { head } = placed;
      this.#place(placed, this.#lines[at - 1]);
      if (placed.head === head && head !== gone.line) break;
    }
    const newest = this.#lines.findLast(({ line }) => line.said !== undefined);
    if (newest !== undefined) this.#isNewest(newest.line.element);
  }

  /** Of the messages up to the last of these, whatever is not one of them is gone. */
  keep(positions: readonly string[]): void {
    const kept = new Set(positions);
    const shown = this.messages().map(({ said }) => said?.position ?? "");
    const last = shown.findLastIndex((position) => kept.has(position));
    for (const position of shown.slice(0, Math.max(0, last))) if (!kept.has(position)) this.remove(position);
  }

  append(line: Line): void {
    this.#insert(line.element);
    this.#sizes.observe(line.element);
    const placed: Placed = { line, head: line };
    this.#place(placed, this.#lines.at(-1));
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
    const anchor = this.#firstSeen();
    const top = anchor?.getBoundingClientRect().top ?? 0;
    this.list.classList.add("still");
    change();
    const older: Placed[] = [];
    const next = first?.day ?? first?.line.element ?? null;
    for (const line of lines) {
      this.list.insertBefore(line.element, next);
      this.#sizes.observe(line.element);
      const placed: Placed = { line, head: line };
      this.#place(placed, older.at(-1));
      older.push(placed);
    }
    this.#lines.unshift(...older);
    // The group that the older lines join now has another first line.
    for (let at = older.length; at > 0 && at < this.#lines.length; at += 1) {
      const placed = this.#lines[at];
      if (placed === undefined) break;
      const { head } = placed;
      this.#place(placed, this.#lines[at - 1]);
      if (placed.head === head) break;
    }
    if (anchor !== undefined) this.list.scrollTop += anchor.getBoundingClientRect().top - top;
    this.#remember();
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
  #place(placed: Placed, before: Placed | undefined): void {
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
    element.classList.toggle(
      "same-minute",
      goesOn && before !== undefined && clock(at) === clock(before.line.at),
    );
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
    for (const placed of this.#lines.splice(0, this.#lines.length - most)) this.#drop(placed);
    this.trimmed();
  }

  #drop({ line, day }: Placed): void {
    day?.remove();
    this.#sizes.unobserve(line.element);
    line.element.remove();
  }

  /** Scrolls to the end once per frame, however many lines came in it. */
  #pin(): void {
    if (!this.#following || this.#pinning) return;
    this.#pinning = true;
    requestAnimationFrame(() => {
      this.#pinning = false;
      if (this.#following) this.#showEnd();
    });
  }

  #showEnd(): void {
    // As long as nothing has been said, the placeholder is read from its top.
    if (this.placeholder.parentNode === null) this.list.scrollTop = this.list.scrollHeight;
    this.#remember();
  }

  /** The layout is another one: the reader sees what they saw before it changed. */
  #settle(): void {
    if (this.list.clientHeight === 0) return;
    const { line, top, tall } = this.#view;
    if (this.#following) this.#showEnd();
    else if (line?.parentNode === this.list) {
      // Whoever was in the middle of a long line still is.
      const wanted = top < 0 ? (top * line.offsetHeight) / tall : top;
      this.list.scrollTop += this.#topOf(line) - wanted;
    }
    if (!this.#following && this.#isAtEnd()) this.#follow();
    this.#remember();
  }

  #scrolled(): void {
    const { scrollTop, clientWidth, clientHeight } = this.list;
    // A turned phone or a smaller window has moved the view, and no reader.
    if (clientWidth !== this.#view.width || clientHeight !== this.#view.height) this.#settle();
    else if (this.#isAtEnd()) this.#follow();
    // New lines never move the view up; only the reader does. So lines that come meanwhile are no reason to stop.
    else if (scrollTop < this.#view.scrollTop) this.#setFollowing(false);
    this.#remember();
  }

  #remember(): void {
    const { clientWidth, clientHeight, scrollTop } = this.list;
    const line = this.#following ? undefined : this.#firstSeen();
    const top = line === undefined ? 0 : this.#topOf(line);
    const tall = line?.offsetHeight ?? 0;
    this.#view = { width: clientWidth, height: clientHeight, scrollTop, line, top, tall };
  }

  #isAtEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    return scrollHeight - scrollTop - clientHeight <= NEAR;
  }

  /** The uppermost line that begins in view, or the one that fills it. */
  #firstSeen(): HTMLElement | undefined {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const element = this.#lines[middle]?.line.element;
      if (element !== undefined && this.#topOf(element) < -1) low = middle + 1;
      else high = middle;
    }
    const first = this.#lines[low]?.line.element;
    if (first !== undefined && this.#topOf(first) < this.list.clientHeight) return first;
    return this.#lines[low - 1]?.line.element;
  }

  #topOf(element: HTMLElement): number {
    return element.getBoundingClientRect().top - this.list.getBoundingClientRect().top;
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
