// What the screen says aloud: a signal and the words, with the words as a caption. Browsers let a page sound only after a
// click or a key, unless they were started so that it may: until then there is a button.

import { LEVELS } from "./alertorder.ts";
import { byId } from "./dom.ts";
import type { Alert } from "./protocol.ts";
import { pagesOf, turn } from "./turning.ts";

/** Hz and seconds after the start, by level. */
const SIGNALS: Readonly<Record<Alert["level"], readonly (readonly [number, number])[]>> = {
  info: [[660, 0]],
  warning: [
    [660, 0],
    [880, 0.25],
  ],
  emergency: [
    [880, 0],
    [660, 0.3],
    [880, 0.6],
    [660, 0.9],
    [880, 1.2],
  ],
};
const LENGTH = 0.25;
const VOLUME = 0.5;
/** A caption stays at least so long (ms), and so much longer for each character. */
const CAPTION = 5_000;
const CHARACTER = 60;
/** The most that wait to be said, as many as can be in force; what is least urgent is left out. */
const MOST = 16;

interface Said {
  readonly words: string;
  readonly urgency: number;
  /** The alert of which it is said, as long as that is in force. */
  readonly of?: string;
  /** What is left of a countdown now, and how long (ms) that may be told. */
  readonly left?: number;
}

export class Voice {
  readonly #button = byId("sound", HTMLButtonElement);
  readonly #caption = byId("caption", HTMLElement);
  #context: AudioContext | undefined;
  /** The most urgent first. */
  #waiting: Said[] = [];
  #saying: Said | undefined;
  #timer: number | undefined;
  #turning: number | undefined;

  constructor() {
    if (!("AudioContext" in window)) return;
    this.#context = new AudioContext();
    this.#context.onstatechange = () => this.#render();
    for (const gesture of ["pointerdown", "keydown"])
      addEventListener(gesture, () => void this.#context?.resume(), { passive: true });
    this.#render();
  }

  /** An alert: first the signal, then its words, at once if nothing more urgent is being said. */
  alarm(words: string, { id, level }: Pick<Alert, "id" | "level">): void {
    this.#signal(SIGNALS[level]);
    this.follow(words, { id, level });
  }

  /** As `alarm`, without a signal: for what comes together with something that has given one. */
  follow(words: string, { id, level }: Pick<Alert, "id" | "level">): void {
    this.#forget(({ of }) => of === id);
    this.#wait({ words, urgency: urgencyOf(level), of: id });
    if (this.#saying === undefined || this.#saying.urgency < urgencyOf(level)) this.#cut();
  }

  /** What is left (ms) of a countdown is said now, or, while something more urgent is said, not at all. */
  left(words: string, { id, level }: Pick<Alert, "id" | "level">, left: number): void {
    const urgency = urgencyOf(level);
    if (this.#saying !== undefined && this.#saying.urgency > urgency) return;
    // Its words have those of the alert in them.
    this.#forget(({ of }) => of === id);
    this.#cut({ words, urgency, of: id, left });
  }

  say(words: string): void {
    this.#wait({ words, urgency: 0 });
    if (this.#saying === undefined) this.#next();
  }

  /** The alert is over, or others are its words: nothing more is said of it. */
  drop(id: string): void {
    this.#forget(({ of }) => of === id);
    if (this.#saying === undefined) this.#next();
  }

  /** Its countdown has changed: what was left of it is not true any more. */
  dropLeft(id: string): void {
    this.#forget(({ of, left }) => of === id && left !== undefined);
    if (this.#saying === undefined) this.#next();
  }

  /** Nothing of all that is said any more. */
  clear(): void {
    this.#forget(() => true);
    this.#next();
  }

  #forget(is: (said: Said) => boolean): void {
    this.#waiting = this.#waiting.filter((said) => !is(said));
    if (this.#saying === undefined || !is(this.#saying)) return;
    this.#saying = undefined;
    if ("speechSynthesis" in window) speechSynthesis.cancel();
  }

  #wait(said: Said): void {
    const place = this.#waiting.findIndex(({ urgency }) => urgency < said.urgency);
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, said);
    this.#waiting.length = Math.min(this.#waiting.length, MOST);
  }

  /** Says the next at once. What is cut by it follows, if it is still true then. */
  #cut(next?: Said): void {
    const cut = this.#saying;
    const following = next ?? this.#waiting.shift();
    if (cut !== undefined && cut.left === undefined) {
      const place = this.#waiting.findIndex(({ urgency }) => urgency <= cut.urgency);
      this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, cut);
      this.#waiting.length = Math.min(this.#waiting.length, MOST);
    }
    this.#begin(following);
  }

  #next(): void {
    this.#begin(this.#waiting.shift());
  }

  #begin(said: Said | undefined): void {
    clearTimeout(this.#timer);
    clearInterval(this.#turning);
    this.#saying = said;
    const words = said?.words ?? "";
    this.#caption.textContent = words;
    this.#caption.hidden = words === "";
    if (said === undefined) return;
    this.#speak(words);
    const time = CAPTION + CHARACTER * words.length;
    // Each page stays as long as saying it takes.
    this.#caption.scrollTop = 0;
    this.#turning = setInterval(() => turn(this.#caption), time / pagesOf(this.#caption));
    this.#timer = setTimeout(() => this.#next(), Math.min(time, said.left ?? time));
  }

  #speak(words: string): void {
    if (!("speechSynthesis" in window)) return;
    speechSynthesis.cancel();
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = document.documentElement.lang;
    speechSynthesis.speak(utterance);
  }

  #signal(tones: readonly (readonly [number, number])[]): void {
    const audio = this.#context;
    if (audio === undefined || audio.state !== "running") return;
    for (const [frequency, delay] of tones) {
      const at = audio.currentTime + delay;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(VOLUME, at + 0.02);
      volume.gain.linearRampToValueAtTime(0, at + LENGTH);
      tone.connect(volume);
      volume.connect(audio.destination);
      tone.start(at);
      tone.stop(at + LENGTH);
    }
  }

  #render(): void {
    this.#button.hidden = this.#context?.state === "running";
  }
}

const urgencyOf = (level: Alert["level"]): number => 1 + LEVELS.indexOf(level);
