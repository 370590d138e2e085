// For hosts: who asks for the floor, in order, over the messages; one click gives it.

import { byId, make } from "./dom.ts";
import { parts, text } from "./language.ts";
import type { Act } from "./moderation.ts";

/** A name with the buttons that give it the floor or not. */
export function handItem(name: string, act: Act): HTMLLIElement {
  const who = make("span", "hand-name", ...parts("hand_of", { name: make("bdi", "name", name) }));
  const give = make("button", "button primary", text("give_word"));
  give.setAttribute("aria-label", text("give_word_to", { name }));
  const not = make("button", "button quiet", text("not_now"));
  not.setAttribute("aria-label", text("not_now_of", { name }));
  for (const [button, action] of [
    [give, "give_word"],
    [not, "take_word"],
  ] as const) {
    button.type = "button";
    button.addEventListener("click", () => void act(action, { name }));
  }
  return make("li", "hand", who, give, not);
}

export class Hands {
  readonly #list = byId("hands", HTMLUListElement);
  #shown = "";

  constructor(readonly act: Act) {}

  show(hands: readonly string[]): void {
    // What has not changed keeps the focus.
    const shown = JSON.stringify(hands);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...hands.map((name) => handItem(name, this.act)));
    this.#list.hidden = hands.length === 0;
    if (hadFocus) (this.#list.querySelector("button") ?? byId("log", HTMLElement)).focus();
  }
}
