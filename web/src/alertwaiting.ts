// Alerts that wait until a second person releases them, for whoever may.

import { alertWords } from "./alertwords.ts";
import { byId, make } from "./dom.ts";
import { parts, text } from "./language.ts";
import type { Alert } from "./protocol.ts";

/** What is done with one. */
export interface WaitingDeeds {
  release(alert: Alert): void;
  withdraw(alert: Alert): void;
}

export class AlertWaiting {
  readonly #list = byId("waiting", HTMLUListElement);
  #known: ReadonlySet<string> = new Set();
  #timer: number | undefined;

  /** `name` is whose page this is; `say` tells a screen reader. */
  constructor(
    readonly name: string,
    readonly deeds: WaitingDeeds,
    readonly say: (words: string) => void,
  ) {}

  /** Those that wait now; `now` is the server's time. */
  show(alerts: readonly Alert[], now: number): void {
    clearTimeout(this.#timer);
    const lapses = (alert: Alert): number => Date.parse(alert.lapses_at ?? "");
    const waiting = alerts.filter((alert) => lapses(alert) > now);
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...waiting.map((alert) => this.#item(alert)));
    this.#list.hidden = waiting.length === 0;
    if (hadFocus) (this.#list.querySelector("button") ?? byId("log", HTMLElement)).focus();
    const fresh = waiting.filter(({ id, by }) => !this.#known.has(id) && by !== this.name);
    this.#known = new Set(waiting.map(({ id }) => id));
    if (fresh.length > 0) this.say(fresh.map(asks).join("\n"));
    if (waiting.length === 0) return;
    const next = Math.min(...waiting.map(lapses));
    this.#timer = setTimeout(() => this.show(waiting, next), next - now);
  }

  #item(alert: Alert): HTMLElement {
    const words = alertWords(alert);
    const button = (kind: string, word: string, act: () => void): HTMLButtonElement => {
      const button = make("button", kind, word);
      button.type = "button";
      button.setAttribute("aria-label", `${word}: ${words}`);
      button.addEventListener("click", act);
      return button;
    };
    const row = make("div", "alert-row");
    if (alert.by !== this.name)
      row.append(button("button primary", text("alert_release"), () => this.deeds.release(alert)));
    row.append(button("button", text("alert_withdraw"), () => this.deeds.withdraw(alert)));
    const about = make("p", "alert-about");
    if (alert.by === this.name) about.append(text("alert_needs_two"));
    else about.append(...parts("alert_asks", { name: make("bdi", "", alert.by) }));
    const text_ = make("p", "alert-text", make("bdi", "", words));
    return make("li", "alert waiting-alert", make("div", "alert-words", text_, about), row);
  }
}

const asks = (alert: Alert): string =>
  `${text("alert_asks", { name: `\u2068${alert.by}\u2069` })} ${alertWords(alert)}`;
