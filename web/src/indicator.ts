// Shows the state of the connection: a word in the bar, and a banner that explains what is wrong.

import { byId } from "./dom.ts";
import type { State } from "./state.ts";
import { exactClock } from "./time.ts";

export class Indicator {
  readonly #word = byId("state", HTMLElement);
  readonly #banner = byId("banner", HTMLElement);
  readonly #text = byId("banner-text", HTMLElement);
  readonly #retry = byId("retry", HTMLButtonElement);

  constructor(retry: () => void) {
    this.#retry.addEventListener("click", retry);
  }

  show(state: State): void {
    this.#word.dataset.state = state.phase;
    this.#word.textContent = word(state);
    const text = explanation(state);
    this.#text.textContent = text;
    this.#banner.hidden = text === "";
    this.#banner.dataset.state = state.phase;
    this.#retry.hidden = text === "" || state.phase !== "lost";
  }
}

/** The word for the bar. */
export function word(state: State): string {
  switch (state.phase) {
    case "connecting":
      return "Connecting";
    case "connected":
      return "Connected";
    case "reconnecting":
      return "Reconnecting";
    case "lost":
      return state.why === "left" ? "Leaving" : "Connection lost";
  }
}

/** The sentence for the banner; empty where there is nothing to explain. */
export function explanation(state: State): string {
  const never = state.missingSince === null;
  const since = never ? "" : ` since ${exactClock(state.missingSince)}`;
  const missing = never ? "" : " What others send in the meantime will be missing here.";
  if (state.phase === "reconnecting") return `No connection${since}. Trying again.${missing}`;
  switch (state.why) {
    case "offline":
      return `No network${since}. The page connects by itself when it is back.${missing}`;
    case "unreachable":
      return `No answer from the server${since}. Still trying every few seconds.${missing}`;
    case "ended":
      return `The server has ended this connection.${missing}`;
    // A refusal has its own text and link beside the input.
    case "refused":
    case "left":
    case null:
      return "";
  }
}
