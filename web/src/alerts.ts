// Alerts that are in force, above what is said. Who may, raises, changes and ends them here.

import { type Recount, recounted } from "./alertcount.ts";
import { AlertDialog, type Alerting } from "./alertdialog.ts";
import { AlertList } from "./alertlist.ts";
import { alertWords, endWords } from "./alertwords.ts";
import type { Ask } from "./ask.ts";
import { byId } from "./dom.ts";
import { text } from "./language.ts";
import type { Alert, AlertNews } from "./protocol.ts";
import type { ServerTime } from "./servertime.ts";

/** How often the page looks at the clock (ms): no second is shown late by more. */
const LOOK = 200;

export class Alerts {
  readonly #said = byId("alerted", HTMLElement);
  readonly #button = byId("raise-alert", HTMLButtonElement);
  readonly #dialog: AlertDialog;
  readonly #list: AlertList;
  #alerts: readonly Alert[] = [];
  #mayAlert = false;
  /** Those that the server has in force though the device's clock says that they are over: the clock is wrong. */
  #doubted: ReadonlySet<string> = new Set();
  #timer: number | undefined;

  /** `problem` hears why something was not done. */
  constructor(
    readonly time: ServerTime,
    readonly ask: Ask,
    readonly act: Alerting,
    readonly problem: (why: string) => void,
  ) {
    this.#dialog = new AlertDialog(act, time);
    this.#list = new AlertList({
      change: (alert) => this.#dialog.open(alert),
      end: (alert) => void this.#end(alert),
      recount: (alert, recount) => void this.#recount(alert, recount),
    });
    // The button that a dialog goes back to may have gone meanwhile.
    for (const id of ["asking", "alerting"])
      byId(id, HTMLDialogElement).addEventListener("close", () => this.#list.keepFocus());
    this.#button.addEventListener("click", () => this.#dialog.open());
  }

  /** Those in force on entering; what the page did not know yet is said, and what is over meanwhile. */
  present(alerts: readonly Alert[], mayAlert: boolean): void {
    const before = this.#alerts;
    const isIn = (all: readonly Alert[], id: string): boolean => all.some((one) => one.id === id);
    const news = alerts.filter(({ id }) => !isIn(before, id));
    const over = before.filter(({ id }) => !isIn(alerts, id));
    this.#alerts = alerts;
    this.#doubted = new Set(alerts.filter((one) => this.#isPast(one)).map(({ id }) => id));
    this.allow(mayAlert);
    if (news.length + over.length > 0)
      this.#say([...over.map((one) => endWords(one)), ...news.map(alertWords)].join("\n"));
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
      // Of one whose time was over, that has been said.
      if (all_clear !== null || others.length < this.#alerts.length) this.#say(endWords(alert, all_clear));
      this.#alerts = others;
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
    if (this.#alerts.some(({ countdown_to, ends_at }) => countdown_to !== null || ends_at !== null))
      this.#timer = setInterval(() => this.#look(), LOOK);
    this.#list.show(this.#alerts, this.#mayAlert, this.time.now());
  }

  /** What is over by its own time goes, even if the server cannot be reached. */
  #look(): void {
    const over = this.#alerts.filter(
      (one) => this.#isPast(one) && (this.time.isKnown || !this.#doubted.has(one.id)),
    );
    if (over.length === 0) {
      this.#list.count(this.time.now());
      return;
    }
    this.#alerts = this.#alerts.filter((one) => !over.includes(one));
    this.#say(over.map((one) => endWords(one)).join("\n"));
    this.#show();
  }

  #isPast({ ends_at }: Alert): boolean {
    return ends_at !== null && Date.parse(ends_at) <= this.time.now();
  }

  async #recount(alert: Alert, recount: Recount): Promise<void> {
    const why = await this.act("update", { id: alert.id, ...recounted(alert, recount) });
    this.problem(why ?? "");
  }

  async #end(alert: Alert): Promise<void> {
    const quote = alertWords(alert);
    const question = { title: text("alert_end_title"), text: text("alert_end_text"), yes: text("alert_end") };
    if (!(await this.ask.ask({ ...question, quote }))) return;
    const why = await this.act("end", { id: alert.id });
    this.problem(why ?? "");
  }
}
