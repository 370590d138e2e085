// The fields of an alert, as a dialog shows them: what most alerts need, and the rest under "More".

import { LEVELS } from "./alertorder.ts";
import { make } from "./dom.ts";
import { text } from "./language.ts";
import type { Alert, Prepared } from "./protocol.ts";
import { moment, remaining } from "./time.ts";

/** Minutes that are offered; 0 is never, or none. */
const ENDS = [0, 5, 15, 60, 480];
const COUNTS = [0, 1, 2, 5, 10, 15, 30];
/** What stays as it is, or as it was prepared. */
const AS_IS = "as-is";

/** What the fields begin with: an alert that is to be changed, one that was prepared, or nothing. */
export type Begin = Alert | Prepared | undefined;

export class AlertFields {
  readonly level = choice(LEVELS.map((one) => [one, text(`level_${one}`)]));
  readonly ends: HTMLSelectElement;
  readonly countdown: HTMLSelectElement;
  readonly drill = check();
  readonly confirm = check();
  readonly audience = make("input", "");
  readonly allClear = make("textarea", "");
  /** Those that everybody sees. */
  readonly simple: HTMLElement[];
  readonly more = make("details", "more", make("summary", "", text("alert_more_fields")));

  /** `now` is the server's time. */
  constructor(
    readonly begin: Begin,
    now: number,
  ) {
    const isChange = begin !== undefined && "id" in begin;
    const asIs = (
      at: string | null,
      after: string | null,
      left: number | null = null,
    ): [string, string][] => {
      if (after !== null) return [[AS_IS, text("alert_as_prepared")]];
      if (left !== null)
        return [
          [AS_IS, text("alert_as_is", { until: text("alert_paused", { left: remaining(left * 1_000) }) })],
        ];
      if (at === null) return [];
      const until = text("alert_until", { time: moment(Date.parse(at), now) });
      return [[AS_IS, text("alert_as_is", { until })]];
    };
    const times = (all: readonly number[], none: string, as: [string, string][]): HTMLSelectElement =>
      choice([...as, ...all.map((minutes) => [String(minutes), time(minutes, none)] as const)]);
    const [ends, count] = isChange ? [begin.ends_at, begin.countdown_to] : [null, null];
    const [endsAfter, counts] =
      begin === undefined || isChange ? [null, null] : [begin.ends_after, begin.countdown];
    const paused = isChange ? begin.remaining : null;
    this.ends = times(ENDS, text("no_end"), asIs(ends, endsAfter));
    this.countdown = times(COUNTS, text("alert_no_countdown"), asIs(count, counts, paused));
    this.level.value = begin?.level ?? "warning";
    this.drill.checked = begin?.drill ?? false;
    // What is prepared as a drill is one.
    this.drill.disabled = this.drill.checked;
    this.confirm.checked = begin?.confirm ?? false;
    this.audience.type = "text";
    this.audience.maxLength = 100;
    this.audience.value = begin?.audience ?? "";
    this.allClear.maxLength = 500;
    this.allClear.rows = 2;
    this.allClear.value = begin?.all_clear ?? "";
    for (const field of [this.audience, this.allClear]) field.dir = "auto";
    this.simple = [label(text("alert_level"), this.level), label(text("alert_ends"), this.ends)];
    // What is an exercise stays one.
    if (!isChange) this.simple.push(tick(this.drill, text("alert_is_drill")));
    this.more.append(
      label(text("alert_count"), this.countdown),
      tick(this.confirm, text("alert_confirm")),
      label(text("alert_audience"), this.audience),
      label(text("alert_all_clear"), this.allClear),
    );
  }

  /** What the server is asked for; `filled` puts words in place of blanks. */
  body(filled: (template: string) => string = (words) => words): object {
    const begin = this.begin;
    const time = (select: HTMLSelectElement): object | undefined =>
      select.value === AS_IS ? undefined : { at: Number(select.value) * 60 || null };
    const at = (key: string, select: HTMLSelectElement): object => {
      const chosen = time(select) as { at: number | null } | undefined;
      return chosen === undefined ? {} : { [key]: chosen.at };
    };
    // What was prepared is filled by the server.
    const words = (key: "audience" | "all_clear", field: HTMLInputElement | HTMLTextAreaElement): object =>
      begin !== undefined && !("id" in begin) && field.value === (begin[key] ?? "")
        ? {}
        : { [key]: filled(field.value).trim() || null };
    return {
      level: this.level.value,
      confirm: this.confirm.checked,
      ...at("ends_at", this.ends),
      ...at("countdown_to", this.countdown),
      ...words("audience", this.audience),
      ...words("all_clear", this.allClear),
    };
  }
}

function choice(all: readonly (readonly [string, string])[]): HTMLSelectElement {
  const select = make("select", "");
  for (const [value, words] of all) select.append(new Option(words, value));
  return select;
}

function check(): HTMLInputElement {
  const input = make("input", "");
  input.type = "checkbox";
  return input;
}

function time(minutes: number, none: string): string {
  if (minutes === 0) return none;
  return minutes < 60
    ? text("alert_minutes", { count: minutes })
    : text("alert_hours", { count: minutes / 60 });
}

export const label = (words: string, field: HTMLElement): HTMLLabelElement =>
  make("label", "", make("span", "", words), field);

export const tick = (box: HTMLInputElement, words: string): HTMLLabelElement =>
  make("label", "tick", box, make("span", "", words));
