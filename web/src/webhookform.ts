// A webhook that is to be made: where the program is, and what it is told.

import { make } from "./dom.ts";
import { checkbox, described, tick } from "./fields.ts";
import { text } from "./language.ts";
import type { Told } from "./protocol.ts";

/** The longest address that the server takes, in bytes. */
const MOST = 2048;

export class WebhookForm {
  readonly #url = make("input", "code");
  readonly #messages = checkbox();
  readonly #alerts = checkbox();
  readonly elements: readonly HTMLElement[];

  constructor() {
    this.#url.type = "url";
    this.#url.required = true;
    this.#url.maxLength = MOST;
    this.#url.dir = "ltr";
    this.#url.autocomplete = "off";
    this.#url.spellcheck = false;
    const boxes = [this.#messages, this.#alerts];
    const wrong = () => (boxes.some(({ checked }) => checked) ? "" : text("webhook_tells_wrong"));
    for (const box of boxes) {
      box.checked = true;
      box.addEventListener("change", () => this.#messages.setCustomValidity(wrong()));
    }
    this.elements = [
      described(text("webhook_url"), this.#url, text("webhook_url_hint")),
      make(
        "fieldset",
        "setting",
        make("legend", "", text("webhook_tells")),
        tick(this.#messages, text("webhook_messages")),
        tick(this.#alerts, text("webhook_alerts")),
      ),
    ];
  }

  get first(): HTMLElement {
    return this.#url;
  }

  /** As the server is asked to make it. */
  body(): object {
    const tells: Told[] = [];
    if (this.#messages.checked) tells.push("message");
    if (this.#alerts.checked) tells.push("alert");
    return { url: this.#url.value.trim(), tells };
  }
}
