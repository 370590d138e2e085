// The fields of an alert, as a dialog shows them: what most alerts need, and the rest under "More".

import { LEVELS } from "./alertorder.ts";
import { make } from "./dom.ts";
import { checkbox, checked, choice, described, label, lines, tick, tickDescribed } from "./fields.ts";
import { text } from "./language.ts";
import type { Alert, Prepared } from "./protocol.ts";
import { chosenTime, moment, remaining } from "./time.ts";

/** Minutes that are offered; 0 is never, or none. */
const ENDS = [0, 5, 15, 60, 480];
/** How often people are reminded, and after which time it is said who has not confirmed. */
const REMINDS = [0, 1, 2, 5, 10];
const ESCALATES = [0, 2, 5, 10, 15, 30];
const COUNTS = [0, 1, 2, 5, 10, 15, 30];
const MOST_ANSWERS = 8;
/** Bytes of one. */
const MOST_ANSWER = 64;
/** What stays as it is, or as it was prepared. */
const AS_IS = "as-is";

/** What the fields begin with: an alert that is to be changed, one that was prepared, or nothing. */
export type Begin = Alert | Prepared | undefined;
/** What they are filled in for. */
export type Purpose = "raise" | "change" | "prepare";

export class AlertFields {
  readonly level = choice(LEVELS.map((one) => [one, text(`level_${one}`)]));
  readonly ends: HTMLSelectElement;
  readonly countdown: HTMLSelectElement;
  readonly drill = checkbox();
  readonly confirm = checkbox();
  readonly answers = make("textarea", "");
  readonly word = make("input", "");
  readonly showMissing = checkbox();
  readonly remind: HTMLSelectElement;
  readonly escalateAfter: HTMLSelectElement;
  readonly escalateTo = make("input", "");
  readonly audience = make("input", "");
  readonly allClear = make("textarea", "");
  /** Those that everybody sees. */
  readonly simple: HTMLElement[];
  readonly more = make("details", "more", make("summary", "", text("alert_more_fields")));

  /** `now` is the server's time. */
  constructor(
    readonly begin: Begin,
    now: number,
    readonly purpose: Purpose,
  ) {
    const times = (key: "ends" | "count", all: readonly number[], none: string): HTMLSelectElement =>
      choice([
        ...this.#asIs(key, now),
        ...all.map((minutes) => [String(minutes), time(minutes, none)] as const),
      ]);
    this.ends = times("ends", ENDS, text("no_end"));
    this.countdown = times("count", COUNTS, text("alert_no_countdown"));
    this.remind = this.#interval(REMINDS, begin?.remind);
    this.escalateAfter = this.#interval(ESCALATES, begin?.escalate_after);
    this.level.value = begin?.level ?? "warning";
    this.drill.checked = begin?.drill ?? false;
    // What is prepared as a drill is one.
    this.drill.disabled = purpose === "raise" && this.drill.checked;
    this.confirm.checked = begin?.confirm ?? false;
    this.showMissing.checked = begin?.show_missing ?? false;
    this.answers.rows = 2;
    checked(this.answers, () => (areAnswers(lines(this.answers)) ? "" : text("alert_answers_wrong")));
    this.answers.value = begin?.answers.join("\n") ?? "";
    this.word.maxLength = 40;
    this.word.value = begin?.word ?? "";
    this.word.autocapitalize = "none";
    // Who says how it is confirmed wants that; the server takes it so.
    for (const field of [this.answers, this.word])
      field.addEventListener("input", () => {
        if (field.value.trim() !== "") this.confirm.checked = true;
      });
    for (const field of [this.remind, this.escalateAfter])
      field.addEventListener("change", () => {
        if (field.value !== "0") this.confirm.checked = true;
      });
    // The server takes a link as well, and finds the code in it.
    this.escalateTo.maxLength = 1000;
    this.escalateTo.autocapitalize = "none";
    this.escalateTo.value = begin !== undefined && "escalate_to" in begin ? (begin.escalate_to ?? "") : "";
    this.showMissing.addEventListener("change", () => {
      if (this.showMissing.checked) this.confirm.checked = true;
    });
    this.audience.maxLength = 100;
    this.audience.value = begin?.audience ?? "";
    this.allClear.maxLength = 500;
    this.allClear.rows = 2;
    this.allClear.value = begin?.all_clear ?? "";
    for (const field of [this.word, this.escalateTo, this.audience]) field.type = "text";
    for (const field of [this.answers, this.word, this.escalateTo, this.audience, this.allClear])
      field.dir = "auto";
    this.simple = [label(text("alert_level"), this.level), label(text("alert_ends"), this.ends)];
    // What is an exercise stays one.
    if (purpose !== "change") this.simple.push(tick(this.drill, text("alert_is_drill")));
    this.more.append(
      label(text("alert_count"), this.countdown),
      tick(this.confirm, text("alert_confirm")),
      ...this.#confirming(),
      label(text("alert_remind"), this.remind),
      ...this.#escalating(),
      tickDescribed(this.showMissing, text("alert_show_missing"), text("alert_show_missing_hint")),
      label(text("alert_audience"), this.audience),
      label(text("alert_all_clear"), this.allClear),
    );
  }

