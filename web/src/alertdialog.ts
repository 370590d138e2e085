// Raises an alert, one that hosts have prepared or another, or changes one; and prepares those that are raised later.

import { AlertFields, type Begin, type Purpose } from "./alertfields.ts";
import { alertWords } from "./alertwords.ts";
import type { Ask } from "./ask.ts";
import { byId, make } from "./dom.ts";
import { checked, command, described, label } from "./fields.ts";
import { type Key, text } from "./language.ts";
import type { Alert, Prepared } from "./protocol.ts";
import type { ServerTime } from "./servertime.ts";
import { fill, isTemplate } from "./template.ts";

/** Does something with an alert, and resolves to what is wrong with that, if anything is. */
export type Alerting = (
  action: "raise" | "update" | "end" | "release" | "prepare" | "unprepare",
  body: object,
) => Promise<string | undefined>;

const TITLES: Readonly<Record<Purpose, Key>> = {
  raise: "raise_alert",
  change: "alert_change_title",
  prepare: "alert_prepare_title",
};
const DOES: Readonly<Record<Purpose, Key>> = {
  raise: "raise_now",
  change: "alert_change_now",
  prepare: "save",
};

export class AlertDialog {
  readonly #dialog = byId("alerting", HTMLDialogElement);
  #openings = 0;

  /** `prepared` asks for what hosts have prepared. */
  constructor(
    readonly act: Alerting,
    readonly prepared: () => Promise<readonly Prepared[]>,
    readonly time: ServerTime,
    readonly ask: Ask,
  ) {}

  /** Raises one. What is prepared is offered as soon as it is known; nobody waits for it. */
  raise(): void {
    const all = make("div", "prepared");
    all.setAttribute("role", "group");
    all.setAttribute("aria-label", text("alert_prepared"));
    all.hidden = true;
    this.#show("raise", undefined, all);
    this.#openings += 1;
    const opening = this.#openings;
    void this.prepared().then((prepared) => {
      if (prepared.length === 0 || opening !== this.#openings || !this.#dialog.open) return;
      const buttons = [undefined, ...prepared].map((one) => {
        const button = command("", () => {
          // What is typed into it stays.
          if (button.getAttribute("aria-pressed") === "true") return;
          this.#show("raise", one, all);
          press(button);
        });
        button.append(make("bdi", "", one?.name ?? text("alert_other")));
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
    this.#show("change", alert);
  }

  /** Prepares one, or another in its place. */
  prepare(prepared?: Prepared): void {
    this.#show("prepare", prepared);
  }

  #show(purpose: Purpose, begin: Begin, offered?: HTMLElement): void {
    const title = make("h2", "", text(TITLES[purpose]));
    title.id = "alerting-title";
    const fields = new AlertFields(begin, this.time.now(), purpose);
    const words = wordsOf(purpose, begin);
    const why = make("p", "field-error");
    why.setAttribute("role", "alert");
    const no = command(text("cancel"), () => this.#dialog.close());
    const yes = make("button", "button primary", text(DOES[purpose]));
    const form = make("form", "", title);
    if (offered !== undefined) form.append(offered);
    form.append(...words.elements, ...fields.simple, fields.more, why, make("div", "dialog-row", no, yes));
    const key = `${Date.now()}-${Math.random()}`;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = { ...words.body(), ...fields.body((template) => words.filled(template)) };
      const asked = { drill: fields.drill.checked, ...body };
      void send(asked);
    });
    const send = async (asked: object): Promise<void> => {
      if (purpose === "prepare" && !(await this.#mayReplace(form, begin, asked as Prepared))) return;
      yes.disabled = true;
      const problem = await this.#do(purpose, begin, asked, key);
      yes.disabled = false;
      // By now another form may stand here.
      if (problem !== undefined) why.textContent = problem;
      else if (form.isConnected) this.#dialog.close();
    };
    this.#dialog.replaceChildren(form);
    if (!this.#dialog.open) this.#dialog.showModal();
    words.first.focus();
  }

  /** Asks before another one that is called the same is lost, unless the form has gone meanwhile. */
  async #mayReplace(form: HTMLElement, begin: Begin, { name }: Prepared): Promise<boolean> {
    if (begin !== undefined && "name" in begin && begin.name === name) return true;
    const other = (await this.prepared()).find((one) => one.name === name.normalize());
    if (!this.#dialog.open || !form.isConnected) return false;
    if (other === undefined) return true;
    return this.ask.ask({
      title: text("prepared_replace_title"),
      text: text("prepared_replace_text", { name: `\u2068${name}\u2069` }),
      quote: alertWords(other),
      yes: text("prepared_replace"),
    });
  }

  async #do(purpose: Purpose, begin: Begin, body: object, key: string): Promise<string | undefined> {
    if (purpose === "raise") return this.act("raise", { ...body, key });
    if (begin !== undefined && "id" in begin) {
      const { drill, ...changes } = body as { drill: boolean };
      return this.act("update", { id: begin.id, ...changes });
    }
    const problem = await this.act("prepare", { prepared: body });
    const isRenamed = begin !== undefined && begin.name !== (body as Prepared).name;
    return problem !== undefined || !isRenamed ? problem : this.act("unprepare", { prepared: begin.name });
  }
}

function wordsOf(purpose: Purpose, begin: Begin): Words | Blanks {
  if (purpose === "prepare") return new Named(begin as Prepared | undefined);
  return begin === undefined || "id" in begin ? new Words(begin?.text ?? "") : new Blanks(begin);
}

/** What an alert says, in the words of whoever raises it. */
class Words {
  protected readonly field = make("textarea", "");
  elements: readonly HTMLElement[];
  first: HTMLElement = this.field;

  constructor(words: string) {
    this.field.required = true;
    this.field.dir = "auto";
    this.field.maxLength = 500;
    this.field.value = words;
    this.elements = [label(text("alert_text"), this.field)];
  }

  body(): object {
    return { text: this.field.value };
  }

  filled(words: string): string {
    return words;
  }
}

/** What is prepared: the words, which may have blanks, and what it is called. */
class Named extends Words {
  readonly #name = make("input", "");

  constructor(prepared: Prepared | undefined) {
    super(prepared?.text ?? "");
    this.#name.type = "text";
    this.#name.required = true;
    this.#name.dir = "auto";
    this.#name.maxLength = 40;
    this.#name.value = prepared?.name ?? "";
    checked(this.field, () => (isTemplate(this.field.value) ? "" : text("alert_blanks_wrong")));
    const blank = `{${text("alert_blank_example")}}`;
    const hint = make("p", "hint", text("alert_blanks_hint", { example: blank }));
    this.elements = [
      described(text("alert_name"), this.#name, text("alert_name_hint")),
      ...this.elements,
      hint,
    ];
    this.first = this.#name;
  }

  override body(): object {
    return { name: this.#name.value.trim(), ...super.body() };
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
