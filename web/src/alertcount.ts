// The countdown of an alert: what is said of it, and what hosts do with it.

import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";
import { remaining } from "./time.ts";

type Counted = Pick<Alert, "countdown_to" | "remaining">;
/** What can become of a countdown, by the text of its button. */
export type Recount = "count_pause" | "count_resume" | "count_extend" | "count_cancel";

/** A click makes it so much longer (s). */
const MORE = 60;

/** What is left (ms), if anything is. */
export function left({ countdown_to, remaining }: Counted, now: number): number {
  if (remaining !== null) return remaining * 1_000;
  return countdown_to === null ? 0 : Math.max(0, Date.parse(countdown_to) - now);
}

/** What is said of it; nothing when it is over. */
export function countWords(alert: Counted, now: number): string {
  const rest = left(alert, now);
  if (rest === 0) return "";
  const key = alert.remaining === null ? "alert_countdown" : "alert_paused";
  return text(key, { left: remaining(rest) });
}

/** What a host may do with it now. */
export function recounts({ countdown_to, remaining }: Counted): readonly Recount[] {
  if (remaining !== null) return ["count_resume", "count_extend", "count_cancel"];
  return countdown_to === null ? [] : ["count_pause", "count_extend", "count_cancel"];
}

/** As the server is asked for it. Each may be asked for twice, and is done once. */
export function recounted({ countdown_to, remaining }: Counted, recount: Recount): object {
  if (recount === "count_pause") return { paused: true };
  if (recount === "count_resume") return { paused: false };
  if (recount === "count_cancel") return { countdown_to: null };
  // Of what the host has seen: where another one has changed it meanwhile, nothing is done.
  if (remaining !== null) return { countdown_to: remaining + MORE, paused: true, countdown_from: remaining };
  const longer = new Date(Date.parse(countdown_to ?? "") + MORE * 1_000).toISOString();
  return { countdown_to: longer, countdown_from: countdown_to };
}
