// An optional soft two-tone chime for each message, made by the browser itself.

import { Preference } from "./preference.ts";

/** Hz and seconds after the start. */
const TONES = [
  [659.3, 0],
  [880, 0.12],
] as const;
const VOLUME = 0.15;
const LENGTH = 0.5;

export class Sound {
  readonly #preference = new Preference("alert.sound");
  #on = this.#preference.get();
  #context: AudioContext | undefined;
  readonly #tones = new Set<OscillatorNode>();

  constructor(readonly button: HTMLButtonElement) {
    button.hidden = !("AudioContext" in window);
    button.addEventListener("click", () => {
      this.#on = !this.#on;
      this.#preference.set(this.#on);
      this.#render();
      this.chime();
    });
    // Browsers let a page sound only after a click or a key. A remembered choice waits for the first one.
    for (const gesture of ["pointerdown", "keydown"]) {
      addEventListener(gesture, () => this.#on && void this.#audio().resume(), { once: true });
    }
    this.#render();
  }

  chime(): void {
    if (!this.#on) return;
    const audio = this.#audio();
    void audio.resume();
    // Not allowed yet. What is scheduled now would all sound together later.
    if (audio.state !== "running" && !navigator.userActivation?.isActive) return;
    for (const [frequency, delay] of TONES) {
      const at = audio.currentTime + delay;
      const tone = new OscillatorNode(audio, { frequency, type: "sine" });
      const volume = new GainNode(audio, { gain: 0 });
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(VOLUME, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + LENGTH);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + LENGTH);
      this.#tones.add(tone);
      tone.addEventListener("ended", () => this.#tones.delete(tone));
    }
  }

  /** Nothing sounds any more, from now on. */
  hush(): void {
    for (const tone of this.#tones) tone.stop();
    this.#tones.clear();
  }

  #audio(): AudioContext {
    this.#context ??= new AudioContext();
    return this.#context;
  }

  #render(): void {
    this.button.setAttribute("aria-pressed", String(this.#on));
  }
}
