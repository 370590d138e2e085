// A bell in a form that anybody can fill in: what happens, on which days of the week, and at which times.

import { LEVELS } from "./alertorder.ts";
import { readRule, writeRule } from "./bellrule.ts";
import { BellTimes } from "./belltimes.ts";
import { MISSED, missedWords, ownZone, textOf, week, weekdayName } from "./bellwords.ts";
import { make } from "./dom.ts";
import { checkbox, checked, choice, command, described, label, tick } from "./fields.ts";
import { text } from "./language.ts";
import type { Bell } from "./protocol.ts";

const ENDS = ["1m", "5m", "10m", "30m", "1h", "8h"];
const SCHOOL_DAYS = [1, 2, 3, 4, 5];

export class BellForm {
  readonly #words = make("textarea", "");
  readonly #kind = choice([
    ["say", text("bell_says")],
    ["alert", text("bell_raises")],
  ]);
  readonly #level = choice(LEVELS.map((one) => [one, text(`level_${one}`)]));
  readonly #ends: HTMLSelectElement;
  readonly #drill = checkbox();
  readonly #confirm = checkbox();
  readonly #alert: HTMLElement;
  readonly #days: readonly (readonly [number, HTMLInputElement])[];
  readonly #times: BellTimes;
  readonly #from = date();
  readonly #until = date();
  readonly #off: DaysOff;
  readonly #name = make("input", "");
  readonly #missed: HTMLSelectElement;
  readonly #zone: HTMLSelectElement;
  readonly elements: readonly HTMLElement[];

  constructor(readonly bell: Bell | undefined) {
    const { alert, rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", times = [] } = bell ?? {};
    this.#words.required = true;
    this.#words.dir = "auto";
    this.#words.maxLength = 500;
    this.#words.rows = 2;
    this.#words.value = bell === undefined ? "" : textOf(bell);
    this.#kind.value = alert === undefined ? "say" : "alert";
    this.#kind.addEventListener("change", () => this.#show());
    this.#level.value = alert?.level ?? "warning";
    this.#ends = withOwn(ENDS, alert?.ends_after ?? "10m", endWords);
    this.#drill.checked = alert?.drill ?? false;
    this.#confirm.checked = alert?.confirm ?? false;
    this.#alert = make(
      "div",
      "bell-alert",
      label(text("alert_level"), this.#level),
      label(text("alert_ends"), this.#ends),
      tick(this.#drill, text("alert_is_drill")),
      tick(this.#confirm, text("alert_confirm")),
    );
    const weekly = readRule(rule);
    const on = weekly?.days ?? SCHOOL_DAYS;
    this.#days = week().map((day) => {
      const input = checkbox();
      input.checked = on.includes(day);
      return [day, input] as const;
    });
    this.#times = new BellTimes(make("legend", "", text("bell_times")), times, true);
    this.#from.value = bell?.from ?? "";
    this.#until.value = weekly?.until ?? "";
    const order = () =>
      this.#from.value !== "" && this.#until.value !== "" && this.#until.value < this.#from.value
        ? text("bell_until_wrong")
        : "";
    for (const field of [this.#from, this.#until]) checked(field, order, this.#until);
    this.#off = new DaysOff(bell?.except ?? []);
    this.#name.type = "text";
    this.#name.dir = "auto";
    this.#name.maxLength = 64;
    this.#name.value = bell?.name ?? text("bell_name_default");
    this.#missed = withOwn(MISSED, bell?.missed ?? "1m", missedWords);
    const zone = bell?.zone ?? ownZone();
    this.#zone = choice(
      [...new Set([zone, ...Intl.supportedValuesOf("timeZone")])].sort().map((one) => [one, one]),
    );
    this.#zone.value = zone;
    this.#zone.dir = "ltr";
    this.elements = this.#elements();
    this.#show();
  }

  get first(): HTMLElement {
    return this.#words;
  }

  #elements(): HTMLElement[] {
    const more = make("details", "more", make("summary", "", text("alert_more_fields")));
    more.append(
      make(
        "div",
        "bell-span",
        label(text("bell_first_day"), this.#from),
        label(text("bell_last_day"), this.#until),
      ),
      this.#off.element,
      described(text("bell_missed"), this.#missed, text("bell_missed_hint")),
      label(text("bell_name"), this.#name),
      described(text("bell_zone"), this.#zone, text("bell_zone_hint")),
    );
    return [
      label(text("bell_words"), this.#words),
      label(text("bell_kind"), this.#kind),
      this.#alert,
      this.#weekdays(),
      this.#times.element,
      more,
    ];
  }

  #weekdays(): HTMLElement {
    const boxes = this.#days.map(([day, input]) => tick(input, weekdayName(day)));
    const all = make("div", "weekdays", ...boxes);
    const [, first] = this.#days[0] ?? [];
    const wrong = () => (this.#days.some(([, { checked }]) => checked) ? "" : text("bell_days_wrong"));
    for (const [, input] of this.#days)
      input.addEventListener("change", () => first?.setCustomValidity(wrong()));
    return make("fieldset", "setting", make("legend", "", text("bell_weekdays")), all);
  }

  #show(): void {
    this.#alert.hidden = this.#kind.value !== "alert";
  }

  /** As the server is asked to set it. */
  body(): object {
    const words = this.#words.value.trim();
    const alert = {
      text: words,
      level: this.#level.value,
      drill: this.#drill.checked,
      confirm: this.#confirm.checked,
      ends_after: this.#ends.value,
    };
    const days = this.#days.filter(([, { checked }]) => checked).map(([day]) => day);
    const name = this.#name.value.trim();
    return {
      rule: writeRule({ days: days.sort(), until: this.#until.value || undefined }),
      ...(this.#from.value !== "" && { from: this.#from.value }),
      times: this.#times.times,
      zone: this.#zone.value,
      except: this.#off.spans,
      on: this.bell?.on ?? {},
      ...(name !== "" && { name }),
      ...(this.#kind.value === "alert" ? { alert } : { say: words }),
      missed: this.#missed.value,
    };
  }
}

/** Spans of days on which it does not ring, such as the holidays. */
class DaysOff {
  readonly #list = make("ul", "bell-off");
  readonly #add = command(text("bell_off_add"), () => this.#row("", "").focus());
  readonly element = make(
    "fieldset",
    "setting",
    make("legend", "", text("bell_off")),
    make("p", "hint", text("bell_off_hint")),
    this.#list,
    make("div", "controls", this.#add),
  );
  readonly #rows = new Map<Element, readonly [HTMLInputElement, HTMLInputElement]>();

  constructor(spans: readonly string[]) {
    for (const span of spans) {
      const [first = "", last = ""] = span.split("/");
      this.#row(first, last);
    }
  }

  get spans(): string[] {
    return [...this.#rows.values()].map(([first, last]) =>
      last.value === "" || last.value === first.value ? first.value : `${first.value}/${last.value}`,
    );
  }

  #row(first: string, last: string): HTMLInputElement {
    const fields = [date(), date()] as const;
    const [from, to] = fields;
    from.value = first;
    from.required = true;
    to.value = last;
    const wrong = () => (to.value !== "" && to.value < from.value ? text("bell_until_wrong") : "");
    for (const field of fields) checked(field, wrong, to);
    const remove = command("✕", () => {
      this.#rows.delete(item);
      item.remove();
      this.#add.focus();
    });
    remove.setAttribute("aria-label", text("bell_off_remove"));
    const item = make(
      "li",
      "",
      label(text("bell_off_first"), from),
      label(text("bell_off_last"), to),
      remove,
    );
    this.#rows.set(item, fields);
    this.#list.append(item);
    return from;
  }
}

/** Those that are offered, and the one that somebody has set elsewhere. */
function withOwn(
  offered: readonly string[],
  own: string,
  words: (value: string) => string,
): HTMLSelectElement {
  const select = choice([...new Set([...offered, own])].map((one) => [one, words(one)]));
  select.value = own;
  return select;
}

function endWords(time: string): string {
  const [, count, unit] = time.match(/^(\d+)([mh])$/) ?? [];
  if (count === undefined) return time;
  return text(unit === "h" ? "alert_hours" : "alert_minutes", { count: Number(count) });
}

function date(): HTMLInputElement {
  const input = make("input", "");
  input.type = "date";
  input.min = "2000-01-01";
  input.max = "2199-12-31";
  return input;
}
