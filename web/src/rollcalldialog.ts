// For hosts: who has an alert and who does not, those first who are missing, as it changes. A host may confirm for others, also
// after its end.

import { alertWords } from "./alertwords.ts";
import type { Ask } from "./ask.ts";
import { byId, make } from "./dom.ts";
import { choice, label } from "./fields.ts";
import { formatNumber, text } from "./language.ts";
import { type Alert, type Called, type Counts, type RollCall, STAGES, type Stage } from "./protocol.ts";
import type { Roll } from "./rollcalls.ts";
import { exactClock } from "./time.ts";

/** People that are shown at first, and with each "more". */
const PAGE = 100;
/** The least time from one look at the names to the next (ms). */
const PACE = 1_000;

export class RollCallDialog {
  readonly #dialog = byId("roll-call", HTMLDialogElement);
  readonly #title = make("h2", "", text("roll_call"));
  readonly #alertWords = make("bdi", "");
  readonly #over = make("p", "roll-over");
  readonly #counts = make("dl", "roll-counts");
  readonly #problem = make("p", "field-error");
  readonly #list = make("ul", "roll-list");
  readonly #more = make("button", "button", text("roll_call_more"));
  readonly #rows = new Map<string, Row>();
  #alert: Alert | undefined;
  #isOver = false;
  #limit = PAGE;
  #timer: number | undefined;
  #lookedAt = 0;

