// For hosts: a button on each message that removes it. Only one of them is in the order of the Tab key; the arrow keys
// go on from there, or a thousand messages would stand between the list and the input.

import type { Ask } from "./ask.ts";
import { make } from "./dom.ts";
import { text } from "./language.ts";
import type { Line } from "./lines.ts";
import type { Log } from "./log.ts";
import type { Act } from "./moderation.ts";

export class Removal {
  #isHost = false;
  #tabbable: HTMLButtonElement | undefined;

  constructor(
    readonly log: Log,
    readonly ask: Ask,
    readonly act: Act,
  ) {
    log.list.addEventListener("keydown", (event) => this.#move(event));
  }

  set isHost(is: boolean) {
    if (is === this.#isHost) return;
    this.#isHost = is;
    this.#tabbable = undefined;
    for (const button of this.#buttons()) button.remove();
    if (is) for (const line of this.log.messages()) this.offer(line);
  }

  /** Puts the button on a new line, if the person is a host; the last one is where the Tab key goes. */
  offer({ element, said }: Line, isLast = true): void {
    if (!this.#isHost || said === undefined) return;
    const button = make("button", "remove");
    button.type = "button";
    button.title = text("remove");
    button.setAttribute("aria-label", text("remove_of", { name: said.name, text: said.text.slice(0, 40) }));
    button.tabIndex = -1;
    button.addEventListener("click", () => void this.#remove(said.position, `${said.name}: ${said.text}`));
    element.append(button);
    if (isLast && document.activeElement !== this.#tabbable) this.#tab(button);
  }

  async #remove(id: string, quote: string): Promise<void> {
    const question = { title: text("remove_title"), text: text("remove_text"), yes: text("remove"), quote };
    if (!(await this.ask.ask(question))) return;
    if ((await this.act("remove", { id })) === undefined) return;
    this.log.list.focus({ preventScroll: true });
  }

  #move(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const { target } = event;
    if (step === undefined || !(target instanceof HTMLButtonElement) || !target.matches(".remove")) return;
    const buttons = this.#buttons();
    const next = buttons[buttons.indexOf(target) + step];
    event.preventDefault();
    if (next === undefined) return;
    this.#tab(next);
    next.focus();
  }

  #tab(button: HTMLButtonElement): void {
    if (this.#tabbable !== undefined) this.#tabbable.tabIndex = -1;
    button.tabIndex = 0;
    this.#tabbable = button;
  }

  #buttons(): HTMLButtonElement[] {
    return [...this.log.list.querySelectorAll<HTMLButtonElement>("button.remove")];
  }
}
