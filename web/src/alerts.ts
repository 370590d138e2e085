// Alerts that are in force, above what is said. Who may, raises, changes and ends them here.

import { byId, make } from "./dom.ts";
import { parts, text } from "./language.ts";
import type { Alert, AlertNews } from "./protocol.ts";
import { clock, moment } from "./time.ts";

/** Does something with an alert, and resolves to what is wrong with that, if anything is. */
export type Alerting = (action: "raise" | "update" | "end", body: object) => Promise<string | undefined>;

const LEVELS = ["info", "warning", "emergency"] as const;
/** Minutes after which an alert ends by itself; 0 is never. */
const TIMES = [0, 5, 15, 60, 480];
/** The page looks at the clock so often (ms), to leave out what is over even if the server cannot be reached. */
const LOOK = 1_000;

const level = (alert: Pick<Alert, "level">): string => text(`level_${alert.level}`);

/** What is said of an alert: its level, and of a drill that it is one first. */
export function alertWords(alert: Pick<Alert, "level" | "drill" | "text">): string {
  const words = text("alert_words", { level: level(alert), text: alert.text });
  return alert.drill ? text("alert_drill", { text: words }) : words;
}

export class Alerts {
  readonly #list = byId("alerts", HTMLUListElement);
  readonly #said = byId("alerted", HTMLElement);
  readonly #button = byId("raise-alert", HTMLButtonElement);
  readonly #dialog: AlertDialog;
  #alerts: readonly Alert[] = [];
  #mayAlert = false;
  #shown = "";
  #timer: number | undefined;

  /** `problem` hears why something was not done. */
  constructor(
    readonly act: Alerting,
    readonly problem: (why: string) => void,
  ) {
    this.#dialog = new AlertDialog(act);
    this.#button.addEventListener("click", () => this.#dialog.open());
  }

  /** Those in force on entering; what the page did not know yet is said. */
  present(alerts: readonly Alert[], mayAlert: boolean): void {
    const known = new Set(this.#alerts.map(({ id }) => id));
    const news = alerts.filter(({ id }) => !known.has(id));
    this.#alerts = alerts;
    this.allow(mayAlert);
    this.#show();
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
      this.#alerts =
        before === undefined
          ? [...others, alert]
          : this.#alerts.map((one) => (one.id === alert.id ? alert : one));
      if (before?.text !== alert.text || before.level !== alert.level) this.#say(alertWords(alert));
    }
    this.#show();
  }

