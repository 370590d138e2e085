// What the hosts of a room did, for its hosts: loaded when it is opened, and again with each change while it is open.

import { type Deed, sentence } from "./deeds.ts";
import { make } from "./dom.ts";
import { text } from "./language.ts";
import type { Act } from "./moderation.ts";
import { moment, timeElement } from "./time.ts";

/** Lines that are shown. */
const MOST = 50;

export class AuditLog {
  readonly #list = make("ul", "kept");
  readonly #none = make("p", "hint", text("audit_none"));
  readonly element = make(
    "details",
    "group",
    make("summary", "", text("audit_title")),
    this.#none,
    this.#list,
  );

  constructor(readonly act: Act) {
    this.#none.hidden = true;
    this.element.addEventListener("toggle", () => this.refresh());
  }

  /** Something may have been done. */
  refresh(): void {
    if (this.element.open) void this.#load();
  }

  async #load(): Promise<void> {
    const { audit } = (await this.act("audit", { limit: MOST })) ?? {};
    if (audit === undefined) return;
    this.#none.hidden = audit.length > 0;
    this.#list.replaceChildren(...audit.map(line));
  }
}

function line(deed: Deed): HTMLElement {
  const at = Date.parse(deed.at);
  const words = sentence(deed, (name) => make("bdi", "name", name));
  return make("li", "deed", make("span", "", ...words), timeElement(at, moment(at, Date.now())));
}
