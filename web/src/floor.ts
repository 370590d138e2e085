// Whether the person may write: otherwise why not, and how they ask for the floor. Slow mode counts down here.

import { byId } from "./dom.ts";
import { text } from "./language.ts";
import type { Speech } from "./policy.ts";
import { moment, span } from "./time.ts";

/** What the page does about it. */
export interface FloorHost {
  /** Raises the hand, or lowers it. */
  hand(up: boolean): void;
  /** Keeps the input from being sent, with the reason; "" lets it. */
  hold(why: string): void;
  /** Tells a screen reader. */
  announce(words: string): void;
  /** A mute has ended. */
  ended(): void;
}

export class Floor {
  readonly #box = byId("floor", HTMLElement);
  readonly #text = byId("floor-text", HTMLElement);
  readonly #hand = byId("hand", HTMLButtonElement);
  readonly #row = byId("compose-row", HTMLElement);
  #speech: Speech = { kind: "free" };
  /** Seconds between two messages. */
  #slow = 0;
  #heldUntil = 0;
  #ticking: number | undefined;
  #ending: number | undefined;

  constructor(readonly host: FloorHost) {
    this.#hand.addEventListener("click", () => {
      this.host.hand(this.#hand.getAttribute("aria-pressed") !== "true");
    });
  }

  show(speech: Speech, slow: number): void {
    const before = this.#speech;
    this.#speech = speech;
    clearTimeout(this.#ending);
    if (speech.kind === "muted" && speech.until !== null) {
      // Timers of more than 24 days end at once.
      const wait = Math.min(speech.until - Date.now() + 500, 86_400_000);
      this.#ending = setTimeout(() => this.host.ended(), wait);
    }
    const words = sentence(speech);
    const said = speech.kind === "free" && before.kind !== "free" ? text("floor_free") : words;
    if (said !== "" && said !== this.#text.textContent) this.host.announce(said);
    const mayWrite = speech.kind === "free" || speech.kind === "word";
    const hadFocus = this.#row.contains(document.activeElement) || this.#box.contains(document.activeElement);
    this.#text.textContent = words;
    this.#box.hidden = speech.kind === "free";
    this.#box.dataset.kind = speech.kind;
    this.#row.hidden = !mayWrite;
    this.#hand.hidden = speech.kind !== "hosts";
    const isUp = speech.kind === "hosts" && speech.place > 0;
    this.#hand.setAttribute("aria-pressed", String(isUp));
    this.#hand.textContent = text(isUp ? "lower" : "raise");
    if (hadFocus && mayWrite !== (before.kind === "free" || before.kind === "word")) {
      (mayWrite ? this.#row.querySelector("textarea") : this.#hand)?.focus();
    }
    this.#slow = slow;
    if (slow === 0) this.wait(0);
  }

  /** Something was sent. */
  spoke(): void {
    if (this.#slow > 0) this.wait(this.#slow);
  }

  /** Nothing can be sent for so many seconds. */
  wait(seconds: number): void {
    clearInterval(this.#ticking);
    this.#heldUntil = Date.now() + seconds * 1000;
    if (seconds > 0) this.#ticking = setInterval(() => this.#tick(), 250);
    this.#tick();
  }

  #tick(): void {
    const left = Math.ceil((this.#heldUntil - Date.now()) / 1000);
    if (left <= 0) clearInterval(this.#ticking);
    this.host.hold(left > 0 ? text("slow_wait", { time: span(left * 1000) }) : "");
  }
}

function sentence(speech: Speech): string {
  switch (speech.kind) {
    case "free":
      return "";
    case "word":
      return text("floor_word");
    case "hosts":
      return speech.place > 0 ? text("floor_hand", { place: speech.place }) : text("floor_hosts");
    case "reader":
      return text("floor_reader");
    case "muted":
      return speech.until === null
        ? text("floor_muted")
        : text("floor_muted_until", { time: moment(speech.until, Date.now()) });
  }
}
