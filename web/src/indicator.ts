// Shows the state of the connection: a word in the bar, and a banner that explains what is wrong.

import { byId } from "./dom.ts";
import { type Key, text } from "./language.ts";
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
  if (state.why === "outside") return text("outside");
  return text(state.why === "left" ? "leaving" : state.phase);
}

/** The sentence for the banner; empty if there is nothing to explain. */
export function explanation(state: State): string {
  const kind = trouble(state);
  if (kind === undefined) return "";
  const { missingSince } = state;
  if (missingSince === null) return text(kind);
  const since: Key = kind === "ended" ? kind : `${kind}_since`;
  return `${text(since, { time: exactClock(missingSince) })} ${text("missing")}`;
}

function trouble({ phase, why }: State): "trying" | "offline" | "unreachable" | "ended" | undefined {
  if (phase === "reconnecting") return "trying";
  // A refusal has its own text and link beside the input, and so has the page for those who are outside.
  return why === null || why === "refused" || why === "outside" || why === "left" ? undefined : why;
}
