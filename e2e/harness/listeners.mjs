// Those who hear a room, each as a kind of client does, and note all that they are given: `messages` as {position, text},
// in order, and `gaps`, what they were told of messages that are missing. `Keeper` is one more.

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./client.mjs";

const GAP =
  /^Messages may have been missed\.$|messages? (was|were) missed\.|no longer kept|cannot be read|of which/;

class V1 extends Client {
  messages = [];
  gaps = [];
  /** What it heard of others' coming and going. */
  presence = [];
  joins = 0;

  constructor(place, room, name, recovery) {
    super(place, "websocket", { auth: { recovery } });
    Object.assign(this, { room, name });
    place.follow(this.socket);
    this.socket.on("connect", () => this.#enter());
    this.socket.on("message", ({ msg }, position) => {
      const text = msg.slice(msg.indexOf(": ") + 2);
      this.messages.push({ position, text });
    });
    this.socket.on("status", ({ msg }) => {
      if (GAP.test(msg)) this.gaps.push(msg);
      if (/has (entered|left) the room/.test(msg)) this.presence.push(msg);
    });
  }

  async #enter() {
    if (this.socket.recovered) return;
    const { room, name, socket } = this;
    for (let answer; socket.connected && !answer?.ok; ) {
      answer = await socket.emitWithAck("joined", { headless: true, name, room }).catch(() => undefined);
      if (!answer?.ok) await sleep(50);
    }
    this.joins += 1;
  }
}

/** v1 with recovery: exactly once, by the offsets. */
export class Recovering extends V1 {
  constructor(place, room, name) {
    super(place, room, name, true);
  }
}

/** v1 as clients are that know nothing of recovery: at least once. */
export class Rejoining extends V1 {
  constructor(place, room, name) {
    super(place, room, name, false);
  }
}

/** Server-Sent Events, resumed by Last-Event-ID. */
export class Stream {
  messages = [];
  gaps = [];
  joins = 0;
  #ended = new AbortController();

  constructor(place, room) {
    Object.assign(this, { place, room });
    this.#run();
  }

  async #run() {
    while (!this.#ended.signal.aborted) {
      await this.#listen().catch(() => {});
      await sleep(50);
    }
  }

  async #listen() {
    const headers = { accept: "text/event-stream", ...(this.last && { "last-event-id": this.last }) };
    const url = `${this.place.url}/v1/rooms/${this.room}/events`;
    const response = await fetch(url, { headers, signal: this.#ended.signal });
    if (response.status !== 200) throw new Error(await response.text());
    this.joins += 1;
    let rest = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block) {
    const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
    if (fields.id) this.last = fields.id;
    if (fields.event === "gap") this.gaps.push(JSON.parse(fields.data));
    if (fields.event !== "message") return;
    const { msg } = JSON.parse(fields.data);
    this.messages.push({ position: fields.id, text: msg.slice(msg.indexOf(": ") + 2) });
  }

  close() {
    this.#ended.abort();
  }
}
