// For hosts, among their controls: the alerts that they have prepared, each of which can be changed and removed.

import type { AlertDialog, Alerting } from "./alertdialog.ts";
import { alertWords } from "./alertwords.ts";
import type { Ask } from "./ask.ts";
import { byId, make } from "./dom.ts";
import { command } from "./fields.ts";
import { text } from "./language.ts";
import type { Alerted, Failed, Prepared } from "./protocol.ts";

export class PreparedList {
  readonly #list = make("ul", "kept");
  readonly #none = make("p", "hint", text("prepared_none"));
  readonly #problem = make("p", "field-error");
  readonly #add = command(text("alert_prepare"), () => this.dialog.prepare());
  readonly element = make(
    "div",
    "setting",
    make("h4", "", text("alert_prepared")),
    make("p", "hint", text("prepared_hint")),
    this.#list,
    this.#none,
    this.#problem,
    make("div", "controls", this.#add),
  );

  constructor(
    readonly dialog: AlertDialog,
    readonly look: () => Promise<Alerted & Failed>,
    readonly act: Alerting,
    readonly ask: Ask,
  ) {
    this.#none.hidden = true;
    this.#problem.setAttribute("role", "alert");
    // What was saved there is to be seen here.
    byId("alerting", HTMLDialogElement).addEventListener("close", () => {
      if (this.element.checkVisibility()) void this.load();
    });
  }

  async load(): Promise<void> {
    const { prepared, problem = "" } = await this.look();
    this.#problem.textContent = problem;
    if (prepared === undefined) return;
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...prepared.map((one) => this.#item(one)));
    this.#none.hidden = prepared.length > 0;
    if (hadFocus) this.#add.focus();
  }

  #item(prepared: Prepared): HTMLElement {
    const { name } = prepared;
    const change = command(text("alert_change"), () => this.dialog.prepare(prepared));
    change.setAttribute("aria-label", text("prepared_change_of", { name }));
    const remove = command(text("remove"), () => void this.#remove(prepared));
    remove.setAttribute("aria-label", text("prepared_remove_of", { name }));
    const words = make("span", "hint", make("bdi", "", alertWords(prepared)));
    return make(
      "li",
      "hand prepared-item",
      make("span", "hand-name", make("bdi", "name", name), words),
      make("span", "controls", change, remove),
    );
  }

  async #remove(prepared: Prepared): Promise<void> {
    const question = {
      title: text("prepared_remove_title"),
      text: text("prepared_remove_text"),
      quote: alertWords(prepared),
      yes: text("remove"),
    };
    if (!(await this.ask.ask(question))) return;
    const problem = await this.act("unprepare", { prepared: prepared.name });
    if (problem === undefined) await this.load();
    else this.#problem.textContent = problem;
  }
}