  /** By what it is confirmed: that does not change any more when it is in force. */
  #confirming(): HTMLElement[] {
    if (this.purpose === "change") return [];
    return [
      described(text("alert_answers"), this.answers, text("alert_answers_hint")),
      described(text("alert_word"), this.word, text("alert_word_hint")),
    ];
  }

  /** When it is said who has not confirmed it, and to whom: that does not change any more either. */
  #escalating(): HTMLElement[] {
    if (this.purpose === "change") return [];
    return [
      label(text("alert_escalate"), this.escalateAfter),
      described(text("alert_escalate_to"), this.escalateTo, text("alert_escalate_hint")),
    ];
  }

  /** How often, or after which time; or as it is, which may be a time that is none of those that are offered. */
  #interval(minutes: readonly number[], known: number | string | null | undefined): HTMLSelectElement {
    const each = minutes.map(
      (one) => [String(one), one === 0 ? text("never") : chosenTime(one * 60)] as const,
    );
    if (known === null || known === undefined) return choice(each);
    const until = typeof known === "number" ? chosenTime(known) : known;
    const as = this.purpose === "raise" ? text("alert_as_prepared") : text("alert_as_is", { until });
    return choice([[AS_IS, as], ...each]);
  }

  /** As it is, where the server knows a time that is none of those that are offered. */
  #asIs(key: "ends" | "count", now: number): [string, string][] {
    const { begin, purpose } = this;
    if (begin === undefined) return [];
    if (!("id" in begin)) {
      const after = key === "ends" ? begin.ends_after : begin.countdown;
      if (after === null) return [];
      const as = purpose === "raise" ? text("alert_as_prepared") : text("alert_as_is", { until: after });
      return [[AS_IS, as]];
    }
    const as = (until: string): [string, string][] => [[AS_IS, text("alert_as_is", { until })]];
    if (key === "count" && begin.remaining !== null)
      return as(text("alert_paused", { left: remaining(begin.remaining * 1_000) }));
    const at = key === "ends" ? begin.ends_at : begin.countdown_to;
    return at === null ? [] : as(text("alert_until", { time: moment(Date.parse(at), now) }));
  }

  /** What the server is asked for; `filled` puts words in place of blanks. */
  body(filled: (template: string) => string = (words) => words): object {
    const { begin } = this;
    const asPrepared = this.purpose === "raise" ? (begin as Prepared | undefined) : undefined;
    // What was prepared is filled by the server.
    const words = (key: "audience" | "all_clear", field: HTMLInputElement | HTMLTextAreaElement): object =>
      asPrepared !== undefined && field.value === (asPrepared[key] ?? "")
        ? {}
        : { [key]: filled(field.value).trim() || null };
    const [ends, countdown] =
      this.purpose === "prepare" ? ["ends_after", "countdown"] : ["ends_at", "countdown_to"];
    return {
      level: this.level.value,
      confirm: this.confirm.checked,
      show_missing: this.showMissing.checked && this.confirm.checked,
      ...(this.purpose === "change" ? {} : { ...this.#confirmed(), ...this.#escalation() }),
      ...this.#every("remind", this.remind),
      ...this.#time(ends as "ends_after", this.ends),
      ...this.#time(countdown as "countdown", this.countdown),
      ...words("audience", this.audience),
      ...words("all_clear", this.allClear),
    };
  }

  /** Where nobody is asked to confirm it, nothing confirms it. */
  #confirmed(): object {
    if (!this.confirm.checked) return { answers: [], word: null };
    return { answers: lines(this.answers), word: this.word.value.trim() || null };
  }

  /** Where nobody is asked to confirm it, nobody is missing. */
  #escalation(): object {
    const after = this.#every("escalate_after", this.escalateAfter);
    const isOff = !this.confirm.checked || this.escalateAfter.value === "0";
    const room = this.escalateTo.value.trim() || null;
    if (isOff) return { ...after, escalate_to: null };
    if (this.purpose !== "raise" || this.escalateAfter.value !== AS_IS)
      return { ...after, escalate_to: room };
    // The server takes both as they were prepared, or neither.
    const { escalate_after, escalate_to } = this.begin as Prepared;
    return room === escalate_to ? {} : { escalate_after, escalate_to: room };
  }

  #every(key: "remind" | "escalate_after", select: HTMLSelectElement): object {
    if (!this.confirm.checked) return { [key]: null };
    if (select.value !== AS_IS) return { [key]: Number(select.value) * 60 || null };
    return this.purpose === "prepare" ? { [key]: (this.begin as Prepared)[key] } : {};
  }

  /** What is prepared says how long; what stays is said again, since all of it is written anew. */
  #time(key: "ends_after" | "countdown", select: HTMLSelectElement): object {
    if (select.value !== AS_IS) return { [key]: Number(select.value) * 60 || null };
    return this.purpose === "prepare" ? { [key]: (this.begin as Prepared)[key] } : {};
  }
}

/** As the server takes them: each another one, and not too long. */
const areAnswers = (answers: readonly string[]): boolean =>
  answers.length <= MOST_ANSWERS &&
  new Set(answers.map((one) => one.toLowerCase())).size === answers.length &&
  answers.every((one) => new TextEncoder().encode(one).length <= MOST_ANSWER);

function time(minutes: number, none: string): string {
  if (minutes === 0) return none;
  return minutes < 60
    ? text("alert_minutes", { count: minutes })
    : text("alert_hours", { count: minutes / 60 });
}
