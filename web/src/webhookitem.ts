// One webhook as hosts see it: where it leads, what it tells, how far it has come, and what can be done about it.

import { make } from "./dom.ts";
import { command } from "./fields.ts";
import { type Key, parts, text } from "./language.ts";
import type { Failed, TestedWebhook, Webhook } from "./protocol.ts";
import { moment } from "./time.ts";

export interface WebhookDeeds {
  test(): Promise<Partial<TestedWebhook> & Failed>;
  newSecret(): void;
  remove(): void;
}

export class WebhookItem {
  readonly #state = make("div", "webhook-state");
  readonly #tested = make("p", "webhook-tested");
  readonly element = make("li", "webhook");
  #shown = "";
  #isTesting = false;

  constructor(
    { url, tells, made_by, made_at }: Webhook,
    readonly deeds: WebhookDeeds,
  ) {
    this.#tested.setAttribute("role", "status");
    const does = (key: Key, act: () => void): HTMLButtonElement => {
      const button = command(text(key), act);
      button.setAttribute("aria-label", text("bell_does", { what: text(key), text: url }));
      return button;
    };
    this.element.append(
      make("h3", "", make("bdi", "code", url)),
      make("p", "", text(toldWords(tells))),
      this.#state,
      make("p", "hint", ...parts("webhook_by", { name: make("bdi", "", made_by), time: when(made_at) })),
      this.#tested,
      make(
        "div",
        "controls",
        does("webhook_test", () => void this.#test()),
        does("webhook_new_secret", () => deeds.newSecret()),
        does("remove", () => deeds.remove()),
      ),
    );
  }

  /** How far it has come. */
  show(webhook: Webhook): void {
    const shown = JSON.stringify(webhook);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#state.replaceChildren(...stateOf(webhook));
  }

  async #test(): Promise<void> {
    if (this.#isTesting) return;
    this.#isTesting = true;
    this.#tested.textContent = text("webhook_testing");
    const { delivered, status, problem } = await this.deeds.test();
    this.#isTesting = false;
    this.#tested.classList.toggle("webhook-bad", delivered !== true);
    if (delivered === true)
      this.#tested.textContent = text("webhook_tested", { status: String(status ?? "") });
    else if (delivered === undefined) this.#tested.textContent = problem ?? "";
    else this.#tested.replaceChildren(...parts("webhook_test_failed", { why: why(problem ?? "") }));
  }
}

function toldWords(tells: Webhook["tells"]): Key {
  if (tells.length > 1) return "webhook_tells_both";
  return tells[0] === "alert" ? "webhook_tells_alerts" : "webhook_tells_messages";
}

function stateOf({ delivered_at, failing, gone }: Webhook): HTMLElement[] {
  const last =
    delivered_at === null
      ? text("webhook_quiet")
      : text("webhook_delivered", { time: moment(Date.parse(delivered_at), Date.now()) });
  if (gone) return [make("p", "webhook-bad", text("webhook_gone")), make("p", "", last)];
  if (failing === null) return [make("p", "", last)];
  const { attempts, most_attempts, next_at, problem } = failing;
  const tried = { attempts, most: most_attempts, time: when(next_at) };
  return [
    make("p", "webhook-bad", ...parts("webhook_fails", { why: why(problem) })),
    make("p", "", ...parts("webhook_again", tried)),
    make("p", "", last),
  ];
}

const when = (at: string): string => moment(Date.parse(at), Date.now());

/** What fails, in the words of the server. */
function why(words: string): HTMLElement {
  const element = make("bdi", "", words);
  element.lang = "en";
  return element;
}
