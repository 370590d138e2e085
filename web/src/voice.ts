// What the screen says aloud: a signal and the words, with the words as a caption. Browsers let a page sound only after a
// click or a key, unless they were started so that it may: until then there is a button.

import { LEVELS } from "./alertorder.ts";
import { byId } from "./dom.ts";
import type { Alert } from "./protocol.ts";

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
/** The most that wait to be said; what is least urgent is left out. */
const MOST = 8;

interface Said {
  readonly words: string;
  readonly urgency: number;
}

export class Voice {
  readonly #button = byId("sound", HTMLButtonElement);
  readonly #caption = byId("caption", HTMLElement);
  #context: AudioContext | undefined;
  /** The most urgent first. */
  #waiting: Said[] = [];
  #saying: Said | undefined;
  #timer: number | undefined;

  constructor() {
    if (!("AudioContext" in window)) return;
    this.#context = new AudioContext();
    this.#context.onstatechange = () => this.#render();
    for (const gesture of ["pointerdown", "keydown"])
      addEventListener(gesture, () => void this.#context?.resume(), { passive: true });
    this.#render();
  }

  /** An alert: first the signal, then its words, at once if nothing more urgent is being said. */
  alarm(words: string, level: Alert["level"]): void {
    this.#signal(SIGNALS[level]);
    const urgency = 1 + LEVELS.indexOf(level);
    this.#wait({ words, urgency });
    if (this.#saying === undefined || this.#saying.urgency < urgency) this.#next();
  }

  say(words: string): void {
    this.#wait({ words, urgency: 0 });
    if (this.#saying === undefined) this.#next();
  }

  #wait(said: Said): void {
    const place = this.#waiting.findIndex(({ urgency }) => urgency < said.urgency);
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, said);
    this.#waiting.length = Math.min(this.#waiting.length, MOST);
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#saying = this.#waiting.shift();
    const words = this.#saying?.words ?? "";
    this.#caption.textContent = words;
    this.#caption.hidden = words === "";
    if (words === "") return;
    this.#speak(words);
    this.#timer = setTimeout(() => this.#next(), CAPTION + CHARACTER * words.length);
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