  #say(words: string): void {
    this.#said.textContent = words;
  }

  #show(): void {
    const now = Date.now();
    // The server says when one has ended; until then a clock that is wrong hides nothing that has no end.
    const shown = JSON.stringify([this.#alerts, this.#mayAlert]);
    clearInterval(this.#timer);
    if (this.#alerts.some(({ countdown_to }) => countdown_to !== null))
      this.#timer = setInterval(() => this.#count(), LOOK);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const hadFocus = this.#list.contains(document.activeElement);
    const order = (alert: Alert): number => LEVELS.indexOf(alert.level);
    const sorted = [...this.#alerts].sort((one, other) => order(other) - order(one));
    this.#list.replaceChildren(...sorted.map((alert) => this.#item(alert, now)));
    this.#list.hidden = sorted.length === 0;
    if (hadFocus) (this.#list.querySelector("button") ?? byId("log", HTMLElement)).focus();
  }

  #item(alert: Alert, now: number): HTMLLIElement {
    const words = make("p", "alert-text");
    if (alert.drill) words.append(make("span", "alert-level", text("drill")), " ");
    words.append(make("span", "alert-level", level(alert)), " ", make("bdi", "", alert.text));
    const about = make("p", "alert-about");
    const by = make("bdi", "", alert.by);
    about.append(...parts("alert_by", { name: by, time: moment(Date.parse(alert.at), now) }));
    if (alert.audience !== null) about.append(" · ", make("bdi", "", alert.audience));
    if (alert.ends_at !== null)
      about.append(" · ", text("alert_until", { time: moment(Date.parse(alert.ends_at), now) }));
    if (alert.countdown_to !== null) {
      const left = make("span", "alert-count", countdown(alert.countdown_to, now));
      left.dataset.to = alert.countdown_to;
      about.append(" · ", left);
    }
    const item = make("li", "alert", make("div", "alert-words", words, about));
    item.dataset.level = alert.level;
    if (alert.drill) item.dataset.drill = "";
    if (this.#mayAlert) {
      const change = make("button", "button", text("alert_change"));
      change.setAttribute("aria-label", text("alert_change_of", { text: alert.text }));
      change.addEventListener("click", () => this.#dialog.open(alert));
      const end = make("button", "button", text("alert_end"));
      end.setAttribute("aria-label", text("alert_end_of", { text: alert.text }));
      end.addEventListener("click", () => void this.#end(alert));
      for (const button of [change, end]) button.type = "button";
      item.append(change, end);
    }
    return item;
  }

  async #end({ id }: Alert): Promise<void> {
    const why = await this.act("end", { id });
    this.problem(why ?? "");
  }

  #count(): void {
    for (const left of this.#list.querySelectorAll<HTMLElement>(".alert-count"))
      left.textContent = countdown(left.dataset.to ?? "", Date.now());
  }
}

function countdown(to: string, now: number): string {
  const at = Date.parse(to);
  const seconds = Math.max(0, Math.ceil((at - now) / 1_000));
  const minutes = Math.floor(seconds / 60);
  const left = `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  return text("alert_countdown", { left: minutes < 60 ? left : clock(at) });
}

/** Raises an alert, or changes one. */
class AlertDialog {
  readonly #dialog = byId("alerting", HTMLDialogElement);
  #alert: Alert | undefined;

  constructor(readonly act: Alerting) {}

  open(alert?: Alert): void {
    this.#alert = alert;
    const title = make("h2", "", text(alert === undefined ? "raise_alert" : "alert_change_title"));
    title.id = "alerting-title";
    const words = make("textarea", "");
    words.required = true;
    words.dir = "auto";
    words.maxLength = 500;
    words.value = alert?.text ?? "";
    words.autofocus = true;
    const levels = choice(LEVELS.map((one) => [one, text(`level_${one}`)]));
    levels.value = alert?.level ?? "warning";
    const times = choice(TIMES.map((minutes) => [String(minutes), time(minutes)]));
    const drill = make("input", "");
    drill.type = "checkbox";
    const why = make("p", "field-error");
    why.setAttribute("role", "alert");
    const no = make("button", "button", text("cancel"));
    no.type = "button";
    no.addEventListener("click", () => this.#dialog.close());
    const yes = make(
      "button",
      "button primary",
      text(alert === undefined ? "raise_now" : "alert_change_now"),
    );
    const form = make("form", "", title, label("alert_text", words), label("alert_level", levels));
    form.append(label("alert_ends", times));
    // What is an exercise stays one.
    if (alert === undefined) {
      const tick = make("label", "tick", drill, make("span", "", text("alert_is_drill")));
      form.append(tick);
    }
    form.append(why, make("div", "dialog-row", no, yes));
    const key = `${Date.now()}-${Math.random()}`;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const minutes = Number(times.value);
      const ends =
        alert !== undefined && minutes === 0 ? {} : { ends_at: minutes === 0 ? null : minutes * 60 };
      const body = { text: words.value, level: levels.value, ...ends };
      void this.#send(why, alert === undefined ? { ...body, drill: drill.checked, key } : body);
    });
    this.#dialog.replaceChildren(form);
    this.#dialog.showModal();
  }

  async #send(why: HTMLElement, body: object): Promise<void> {
    const alert = this.#alert;
    const problem =
      alert === undefined
        ? await this.act("raise", body)
        : await this.act("update", { id: alert.id, ...body });
    if (problem === undefined) this.#dialog.close();
    else why.textContent = problem;
  }
}

function choice(all: readonly (readonly [string, string])[]): HTMLSelectElement {
  const select = make("select", "");
  for (const [value, words] of all) {
    const option = make("option", "", words);
    option.value = value;
    select.append(option);
  }
  return select;
}

function time(minutes: number): string {
  if (minutes === 0) return text("no_end");
  return minutes < 60
    ? text("alert_minutes", { count: minutes })
    : text("alert_hours", { count: minutes / 60 });
}

const label = (key: "alert_text" | "alert_level" | "alert_ends", field: HTMLElement): HTMLLabelElement =>
  make("label", "", text(key), field);
