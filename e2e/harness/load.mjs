// Official clients that speak until they are stopped, and note what was acknowledged to them.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./client.mjs";
import { V2 } from "./v2.mjs";

/** Longer than a server takes to say that Redis is away. */
const ACK_TIMEOUT = 8000;

/** What every speaker has: its name, what was acknowledged, and how often it was refused. */
class Speaker {
  /** `{text, position}`, in order; v1 gives no position. */
  acked = [];
  refused = 0;
  /** When the last ack came. */
  last = 0;
  goes = true;
  isPaused = false;
  /** What waits for its answer. */
  unanswered = 0;

  constructor(name, room, pause) {
    Object.assign(this, { name, room, pause });
  }

  note(text, position) {
    this.acked.push({ text, position });
    this.last = Date.now();
  }

  /** What it says next: its name and a number, which grows. */
  next() {
    this.number = (this.number ?? -1) + 1;
    return `${this.name} ${this.number}`;
  }

  /** Waits until it may speak, and in the pause between two messages. */
  async rest() {
    await sleep(this.pause);
    while (this.isPaused && this.goes) await sleep(5);
  }

  stop() {
    this.goes = false;
    return this.done;
  }
}

/** Speaks v2: each message has a key; the library repeats what is not answered, and it itself what is refused. */
export class Retrying extends Speaker {
  async start(place) {
    const options = { retries: 1e6, ackTimeout: ACK_TIMEOUT };
    this.client = new V2(place, "websocket", options);
    place.follow(this.client.socket);
    await this.client.connected();
    this.done = this.#speak();
    return this;
  }

  async #speak() {
    const { room, name } = this;
    while (this.goes) {
      const [msg, key] = [this.next(), randomUUID()];
      this.unanswered = 1;
      for (let answer; !answer?.ok; ) {
        answer = await this.client.socket.emitWithAck("send", { room, name, msg, key });
        if (answer.ok) this.note(msg, answer.position);
        else if (answer.error.code !== "unavailable") throw new Error(JSON.stringify(answer));
        else {
          this.refused += 1;
          await sleep(50);
        }
      }
      this.unanswered = 0;
      await this.rest();
    }
  }
}

/** Speaks v1 and repeats nothing: what was refused, or not answered, has been said once or not at all. */
export class Plain extends Speaker {
  async start(place) {
    this.client = new Client(place, "websocket", { auth: { recovery: false } });
    place.follow(this.client.socket);
    this.client.socket.on("connect", () => this.#join());
    this.client.socket.on("disconnect", () => {
      this.unanswered = 0;
    });
    await this.client.until("its entering", () => this.joined);
    this.done = this.#speak();
    return this;
  }

  async #join() {
    const { room, name } = this;
    const { socket } = this.client;
    for (let answer; socket.connected && !answer?.ok; ) {
      answer = await socket.emitWithAck("joined", { headless: true, name, room }).catch(() => undefined);
      if (!answer?.ok) await sleep(50);
      else this.joined = true;
    }
  }

  async #speak() {
    const { socket } = this.client;
    while (this.goes) {
      const msg = this.next();
      // A second one may be said before the first is answered.
      if (socket.connected) {
        this.unanswered += 1;
        socket.volatile.emit("text", { msg }, (answer) => {
          this.unanswered -= 1;
          if (answer.ok) this.note(msg);
          else this.refused += 1;
        });
      }
      await this.rest();
    }
  }
}
