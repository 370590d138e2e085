// A room of the admin page: who is in it, what can be done about them, and what its hosts have done.

import { deed, Items } from "./admin-items.ts";
import { post } from "./admin-post.ts";
import { short } from "./admin-state.ts";
import type { Ask, Question } from "./ask.ts";
import { type Deed, sentence } from "./deeds.ts";
import { byId, make } from "./dom.ts";
import { moment, timeElement } from "./time.ts";

interface People {
  names: string[];
  count: number;
  listeners: number;
  banned: string[];
  is_closed: boolean;
  audit: Deed[];
}

export class RoomDialog {
  readonly #dialog = byId("room", HTMLDialogElement);
  readonly #title = byId("room-title", HTMLElement);
  readonly #note = byId("room-note", HTMLElement);
  readonly #close = byId("room-close", HTMLButtonElement);
  readonly #auditTitle = byId("audit-title", HTMLElement);
  readonly #audit = byId("audit", HTMLUListElement);
  readonly #names = new Items<string>(
    byId("room-people", HTMLUListElement),
    byId("room-leave", HTMLButtonElement),
    (name) => name,
    (name) => this.#person(name),
  );
  #room = "";
  #isClosed = false;
  #audited = "";
  /** Puts the focus back to the room. */
  closed: (room: string) => void = () => {};

  constructor(readonly ask: Ask) {
    this.#dialog.addEventListener("close", () => this.closed(this.#room));
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
    this.#close.addEventListener("click", () => void this.#closeOrOpen());
  }

  async open(room: string): Promise<void> {
    this.#room = room;
    this.#title.textContent = room;
    this.#names.show([]);
    this.#audit.replaceChildren();
    this.#audited = "";
    this.#close.hidden = true;
    this.#auditTitle.hidden = true;
    this.#note.textContent = "Loading";
    this.#dialog.showModal();
    await this.#fill();
  }

  /** Whoever was removed leaves a moment later, and others come and go. */
  refresh(): void {
    if (this.#dialog.open) void this.#fill();
  }

  async #fill(): Promise<void> {
    const room = this.#room;
    const response = await fetch(`/admin/people/${encodeURIComponent(room)}`).catch(() => undefined);
    if (this.#room !== room) return;
    if (response?.ok !== true) {
      this.#note.textContent = response === undefined ? "The server does not answer." : await response.text();
      return;
    }
    const { names, count, listeners, banned, is_closed, audit } = (await response.json()) as People;
    const more = count > names.length ? ` The first ${short(names.length)} are shown.` : "";
    const out = banned.length > 0 ? ` Banned: ${banned.join(", ")}.` : "";
    const closed = is_closed ? " The room is closed: only hosts can come in." : "";
    const people = count === 1 ? "person" : "people";
    const listening = listeners === 0 ? "" : `, and ${short(listeners)} listening without being in the room`;
    const note = `${short(count)} ${people}${listening}.${more}${closed}${out}`;
    // Screen readers hear only what is new.
    if (this.#note.textContent !== note) this.#note.textContent = note;
    this.#names.show(names);
    this.#isClosed = is_closed;
    this.#close.textContent = is_closed ? "Open the room again" : "Close the room";
    this.#close.classList.toggle("danger", !is_closed);
    this.#close.hidden = false;
    this.#auditTitle.hidden = audit.length === 0;
    const audited = JSON.stringify(audit);
    if (audited !== this.#audited) this.#audit.replaceChildren(...audit.map(line));
    this.#audited = audited;
  }

  #person(name: string): HTMLLIElement {
    const remove = deed("Remove", `Remove ${name}`, async () => {
      const question = {
        title: `Remove ${name} from the room?`,
        text: "They have to leave, but can come back at once.",
        yes: "Remove",
      };
      await this.#do(question, "/admin/kick", { room: this.#room, name });
    });
    return make("li", "", make("bdi", "what", name), remove);
  }

  async #closeOrOpen(): Promise<void> {
    const room = this.#room;
    if (this.#isClosed) {
      // That harms nobody.
      if ((await this.#post("/admin/open", { room })) !== undefined) this.#close.focus();
      return;
    }
    const question = {
      title: "Close the room?",
      text: "Everybody except the hosts is removed, and nobody can come in until it is opened again.",
      yes: "Close the room",
    };
    if (await this.#do(question, "/admin/close", { room })) this.#close.focus();
  }

  async #do(question: Question, path: string, body: object): Promise<boolean> {
    return (await this.ask.ask(question)) && (await this.#post(path, body)) !== undefined;
  }

  async #post(path: string, body: object): Promise<unknown> {
    const answer = await post(path, body);
    if (typeof answer === "string") {
      this.#note.textContent = answer;
      return undefined;
    }
    await this.#fill();
    return answer;
  }
}

function line(deed: Deed): HTMLLIElement {
  const at = Date.parse(deed.at);
  const words = sentence(deed, (name) => make("bdi", "", name));
  const when = make("span", "sub", timeElement(at, moment(at, Date.now())));
  return make("li", "", make("span", "what", ...words, when));
}
