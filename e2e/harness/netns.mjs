// A network of its own for one server, by Linux' network namespaces: one way for its clients, and one to Redis, which can
// be cut without a word. It needs root.

import { execFileSync } from "node:child_process";

const ip = (...args) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });

let count = 0;

export class Network {
  /** Makes one; nothing where that is not permitted. */
  static make() {
    const network = new Network();
    try {
      network.#set();
      return network;
    } catch {
      network.remove();
    }
  }

  constructor() {
    const number = ++count;
    const name = `${process.pid}-${number}`;
    const subnet = `10.231.${process.pid % 256}`;
    const host = (place) => `${subnet}.${number * 8 + place}`;
    Object.assign(this, { name: `alert-${name}` });
    /** The outer and the inner end of each way. */
    this.clients = { link: `ac${name}`, outer: host(1), inner: host(2) };
    this.redis = { link: `ar${name}`, outer: host(5), inner: host(6) };
  }

  #set() {
    ip("netns", "add", this.name);
    for (const { link, outer, inner } of [this.clients, this.redis]) {
      ip("link", "add", link, "type", "veth", "peer", "name", "in", "netns", this.name);
      ip("-n", this.name, "link", "set", "in", "name", link);
      ip("address", "add", `${outer}/30`, "dev", link);
      ip("-n", this.name, "address", "add", `${inner}/30`, "dev", link);
      ip("link", "set", link, "up");
      ip("-n", this.name, "link", "set", link, "up");
    }
    ip("-n", this.name, "link", "set", "lo", "up");
  }

  /** What a `Server` needs to be in it; `port` is that of Redis. */
  options(port) {
    const wrapper = ["ip", "netns", "exec", this.name];
    return { wrapper, address: this.clients.inner, redis: { url: `redis://${this.redis.outer}:${port}` } };
  }

  /** Nothing gets through to Redis any more, nor from it. */
  cut() {
    ip("link", "set", this.redis.link, "down");
  }

  mend() {
    ip("link", "set", this.redis.link, "up");
  }

  remove() {
    try {
      ip("netns", "delete", this.name);
    } catch {
      // It was not made.
    }
  }
}
