// Alerts that are in force, above what is said. Who may, raises, changes and ends them here.

import { AlertDialog, type Alerting } from "./alertdialog.ts";
import { AlertList } from "./alertlist.ts";
import { alertWords } from "./alertwords.ts";
import { byId } from "./dom.ts";
import { text } from "./language.ts";
import type { Alert, AlertNews } from "./protocol.ts";

/** How often the page looks at the clock (ms). */
const LOOK = 1_000;

export class Alerts {
  readonly #said = byId("alerted", HTMLElement);
  readonly #button = byId("raise-alert", HTMLButtonElement);
  readonly #dialog: AlertDialog;
  readonly #list: AlertList;
  #alerts: readonly Alert[] = [];
  #mayAlert = false;
  #timer: number | undefined;

  /** `problem` hears why something was not done. */
  constructor(
    readonly act: Alerting,
    readonly problem: (why: string) => void,
  ) {
    this.#dialog = new AlertDialog(act);
    this.#list = new AlertList({
      change: (alert) => this.#dialog.open(alert),
      end: (alert) => void this.#end(alert),
    });
    this.#button.addEventListener("click", () => this.#dialog.open());
  }

  /** Those in force on entering; what the page did not know yet is said. */
  present(alerts: readonly Alert[], mayAlert: boolean): void {
    const known = new Set(this.#alerts.map(({ id }) => id));
    const news = alerts.filter(({ id }) => !known.has(id));
    this.#alerts = alerts;
    this.allow(mayAlert);
    if (news.length > 0) this.#say(news.map(alertWords).join("\n"));
  }

  allow(mayAlert: boolean): void {
    this.#mayAlert = mayAlert;
    this.#button.hidden = !mayAlert;
    this.#show();
  }

  /** Something has become of one. */
  heard({ state, alert, all_clear }: AlertNews): void {
    const others = this.#alerts.filter(({ id }) => id !== alert.id);
    if (state === "ended") {
      this.#alerts = others;
      const words =
        all_clear === null
          ? text("alert_ended", { text: alert.text })
          : text("alert_clear", { text: all_clear });
      this.#say(alert.drill ? text("alert_drill", { text: words }) : words);
    } else {
      const before = this.#alerts.find(({ id }) => id === alert.id);
      this.#alerts = [...others, alert];
      if (before?.text !== alert.text || before.level !== alert.level) this.#say(alertWords(alert));
    }
    this.#show();
  }

  #say(words: string): void {
    this.#said.textContent = words;
  }

  #show(): void {
    clearInterval(this.#timer);
    if (this.#alerts.some(({ countdown_to }) => countdown_to !== null))
      this.#timer = setInterval(() => this.#list.count(Date.now()), LOOK);
    this.#list.show(this.#alerts, this.#mayAlert, Date.now());
  }

  async #end({ id }: Alert): Promise<void> {
    const why = await this.act("end", { id });
    this.problem(why ?? "");
  }
}
