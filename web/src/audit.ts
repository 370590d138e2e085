// What the hosts of a room did, for its hosts: loaded when it is opened, and again with each change while it is open.

import { make } from "./dom.ts";
import { type Key, parts, text } from "./language.ts";
import type { Act } from "./moderation.ts";
import type { Deed } from "./protocol.ts";
import { chosenTime, moment, timeElement } from "./time.ts";

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
  const by = make("bdi", "name", deed.by);
  const to = make("bdi", "name", deed.to ?? "");
  const words = parts(sentence(deed), { by, to, what: changes(deed.detail ?? "") });
  const end = /^until (.+)/.exec(deed.detail ?? "")?.[1];
  if (end !== undefined) words.push(` ${text("until", { time: moment(Date.parse(end), Date.now()) })}`);
  return make("li", "deed", make("span", "", ...words), timeElement(at, moment(at, Date.now())));
}

const SENTENCES: Readonly<Record<string, Key>> = {
  make: "did_make",
  set: "did_set",
  remove: "did_remove",
  mute: "did_mute",
  unmute: "did_unmute",
  kick: "did_kick",
  ban: "did_ban",
  unban: "did_unban",
  close: "did_close",
  word: "did_word",
  key: "did_key",
};

function sentence({ action, detail }: Deed): Key {
  if (action === "word" && detail === "taken") return "did_take_word";
  return SENTENCES[action] ?? "did_set";
}

/** What each setting is called in the host controls. */
const SETTINGS: Readonly<Record<string, Key>> = {
  password: "password",
  announce: "who_hosts",
  locked: "lock",
  slow: "slow_mode",
  most: "most",
  reserved: "reserved",
  history: "late",
  closed: "room_closed",
};

/** "announce on, slow 5 s" in the words of the page. */
export function changes(detail: string): string {
  const each = detail.split(", ").map((one) => {
    const [name = "", value = ""] = one.split(" ");
    const key = SETTINGS[name];
    return key === undefined ? one : `${text(key)}: ${valued(name, value)}`;
  });
  return each.join(", ");
}

function valued(name: string, value: string): string {
  if (["on", "set", "all"].includes(value)) return text("on");
  if (["off", "none"].includes(value) || (name === "slow" && value === "0")) return text("is_off");
  return name === "slow" ? chosenTime(Number(value)) : value;
}
