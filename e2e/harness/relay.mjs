// A network between a client and a server that can be cut, silenced or slowed: a small TCP relay.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { TLS } from "./tls.mjs";

export class Relay {
  /** Whether what the server says is lost on the way. */
  deaf = false;
  #pairs = new Set();
  #server;
  #isStopped = false;
  /** Of clients that connect meanwhile. */
  #waiting = [];

  /** A relay to whatever listens at `target.port` when a client connects. */
  static async to(target) {
    const relay = new Relay();
    relay.target = target;
    relay.#server = createServer((near) => relay.#carry(near));
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.url = `${TLS.scheme}://127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  #carry(near) {
    if (this.#isStopped) {
      near.pause();
      near.on("error", () => {});
      return this.#waiting.push(near);
    }
    const far = connect(this.target.port, "127.0.0.1");
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      if (this.#isStopped) from.pause();
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

  /** Nothing gets through until it goes on: then it all arrives, as after a network was cut. */
  stop() {
    this.#isStopped = true;
    for (const { near, far } of this.#pairs) for (const socket of [near, far]) socket.pause();
  }

  goOn() {
    this.#isStopped = false;
    for (const { near, far } of this.#pairs) for (const socket of [near, far]) socket.resume();
    for (const near of this.#waiting.splice(0)) this.#carry(near);
  }

  /** Keeps back what is under way on the connections that there are; gives what lets it go on, as a slow network does. */
  hold() {
    const held = [...this.#pairs].flatMap(({ near, far }) => [near, far]);
    for (const socket of held) socket.pause();
    return () => {
      for (const socket of held) socket.resume();
    };
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
