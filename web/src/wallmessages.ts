// The last messages of the room, as many as there is space for. The words of an alert that is on the wall are not said twice.

import { messageWords } from "./alertwords.ts";
import { byId, make } from "./dom.ts";
import type { Alert, Message } from "./protocol.ts";

const MOST = 6;

export class WallMessages {
  readonly #list = byId("messages", HTMLOListElement);
  #messages: readonly Message[] = [];

  show(messages: readonly Message[], alerts: readonly Alert[]): void {
    this.#messages = messages.slice(-MOST);
    for (const alert of alerts) this.#drop(alert);
    this.#render();
  }

  add(message: Message): void {
    this.#messages = [...this.#messages, message].slice(-MOST);
    this.#render();
  }

  remove(position: string): void {
    this.#messages = this.#messages.filter((one) => one.position !== position);
    this.#render();
  }

  /** The words of an alert came as a message just before it. */
  hide(alert: Alert): void {
    this.#drop(alert);
    this.#render();
  }

  #drop(alert: Alert): void {
    const words = messageWords(alert);
    this.#messages = this.#messages.filter(({ msg }) => msg !== words);
  }

  #render(): void {
    this.#list.textContent = "";
    for (const { name, msg } of this.#messages)
      this.#list.append(make("li", "", make("bdi", "who", name), " ", make("bdi", "what", msg)));
    this.#list.hidden = this.#messages.length === 0;
  }
}
