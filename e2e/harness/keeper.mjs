// A member of /v2 that keeps all messages of its room, as a client is told to (docs/protocol-v2.md, "Coming back").

import { V2 } from "./v2.mjs";

export class Keeper extends V2 {
  /** All that came, in order. */
  messages = [];
  /** The gaps that it was told of, each with the last message before it. */
  gaps = [];
  joins = 0;

  constructor(server, transport, room, name) {
    super(server, transport);
    let early = [];
    let position;
    const keep = (message) => {
      this.messages.push(message);
      position = message.position;
      if (position === this.awaited) this.hasAll();
    };
    const join = async () => {
      const joined = await this.socket.emitWithAck("join", { room, name, since: position ?? "all" });
      this.joins += 1;
      if (joined.gap) this.gaps.push({ ...joined.gap, after: this.messages.at(-1) });
      joined.history.forEach(keep);
      for (let more = joined.more; more; ) {
        const page = await this.socket.emitWithAck("history", { room, after: position });
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
  }
}
