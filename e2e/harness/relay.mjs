// A network between a client and a server that can be cut, silenced or slowed: a small TCP relay.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Relay {
  /** Whether what the server says is lost on the way. */
  deaf = false;
  #pairs = new Set();
  #server;

  /** A relay to whatever listens at `target.port` when a client connects. */
  static async to(target) {
    const relay = new Relay();
    relay.target = target;
    relay.#server = createServer((near) => relay.#carry(near));
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.url = `http://127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  #carry(near) {
    const far = connect(this.target.port, "127.0.0.1");
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on("data", (chunk) => {
        if (pair.silent || (this.deaf && from === far)) return;
        to.write(chunk);
      });
      from.on("error", () => {});
      from.on("close", () => {
        if (pair.silent) return;
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  /** Breaks every connection, as a network does: a reset on both sides. */
  cut() {
    for (const pair of this.#pairs) {
      pair.near.resetAndDestroy();
      pair.far.resetAndDestroy();
    }
  }

  /** The client's side breaks, and the server hears nothing of it: its connections are half open. */
  lose() {
    for (const pair of this.#pairs) {
      pair.silent = true;
      pair.near.resetAndDestroy();
    }
  }

  /** Nothing gets through any more, and neither side is told. */
  sleep() {
    for (const pair of this.#pairs) pair.silent = true;
  }

  /** Whether new connections are let through. */
  set down(down) {
    if (down) this.#server.close();
    else this.#server.listen(Number(new URL(this.url).port), "127.0.0.1");
  }

  close() {
    this.#server.close();
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }
}
