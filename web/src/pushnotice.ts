// What the service worker shows of what the server sends by Web Push.

import { alertWords, endWords, messageWords } from "./alertwords.ts";
import { isKey, text } from "./language.ts";
import type { Alert } from "./protocol.ts";
import { moment } from "./time.ts";

/** What the server sends. */
export interface PushNotice extends Pick<Alert, "id" | "level" | "drill" | "text"> {
  /** It holds; it does not any more; or the person has confirmed it. */
  readonly kind: "alert" | "over" | "confirmed";
  readonly room: string;
  readonly ends_at?: string;
  readonly all_clear?: string;
  readonly mistake?: boolean;
}

/** What a notification shows of an alert that holds. */
export type Saying = Pick<Alert, "level" | "text">;

/** What belongs to a notification. */
export interface NoticeData {
  readonly room: string;
  readonly said?: Saying;
}

/** Whether two say the same; the server cuts what it sends. */
export function isSame(one: Saying | undefined, other: Saying): boolean {
  if (one?.level !== other.level) return false;
  const begins = (whole: string, part: string): boolean =>
    part.endsWith("…") && whole.startsWith(part.slice(0, -1));
  return one.text === other.text || begins(one.text, other.text) || begins(other.text, one.text);
}

/** All about a room has one tag, and each of its alerts one of its own: what has the same takes the other's place. */
export const tagOf = (room: string, id?: string): string =>
  id === undefined ? `alert ${room}` : `alert ${room} ${id}`;

/** What is shown; where the words of the page's language are not known, in those of the server. */
export function shown(notice: PushNotice, now: number): { title: string; body: string; isQuiet: boolean } {
  const isQuiet = notice.kind !== "alert" || notice.level === "info";
  if (!isKey("alert_words")) return { title: notice.room, body: plain(notice), isQuiet };
  return { title: text("notify_title", { room: notice.room }), body: body(notice, now), isQuiet };
}

function plain({ kind, drill, level, text, all_clear, mistake }: PushNotice): string {
  const words = messageWords({ drill: false, level, text });
  const ended = mistake === true ? `Raised by mistake: ${words}` : `Ended: ${words}`;
  const over = all_clear === undefined ? ended : `All clear: ${all_clear}`;
  const said = { alert: words, over, confirmed: `Confirmed: ${words}` }[kind];
  return drill ? `DRILL: ${said}` : said;
}

function body(notice: PushNotice, now: number): string {
  switch (notice.kind) {
    case "over":
      return endWords(notice, notice.all_clear ?? null, notice.mistake === true);
    case "confirmed":
      return `${alertWords(notice)}\n${text("you_confirmed")}`;
    default: {
      const words = alertWords(notice);
      if (notice.ends_at === undefined) return words;
      return `${words}\n${text("alert_until", { time: moment(Date.parse(notice.ends_at), now) })}`;
    }
  }
}
