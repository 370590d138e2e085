// What hosts did in a room (`wire/audit.rs` in alert-core), as sentences: for hosts, and for whoever runs the server.

import { type Key, parts, text } from "./language.ts";
import { chosenTime, moment } from "./time.ts";

/** A line of the audit log. */
export interface Deed {
  readonly at: string;
  readonly by: string;
  readonly action: string;
  readonly to: string | null;
  readonly detail: string | null;
}

/** How the server calls whoever acts on /admin. */
const ADMINISTRATOR = "whoever runs the server";

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
  raise: "did_raise",
  propose: "did_propose",
  release: "did_release",
  prepare: "did_prepare",
  update: "did_update",
  end: "did_end",
  escalate: "did_escalate",
  bell: "did_bell",
  unbell: "did_bell",
  day: "did_bell",
  ring: "did_ring",
  webhook: "did_webhook",
  unwebhook: "did_webhook",
};

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
  two_person: "two_person",
};

/** `named` makes of a name what does not turn the text around it. */
export function sentence(deed: Deed, named: (name: string) => string | Node): (string | Node)[] {
  const { by, to, detail } = deed;
  const words = parts(key(deed), {
    by: named(by === ADMINISTRATOR ? text("administrator") : by),
    to: named(to ?? ""),
    whom: named(/^of (.+)/.exec(detail ?? "")?.[1] ?? ""),
    what: changes(detail ?? ""),
  });
  const end = /^until (.+)/.exec(detail ?? "")?.[1];
  if (end !== undefined) words.push(` ${text("until", { time: moment(Date.parse(end), Date.now()) })}`);
  return words;
}

function key({ action, detail }: Deed): Key {
  if (action === "make" && detail !== null) return "did_move";
  if (action === "ban" && detail?.startsWith("of ")) return "did_ban_address";
  if (action === "word" && detail === "taken") return "did_take_word";
  return SENTENCES[action] ?? "did_set";
}

/** "announce on, slow 5 s" in the words of the page. */
function changes(detail: string): string {
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
