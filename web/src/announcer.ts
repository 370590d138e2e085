// What a screen reader says of the lines that come: each as it comes, or how many where many come at once.

import { text } from "./language.ts";

/** Lines that come within this time (ms) are announced together. */
const PAUSE = 300;
/** More than this many at once are announced as a number. */
const MAX_SAID = 3;

export class Announcer {
  #waiting: string[] = [];
  #timer: number | undefined;

  constructor(readonly region: HTMLElement) {}

  /** A message from somebody else. */
  message(words: string): void {
    this.#waiting.push(words);
    this.#timer ??= setTimeout(() => this.#say(), PAUSE);
  }

  /** Something else says this, if nobody has said it yet. */
  drop(words: string): void {
    const place = this.#waiting.indexOf(words);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  #say(): void {
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    const many = waiting.length > MAX_SAID;
    this.region.textContent = many ? text("new_messages", { count: waiting.length }) : waiting.join("\n");
  }
}
