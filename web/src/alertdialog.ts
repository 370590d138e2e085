// Raises an alert, or changes one.

import { LEVELS } from "./alertorder.ts";
import { byId, make } from "./dom.ts";
import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";
import type { ServerTime } from "./servertime.ts";
import { moment } from "./time.ts";

/** Does something with an alert, and resolves to what is wrong with that, if anything is. */
export type Alerting = (action: "raise" | "update" | "end", body: object) => Promise<string | undefined>;

/** Minutes after which an alert ends by itself; 0 is never. */
const TIMES = [0, 5, 15, 60, 480];
const AS_IS = "as-is";

export class AlertDialog {
  readonly #dialog = byId("alerting", HTMLDialogElement);
  #alert: Alert | undefined;

  constructor(
    readonly act: Alerting,
    readonly time: ServerTime,
  ) {}

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
    const present = alert?.ends_at ?? null;
    const asIs: [string, string][] = [];
    if (present !== null) {
      const until = text("alert_until", { time: moment(Date.parse(present), this.time.now()) });
      asIs.push([AS_IS, text("alert_as_is", { until })]);
    }
    const times = choice([...asIs, ...TIMES.map((minutes) => [String(minutes), time(minutes)] as const)]);
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
      const ends = times.value === AS_IS ? {} : { ends_at: minutes === 0 ? null : minutes * 60 };
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
