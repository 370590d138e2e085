// What hosts do, as the parts of the page call it, and what is said when it is refused.

import { reason } from "./composer.ts";
import type { Connection } from "./connection.ts";
import { text } from "./language.ts";
import type { Policy } from "./policy.ts";
import type { Moderated } from "./protocol.ts";

/** Does it, and resolves to what came of it, or to nothing if it was refused: the page has said why. */
export type Act = (action: string, body?: object) => Promise<Moderated | undefined>;

/** `policy` hears the state after each action; `problem` why there is none. */
export function acting(
  connection: Connection,
  policy: (policy: Policy) => void,
  problem: (why: string) => void,
  notHost: () => void,
): Act {
  let running = 0;
  return async (action, body = {}) => {
    // What an action answers shows everything as well, and its key may be another one by then.
    if (action === "show" && running > 0) return undefined;
    running += 1;
    const answer = await connection.moderate(action, body);
    running -= 1;
    if (answer === undefined) problem(text("no_answer"));
    else if (answer.ok) {
      problem(answer.here === false ? text("done_for_later") : "");
      if (answer.policy !== undefined) policy(answer.policy);
      return answer;
    } else if (answer.error.reason === "not_host" || answer.error.reason === "key_wrong") notHost();
    else problem(text("not_done", { reason: reason(answer.error) }));
    return undefined;
  };
}