  constructor(
    readonly roll: Roll,
    readonly ask: Ask,
  ) {
    this.#title.id = "roll-call-title";
    this.#title.tabIndex = -1;
    this.#more.type = "button";
    this.#more.addEventListener("click", () => {
      this.#limit += PAGE;
      void this.#look();
    });
    const words = make("blockquote", "", this.#alertWords);
    this.#over.setAttribute("role", "status");
    this.#problem.setAttribute("role", "alert");
    this.#dialog.append(this.#title, words, this.#over, this.#problem, this.#counts, this.#list, this.#more);
    this.#dialog.addEventListener("close", () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#alert = undefined;
    });
  }

  open(alert: Alert): void {
    this.#alert = alert;
    this.#tell(false);
    this.#limit = PAGE;
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#counts.replaceChildren();
    this.#more.hidden = true;
    this.#problem.textContent = "";
    this.#alertWords.textContent = alertWords(alert);
    this.#dialog.showModal();
    this.#title.focus();
    void this.#look();
  }

  /** The alerts that are in force. Of one that is over, the roll call can still be read. */
  show(alerts: readonly Alert[], mayAlert: boolean): void {
    if (this.#alert === undefined) return;
    if (!mayAlert) {
      this.#dialog.close();
      return;
    }
    const alert = alerts.find(({ id }) => id === this.#alert?.id);
    if (alert !== undefined) {
      this.#alert = alert;
      this.#alertWords.textContent = alertWords(alert);
    }
    const isOver = alert === undefined;
    if (isOver === this.#isOver) return;
    this.#tell(isOver);
    // The server says nothing more of its own accord.
    if (isOver) void this.#look();
  }

  #tell(isOver: boolean): void {
    this.#isOver = isOver;
    this.#over.textContent = isOver ? text("roll_call_over") : "";
  }

  /** Somebody's part in this one is another than before. */
  changed(id: string): void {
    if (id !== this.#alert?.id || this.#timer !== undefined) return;
    const wait = Math.max(0, this.#lookedAt + PACE - Date.now());
    this.#timer = setTimeout(() => void this.#look(), wait);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lookedAt = Date.now();
    const id = this.#alert?.id;
    const {
      counts,
      people,
      more = false,
      problem,
    } = await this.roll("roll_call", {
      id,
      limit: this.#limit,
    });
    if (id === undefined || id !== this.#alert?.id) return;
    // What was said of a deed stays, until another one has an outcome.
    if (problem !== undefined) this.#problem.textContent = problem;
    if (people !== undefined && counts !== undefined) this.#write(counts, people, more);
  }

  #write(counts: Counts, people: RollCall["people"], more: boolean): void {
    const focused = document.activeElement;
    const named = STAGES.map((stage) => [text(`stage_${stage}`), counts[stage], stage] as const);
    const answers = Object.entries(counts.answers).map(
      ([answer, count]) => [answer, count, "answer"] as const,
    );
    this.#counts.replaceChildren(
      ...[...named, ...answers].map(([name, count, kind]) => {
        const part = make(
          "div",
          "",
          make("dt", "", make("bdi", "", name)),
          make("dd", "", formatNumber(count)),
        );
        part.dataset.kind = kind;
        return part;
      }),
    );
    const names = new Set(people.map(({ name }) => name));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.element.remove();
      this.#rows.delete(name);
    }
    people.forEach((person, place) => {
      let row = this.#rows.get(person.name);
      if (row === undefined) {
        row = new Row(person.name, () => void this.#confirm(person.name));
        this.#rows.set(person.name, row);
      }
      row.show(person);
      const there = this.#list.children[place] ?? null;
      if (there !== row.element) this.#list.insertBefore(row.element, there);
    });
    this.#more.hidden = !more;
    // Where a row moves or its button goes, the browser takes the focus from it.
    if (!(focused instanceof HTMLElement) || !this.#dialog.contains(focused)) return;
    if (focused.checkVisibility()) focused.focus({ preventScroll: true });
    else this.#title.focus({ preventScroll: true });
  }

  async #confirm(person: string): Promise<void> {
    const alert = this.#alert;
    if (alert === undefined) return;
    const answer = alert.answers.length === 0 ? null : await this.#answer(person, alert.answers);
    if (answer === undefined) return;
    const { problem = "" } = await this.roll("confirm", { id: alert.id, person, answer });
    if (alert.id !== this.#alert?.id) return;
    this.#problem.textContent = problem;
    if (problem === "") await this.#look();
  }

  /** What somebody answers, as a host knows it: null where they have said nothing, and undefined where it is not done. */
  async #answer(name: string, answers: readonly string[]): Promise<string | null | undefined> {
    const none = ["", text("roll_call_no_answer")] as const;
    const select = choice([none, ...answers.map((answer) => [answer, answer] as const)]);
    const question = {
      title: text("roll_call_mark_title", { name }),
      text: text("roll_call_mark_text"),
      field: label(text("roll_call_answer"), select),
      yes: text("roll_call_mark"),
      isHarmless: true,
    };
    return (await this.ask.ask(question)) ? select.value || null : undefined;
  }
}

class Row {
  readonly #stage = make("span", "roll-stage");
  readonly #about = make("span", "roll-about");
  readonly #button = make("button", "button", text("roll_call_mark"));
  readonly element: HTMLLIElement;
  #shown: Called | undefined;

  constructor(name: string, confirm: () => void) {
    this.#button.type = "button";
    this.#button.setAttribute("aria-label", text("roll_call_mark_of", { name }));
    this.#button.addEventListener("click", confirm);
    const who = make("span", "roll-name", make("bdi", "", name));
    this.element = make("li", "roll-person", who, this.#stage, this.#about, this.#button);
  }

  show(person: Called): void {
    if (JSON.stringify(person) === JSON.stringify(this.#shown)) return;
    this.#shown = person;
    const { stage, answer, at, by } = person;
    this.element.dataset.stage = stage;
    this.#stage.textContent = answer ?? stageWord(stage);
    const when = at === null ? "" : exactClock(Date.parse(at));
    const whom = by === null ? "" : text("roll_call_by", { name: by });
    this.#about.textContent = [when, whom].filter((one) => one !== "").join(" · ");
    this.#button.hidden = stage === "confirmed";
  }
}

const stageWord = (stage: Stage): string => text(`stage_${stage}`);
