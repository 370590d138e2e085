// For hosts: who is expected in the room, one name a line, with tables in and out.

import type { Ask } from "./ask.ts";
import { namesIn, namesTable } from "./csv.ts";
import { byId, make } from "./dom.ts";
import { command, described } from "./fields.ts";
import { text } from "./language.ts";
import type { Failed } from "./protocol.ts";

/** The most names of a roster, and of a file that is read (bytes). */
const MOST = 10_000;
const MOST_BYTES = 10_000_000;
/** How long a table that was asked for is there to be downloaded (ms). */
const KEPT = 60_000;

/** What the page does with the roster of its room. */
export interface RosterRoom {
  readonly load: () => Promise<RosterAnswer>;
  readonly save: (names: readonly string[]) => Promise<RosterAnswer>;
}

/** The names, or what is wrong; `number` says with which of them, from 1. */
export type RosterAnswer = { readonly names?: readonly string[]; readonly number?: number } & Failed;

interface Line {
  readonly name: string;
  /** From 1. */
  readonly line: number;
}

export class RosterDialog {
  readonly #dialog = byId("roster", HTMLDialogElement);
  readonly #title = make("h2", "", text("roster_title"));
  readonly #names = make("textarea", "roster-names");
  readonly #count = make("p", "roster-count");
  readonly #problem = make("p", "field-error");
  readonly #status = make("p", "hint");
  readonly #file = make("input", "");
  readonly #take = command(text("roster_take"), () => this.#file.click());
  readonly #give = command(text("roster_give"), () => this.#download());
  readonly #save = make("button", "button primary", text("save"));

  constructor(
    readonly room: RosterRoom,
    readonly ask: Ask,
  ) {
    this.#title.id = "roster-title";
    this.#title.tabIndex = -1;
    this.#names.rows = 8;
    this.#names.dir = "auto";
    this.#names.spellcheck = false;
    this.#names.autocomplete = "off";
    this.#names.addEventListener("input", () => {
      this.#names.removeAttribute("aria-invalid");
      this.#tell("", "");
    });
    this.#problem.setAttribute("role", "alert");
    this.#status.setAttribute("role", "status");
    this.#file.type = "file";
    this.#file.accept = ".csv,.tsv,.txt,text/csv,text/plain";
    this.#file.hidden = true;
    this.#file.addEventListener("change", () => void this.#read());
    const close = byId("roster-close", HTMLButtonElement);
    close.addEventListener("click", () => this.#dialog.close());
    const form = make(
      "form",
      "",
      this.#title,
      make("p", "hint", text("roster_hint")),
      described(text("roster_names"), this.#names, text("roster_names_hint")),
      this.#count,
      make("div", "controls", this.#take, this.#give, this.#file),
      // However long the list is, what has come of it is to be seen.
      make("div", "dialog-row", this.#problem, this.#status, close, this.#save),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#dialog.append(form);
  }

  open(): void {
    this.#write([]);
    this.#tell("", "");
    this.#dialog.showModal();
    this.#title.focus();
    void this.#load();
  }

  /** The reader is no host any more. */
  close(): void {
    this.#dialog.close();
  }

  /** Until they are there, nothing is to be written over them, or taken for them. */
  async #load(): Promise<void> {
    const parts = [this.#names, this.#take, this.#give, this.#save];
    for (const part of parts) part.disabled = true;
    const { names, problem = "" } = await this.room.load();
    if (names !== undefined) {
      for (const part of parts) part.disabled = false;
      this.#write(names);
    }
    this.#tell(problem, "");
  }

  async #send(): Promise<void> {
    const lines = this.#lines();
    const names = lines.map(({ name }) => name);
    if (new Set(names).size > MOST) return this.#tell(text("roster_too_long", { most: MOST }), "");
    const question = {
      title: text("roster_clear_title"),
      text: text("roster_clear_text"),
      yes: text("roster_clear"),
    };
    if (names.length === 0 && !(await this.ask.ask(question))) return;
    this.#save.disabled = true;
    const saved = await this.room.save(names);
    this.#save.disabled = false;
    const wrong = lines[(saved.number ?? 0) - 1];
    if (saved.names !== undefined) {
      this.#write(saved.names);
      this.#tell("", text("roster_saved"));
    } else if (wrong !== undefined) this.#point(wrong, saved.problem ?? "");
    else this.#tell(saved.problem ?? "", "");
  }

  /** Shows which line is wrong, and why. */
  #point({ line }: Line, why: string): void {
    const before = this.#names.value.split("\n").slice(0, line);
    const end = before.join("\n").length;
    this.#names.setAttribute("aria-invalid", "true");
    this.#tell(text("roster_line", { line, why }), "");
    this.#names.focus();
    this.#names.setSelectionRange(end - (before.at(-1)?.length ?? 0), end);
  }

  async #read(): Promise<void> {
    const [file] = this.#file.files ?? [];
    if (file === undefined) return;
    const table = file.size > MOST_BYTES ? undefined : await textOf(file);
    // The same file can be chosen again.
    this.#file.value = "";
    if (file.size > MOST_BYTES) return this.#tell(text("roster_too_long", { most: MOST }), "");
    if (table === undefined) return this.#tell(text("roster_not_utf8"), "");
    this.#write(namesIn(table));
    this.#tell("", text("roster_taken", { file: file.name }));
    this.#save.focus();
  }

  #download(): void {
    const table = namesTable(this.#lines().map(({ name }) => name));
    const link = make("a", "");
    link.href = URL.createObjectURL(new Blob([table], { type: "text/csv;charset=utf-8" }));
    link.download = "roster.csv";
    link.click();
    // Not every browser has read it by now.
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
  }

  #lines(): Line[] {
    const all = this.#names.value.split("\n").map((name, place) => ({ name: name.trim(), line: place + 1 }));
    return all.filter(({ name }) => name !== "");
  }

  #write(names: readonly string[]): void {
    this.#names.value = names.join("\n");
    this.#names.removeAttribute("aria-invalid");
  }

  /** What is wrong, or what was done; and how many names there are now. */
  #tell(problem: string, status: string): void {
    this.#problem.textContent = problem;
    this.#status.textContent = status;
    const { size } = new Set(this.#lines().map(({ name }) => name));
    this.#count.textContent = text("roster_count", { count: size });
  }
}

/** Its text, if that is in UTF-8. */
async function textOf(file: File): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    return undefined;
  }
}
