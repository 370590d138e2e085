// A member of /v2 that keeps all messages of its room, as a client is told to (docs/protocol-v2.md, "Coming back").

import { setTimeout as sleep } from "node:timers/promises";
import { DEADLINE, within } from "./time.mjs";
import { V2 } from "./v2.mjs";

export class Keeper extends V2 {
  /** All that came, in order. */
  messages = [];
  /** The gaps that it was told of, each with the last message before it. */
  gaps = [];
  /** What it heard of others' coming and going. */
  presence = [];
  joins = 0;

  constructor(server, transport, room, name) {
    super(server, transport);
    server.follow?.(this.socket);
    let early = [];
    let position;
    const keep = (message) => {
      this.messages.push(message);
      position = message.position;
      if (position === this.awaited) this.hasAll();
    };
    const note = (gap) => gap && this.gaps.push({ ...gap, after: this.messages.at(-1) });
    /** Asks until it is not refused: Redis may be away. */
    const ask = async (event, body) => {
      for (;;) {
        const answer = await this.socket.emitWithAck(event, body);
        if (answer.ok) return answer;
        await sleep(50);
      }
    };
    const join = async () => {
      const joined = await ask("join", { room, name, since: position ?? "all" });
      this.joins += 1;
      note(joined.gap);
      joined.history.forEach(keep);
      for (let more = joined.more; more; ) {
        const page = await ask("history", { room, after: position });
        note(page.gap);
        const end = page.messages.findIndex((message) => message.position === joined.position) + 1;
        page.messages.slice(0, end || undefined).forEach(keep);
        more = page.more && end === 0;
      }
      position = joined.position;
      const live = early;
      early = undefined;
      live.forEach(keep);
    };
    this.socket.on("connect", () => {
      early = [];
      join().catch(() => {}); // disconnected meanwhile
    });
    this.socket.on("message", (message) => (early ? early.push(message) : keep(message)));
    this.socket.on("gap", note);
    for (const event of ["entered", "left"])
      this.socket.on(event, ({ name }) => this.presence.push(`${name} has ${event} the room.`));
  }
}

/** Waits until a keeper has this message. */
export async function hasKept(keeper, position) {
  if (keeper.messages.at(-1)?.position === position) return;
  keeper.awaited = position;
  const all = new Promise((resolve) => {
    keeper.hasAll = resolve;
  });
  await within(DEADLINE, "the last message", all, () => JSON.stringify(keeper.messages.slice(-3)));
}
