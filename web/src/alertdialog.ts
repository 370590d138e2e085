// Raises an alert, one that hosts have prepared or another, or changes one.

import { AlertFields, type Begin, label } from "./alertfields.ts";
import { byId, make } from "./dom.ts";
import { text } from "./language.ts";
import type { Alert, Prepared } from "./protocol.ts";
import type { ServerTime } from "./servertime.ts";
import { fill } from "./template.ts";

/** Does something with an alert, and resolves to what is wrong with that, if anything is. */
export type Alerting = (
  action: "raise" | "update" | "end" | "release",
  body: object,
) => Promise<string | undefined>;

export class AlertDialog {
  readonly #dialog = byId("alerting", HTMLDialogElement);
  #openings = 0;

  /** `prepared` asks for what hosts have prepared. */
  constructor(
    readonly act: Alerting,
    readonly prepared: () => Promise<readonly Prepared[]>,
    readonly time: ServerTime,
  ) {}

  /** Raises one. What is prepared is offered as soon as it is known; nobody waits for it. */
  raise(): void {
    const all = make("div", "prepared");
    all.setAttribute("role", "group");
    all.setAttribute("aria-label", text("alert_prepared"));
    all.hidden = true;
    this.#show(undefined, all);
    this.#openings += 1;
    const opening = this.#openings;
    void this.prepared().then((prepared) => {
      if (prepared.length === 0 || opening !== this.#openings || !this.#dialog.open) return;
      const buttons = [undefined, ...prepared].map((one) => {
        const button = make("button", "button", make("bdi", "", one?.name ?? text("alert_other")));
        button.type = "button";
        button.addEventListener("click", () => {
          this.#show(one, all);
          press(button);
        });
        return button;
      });
      const press = (pressed: Element | undefined): void => {
        for (const one of buttons) one.setAttribute("aria-pressed", String(one === pressed));
      };
      press(buttons[0]);
      all.replaceChildren(...buttons);
      all.hidden = false;
    });
  }

  change(alert: Alert): void {
    this.#show(alert);
  }

  #show(begin: Begin, offered?: HTMLElement): void {
    const isChange = begin !== undefined && "id" in begin;
    const title = make("h2", "", text(isChange ? "alert_change_title" : "raise_alert"));
    title.id = "alerting-title";
    const fields = new AlertFields(begin, this.time.now());
    const words = begin === undefined || isChange ? new Words(begin?.text ?? "") : new Blanks(begin);
    const why = make("p", "field-error");
    why.setAttribute("role", "alert");
    const no = make("button", "button", text("cancel"));
    no.type = "button";
    no.addEventListener("click", () => this.#dialog.close());
    const yes = make("button", "button primary", text(isChange ? "alert_change_now" : "raise_now"));
    const form = make("form", "", title);
    if (offered !== undefined) form.append(offered);
    form.append(...words.elements, ...fields.simple, fields.more, why, make("div", "dialog-row", no, yes));
    const key = `${Date.now()}-${Math.random()}`;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = { ...words.body(), ...fields.body((template) => words.filled(template)) };
      const done = isChange
        ? this.act("update", { id: begin.id, ...body })
        : this.act("raise", { ...body, drill: fields.drill.checked, key });
      void done.then((problem) => {
        if (problem === undefined) this.#dialog.close();
        else why.textContent = problem;
      });
    });
    this.#dialog.replaceChildren(form);
    if (!this.#dialog.open) this.#dialog.showModal();
    words.first.focus();
  }
}

/** What an alert says, in the words of whoever raises it. */
class Words {
  readonly #field = make("textarea", "");
  readonly elements: readonly HTMLElement[];
  readonly first = this.#field;

  constructor(words: string) {
    this.#field.required = true;
    this.#field.dir = "auto";
    this.#field.maxLength = 500;
    this.#field.value = words;
    this.elements = [label(text("alert_text"), this.#field)];
  }

  body(): object {
    return { text: this.#field.value };
  }

  filled(words: string): string {
    return words;
  }
}

/** What was prepared, with a field for each of its blanks, and what becomes of it. */
class Blanks {
  readonly #fields = new Map<string, HTMLInputElement>();
  readonly #preview = make("blockquote", "");
  readonly elements: readonly HTMLElement[];
  readonly first: HTMLElement;

  constructor(readonly prepared: Prepared) {
    for (const name of prepared.blanks) {
      const field = make("input", "");
      field.type = "text";
      field.required = true;
      field.dir = "auto";
      field.maxLength = 100;
      field.addEventListener("input", () => this.#show());
      this.#fields.set(name, field);
    }
    this.#preview.tabIndex = -1;
    this.#show();
    this.elements = [this.#preview, ...[...this.#fields].map(([name, field]) => label(name, field))];
    this.first = this.#fields.values().next().value ?? this.#preview;
  }

  body(): object {
    return { prepared: this.prepared.name, blanks: Object.fromEntries(this.#values()) };
  }

  filled(template: string): string {
    return fill(template, this.#values());
  }

  #values(): Map<string, string> {
    return new Map([...this.#fields].map(([name, { value }]) => [name, value]));
  }

  #show(): void {
    this.#preview.replaceChildren(make("bdi", "", this.filled(this.prepared.text)));
  }
}
