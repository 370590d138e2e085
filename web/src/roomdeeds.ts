// What the page does in its room over the connection, as the parts of the page ask for it.

import type { AlertRoom } from "./alerts.ts";
import type { BellRoom } from "./bellsdialog.ts";
import { reason } from "./composer.ts";
import type { Connection } from "./connection.ts";
import { text } from "./language.ts";
import type { Alerted, Answer, Bells, Failed, Listed } from "./protocol.ts";
import type { Rolled } from "./rollcalls.ts";
import type { RosterAnswer, RosterRoom } from "./rosterdialog.ts";
import type { ServerTime } from "./servertime.ts";
import type { WebhookRoom } from "./webhooksdialog.ts";

/** The server waits for the program that a webhook tells, 20 s at most. */
const TEST_TIMEOUT = 30_000;

/** With alerts, as whoever the person is there. */
export const alertRoom = (name: string, connection: Connection): Omit<AlertRoom, "notify"> => ({
  name,
  act: async (action, body) => failure(await connection.act<Alerted>("alert", { action, ...body })),
  look: async (action) => {
    const answer = await connection.act<Alerted>("alert", { action });
    return answer?.ok ? answer : { problem: failure(answer) };
  },
  roll: async (action, body) => {
    const answer = await connection.act<Rolled>("alert", { action, ...body });
    return answer?.ok ? answer : { problem: failure(answer) };
  },
});

/** With bells, by the server's time. */
export const bellRoom = (connection: Connection, time: ServerTime): BellRoom => ({
  list: async (days) => {
    const answer = await connection.act<Bells>("bell", { action: "list", days });
    return answer?.ok ? answer : { problem: failure(answer) };
  },
  act: async (body) => failure(await connection.act<object>("bell", body)),
  now: () => time.now(),
});

/** With webhooks. */
export function webhookRoom(connection: Connection): WebhookRoom {
  const asks = async <T extends object>(body: object, timeout?: number): Promise<Partial<T> & Failed> => {
    const answer = await connection.act<T>("webhook", body, timeout);
    return answer?.ok ? answer : ({ problem: failure(answer) } as Partial<T> & Failed);
  };
  return {
    list: () => asks({ action: "list" }),
    add: (webhook) => asks({ action: "add", webhook }),
    newSecret: (id) => asks({ action: "new_secret", id }),
    test: (id) => asks({ action: "test", id }, TEST_TIMEOUT),
    remove: async (id) => (await asks({ action: "remove", id })).problem,
  };
}

/** With the roster, of which an answer holds a part. */
export const rosterRoom = (connection: Connection): RosterRoom => {
  const ask = (body: object) => connection.act<Listed>("alert", { action: "roster", ...body });
  const load = async (): Promise<RosterAnswer> => {
    const names: string[] = [];
    for (;;) {
      const answer = await ask({ skip: names.length });
      if (!answer?.ok) return { problem: failure(answer) };
      names.push(...answer.names);
      if (!answer.more) return { names };
    }
  };
  return {
    load,
    save: async (names) => {
      const answer = await ask({ names });
      if (answer?.ok) return answer.more ? load() : answer;
      const number = answer?.error.number;
      if (answer === undefined || number === undefined) return { problem: failure(answer) };
      return { number, problem: reason(answer.error) };
    },
  };
};

/** Why something was not done, if it was not. */
function failure(answer: Answer<object> | undefined): string | undefined {
  if (answer === undefined) return text("no_answer");
  return answer.ok ? undefined : text("not_done", { reason: reason(answer.error) });
}
