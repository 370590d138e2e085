// Which refusals keep a screen out of its room, and which only say that the server cannot answer now.

import type { Refusal } from "./outbox.ts";

/** Refusals that keep nobody out: of a server that is busy, or waits because others have tried wrong passwords. */
const PASSING = ["password_busy", "password_wait", "actions_wait", "bells_busy", "full"];

/** Whether somebody keeps the screen out, and not only the state of the server: the hosts, or who gives tokens. */
export function isDecided({ code, reason = "" }: Refusal): boolean {
  const isRule =
    code === "" || code === "not_allowed" || code === "password_required" || code.startsWith("token_");
  return isRule && !PASSING.includes(reason);
}
