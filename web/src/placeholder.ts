// What stands where the messages will be: how others come in while nobody else is here, or that nobody has spoken yet.

import { make } from "./dom.ts";
import { invitation } from "./invitation.ts";
import { text } from "./language.ts";

export class Placeholder {
  readonly element = make("div", "empty");
  #isAlone: boolean | undefined;

  constructor(
    readonly room: string,
    readonly link: string,
  ) {}

  /** How many others are in the room. */
  others(count: number): void {
    const isAlone = count <= 0;
    // A placeholder that has made way for messages does not come back, so nothing is drawn for it.
    if (isAlone === this.#isAlone || this.element.parentNode === null) return;
    this.#isAlone = isAlone;
    this.element.replaceChildren(
      isAlone
        ? invitation(this.room, this.link, make("h2", "", text("alone")), text("alone_text"))
        : make("p", "", text("quiet")),
    );
  }
}
