// For hosts: what can be done about one person, each with a sentence on what it does.

import { byId, make } from "./dom.ts";
import { text } from "./language.ts";
import type { Act } from "./moderation.ts";
import type { Policy } from "./policy.ts";
import { lasting } from "./time.ts";

/** In seconds; without a number there is no end. */
const SPANS: readonly (readonly [number, "minute" | "hour" | "day"])[] = [
  [10, "minute"],
  [1, "hour"],
  [1, "day"],
];
const SECONDS = { minute: 60, hour: 3600, day: 86_400 };

export class PersonDialog {
  readonly #dialog = byId("person", HTMLDialogElement);
  readonly #box = byId("person-box", HTMLElement);
  readonly #problem = byId("person-problem", HTMLElement);
  #name = "";

  /** `closed` puts the focus back to the person. */
  constructor(
    readonly act: Act,
    closed: () => void,
  ) {
    this.#dialog.addEventListener("close", closed);
  }

  problem(why: string): void {
    this.#problem.textContent = why;
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  open(name: string, policy: Policy): void {
    this.#name = name;
    this.problem("");
    const title = make("h2", "", make("bdi", "", name));
    title.id = "person-title";
    this.#box.replaceChildren(title, ...this.#word(policy), ...this.#mute(policy));
    this.#box.append(
      choice(text("put_out"), text("put_out_hint"), this.#button(text("put_out"), "kick")),
      this.#ban(),
    );
    this.#dialog.showModal();
  }

  #word({ announce, words }: Policy): HTMLElement[] {
    if (!announce) return [];
    const has = words.includes(this.#name);
    const button = this.#button(text(has ? "take_word" : "give_word"), has ? "take_word" : "give_word");
    return [choice(text("the_word"), text(has ? "take_word_hint" : "give_word_hint"), button)];
  }

  #mute({ mutes }: Policy): HTMLElement[] {
    if (mutes.some(({ name }) => name === this.#name)) {
      return [choice(text("muted_title"), text("mute_hint"), this.#button(text("unmute"), "unmute"))];
    }
    const span = spans(600);
    const button = this.#button(text("mute"), "mute", () => ({ for: chosen(span) }));
    return [choice(text("mute"), text("mute_hint"), labelled(text("how_long"), span), button)];
  }

  #ban(): HTMLElement {
    const span = spans(86_400);
    const address = make("input", "");
    address.type = "checkbox";
    const tick = make("label", "tick", address, make("span", "", text("ban_address")));
    const button = this.#button(text("ban"), "ban", () => ({
      for: chosen(span),
      with_address: address.checked,
    }));
    button.classList.add("danger");
    const box = choice(text("ban"), text("ban_hint"), labelled(text("how_long"), span), button);
    box.append(tick);
    return box;
  }

  #button(words: string, action: string, more: () => object = () => ({})): HTMLButtonElement {
    const button = make("button", "button", words);
    button.type = "button";
    button.addEventListener("click", async () => {
      const done = await this.act(action, { name: this.#name, ...more() });
      // Where the person has just left, the dialog says so.
      if (done !== undefined && done.here !== false) this.#dialog.close();
    });
    return button;
  }
}

/** A heading, a sentence, and what does it. */
function choice(title: string, hint: string, ...controls: HTMLElement[]): HTMLElement {
  return make(
    "section",
    "choice",
    make("h3", "", title),
    make("p", "hint", hint),
    make("div", "controls", ...controls),
  );
}

function labelled(words: string, control: HTMLElement): HTMLElement {
  return make("label", "labelled", make("span", "", words), control);
}

function spans(first: number): HTMLSelectElement {
  const select = make("select", "");
  for (const [amount, unit] of SPANS) {
    const seconds = amount * SECONDS[unit];
    select.append(new Option(lasting(amount, unit), String(seconds), false, seconds === first));
  }
  select.append(new Option(text("no_end"), ""));
  return select;
}

/** Seconds, or null for good. */
const chosen = (select: HTMLSelectElement): number | null =>
  select.value === "" ? null : Number(select.value);
