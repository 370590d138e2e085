// The official client in the namespace `/v2`.

import { Client, fresh } from "./client.mjs";

export class V2 extends Client {
  /** Connects, and with `upgrade` waits until the WebSocket has taken over. */
  static async connect(server, transport = "websocket", options = {}) {
    const client = new V2(server, transport, options);
    await client.connected();
    if (transport === "upgrade") await client.upgraded();
    return client;
  }

  /** Somebody in a room. */
  static async inRoom(server, room, name, transport = "websocket") {
    const client = await V2.connect(server, transport);
    await client.join(room, name);
    return client;
  }

  constructor(server, transport = "websocket", options = {}) {
    super({ url: `${server.url}/v2` }, transport, options);
  }

  /** Enters, and returns the answer. */
  join(room, name, more = {}) {
    this.room = room;
    return this.ask("join", { room, name, ...more });
  }

  tell(msg, more = {}) {
    return this.ask("send", { room: this.room, msg, ...more });
  }

  /** What came, `[event, body]` in order. */
  get events() {
    return this.heard.map(([event, { unexpected }]) => [event, unexpected[0]]);
  }

  /** The texts of the messages that came. */
  get texts() {
    return this.events.filter(([event]) => event === "message").map(([, { msg }]) => msg);
  }

  /** Waits for a message with this text. */
  hears(text) {
    return this.until(`the message ${text}`, () => this.texts.includes(text));
  }

  /** What comes until a message that is sent now, as `[event, ...what]`; times, ids and positions are left out. */
  async seen(speaker = this) {
    const fence = fresh("fence");
    await speaker.tell(fence);
    await this.hears(fence);
    const seen = this.events;
    this.heard.length = 0;
    return seen
      .filter(([, { msg }]) => !String(msg).startsWith("fence-"))
      .map(([event, { name, msg, count }]) => [event, name, msg ?? count]);
  }
}
