// What the audit log says of an action (`wire/audit.rs` in alert-core), as a sentence.

import { chosenTime, moment } from "./time.ts";

/** A line of a room's audit log. */
export interface Audited {
  /** ms since 1970. */
  readonly at: number;
  readonly by: string;
  readonly deed: string;
  readonly to: string | null;
  readonly detail: string | null;
}

/** What was changed to what; `value` is what stands behind the name of the setting. */
const CHANGES: Readonly<Record<string, (value: string) => string>> = {
  password: (value) => (value === "set" ? "set a password" : "removed the password"),
  announce: (value) => (value === "on" ? "let only hosts write" : "let everybody write"),
  locked: (value) => (value === "on" ? "locked the room" : "unlocked the room"),
  slow: (value) => {
    const seconds = Number.parseInt(value, 10);
    return seconds === 0 ? "switched slow mode off" : `set slow mode to ${chosenTime(seconds)}`;
  },
  most: (value) =>
    value === "none"
      ? "removed the limit on people"
      : `let in ${value} ${value === "1" ? "person" : "people"} at most`,
  reserved: (value) => {
    if (value === "0") return "reserved no names any more";
    return `reserved ${value} ${value === "1" ? "name" : "names"}`;
  },
  history: (value) =>
    value === "none" ? "hid from latecomers what was said before" : "showed latecomers what was said before",
  closed: (value) => (value === "on" ? "closed the room" : "opened the room again"),
};

/** "Ada banned Bob until 4:39 PM" */
export function sentence(audited: Audited): string {
  const by = audited.by === "whoever runs the server" ? "the administrator" : audited.by;
  return `${isolated(by)} ${did(audited)}`;
}

function did({ deed, to, detail }: Audited): string {
  const whom = to === null ? "somebody" : isolated(to);
  const end = until(detail);
  switch (deed) {
    case "make":
      return detail === null ? "made the room" : "moved here from the room’s old code";
    case "set":
      return detail === null ? "changed nothing" : changes(detail);
    case "remove":
      return "removed a message";
    case "mute":
      return `muted ${whom}${end}`;
    case "unmute":
      return `unmuted ${whom}`;
    case "kick":
      return `removed ${whom} from the room`;
    case "ban":
      // Of an address, whose it was.
      return `banned ${whom}${detail?.startsWith("of ") ? `, the address of ${isolated(detail.slice(3))}` : end}`;
    case "unban":
      return `lifted the ban on ${whom}`;
    case "close":
      return "closed the room";
    case "word":
      return detail === "given" ? `gave ${whom} the floor` : `took the floor back from ${whom}`;
    case "key":
      return "made a new host link";
    default:
      return [deed.replaceAll("_", " "), to, detail].filter((part) => part !== null).join(" ");
  }
}

function changes(detail: string): string {
  return detail
    .split(", ")
    .map((change) => {
      const [name = "", ...value] = change.split(" ");
      return CHANGES[name]?.(value.join(" ")) ?? change;
    })
    .join(", ");
}

function until(detail: string | null): string {
  const end = Date.parse(detail?.match(/^until (.+)$/)?.[1] ?? "");
  return Number.isNaN(end) ? "" : ` until ${moment(end, Date.now())}`;
}

/** No name reverses the text after it. */
const isolated = (name: string): string => `\u2068${name}\u2069`;
