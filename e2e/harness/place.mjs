// Several servers that share one Redis, and a client's way to them: to its own server, and to another once that is gone.

import { Server } from "./server.mjs";
import { eventually } from "./time.mjs";

/** Nothing is dropped for its number. */
const KEEPS_ALL = ["--history-messages", "1000000"];

/** Starts servers that share a Redis. `each` gives what is special to one: more flags, and options of `Server`. */
export async function startNodes(redis, { count = 3, flags = KEEPS_ALL, each = () => ({}) } = {}) {
  const nodes = [];
  for (let place = 0; place < count; place++) {
    const { more = [], ...options } = each(place);
    nodes.push(await new Server([...flags, ...more], { redis, sessionKey: null, ...options }).start());
  }
  return nodes;
}

export const readiness = async (node) => (await fetch(`${node.url}/readyz`)).status;

/** Waits until every server that is there says that it is ready. */
export async function allReady(nodes) {
  for (const node of nodes.filter(isUp))
    await eventually("a server to be ready", async () => (await readiness(node)) === 200);
}

export const isUp = (node) => !node.isKilled;

/** Where a client connects to: what a proxy without cookies does. */
export class Place {
  constructor(nodes, home) {
    Object.assign(this, { nodes, home });
  }

  get node() {
    const { nodes, home } = this;
    return [...nodes.slice(home), ...nodes.slice(0, home)].find(isUp);
  }

  get url() {
    return this.node.url;
  }

  /** Has an official client of this place come back to where a server is. */
  follow({ io }) {
    io.on("reconnect_attempt", () => {
      io.uri = this.url + new URL(io.uri).pathname;
    });
  }
}
