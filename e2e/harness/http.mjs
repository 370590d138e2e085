// Requests as browsers and hand-made clients send them: login, long-polling without the official client, WebSocket.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import WebSocket from "ws";
import { DEADLINE, within } from "./time.mjs";

const SEPARATOR = "\x1e";

/** The URL of an Engine.IO request. */
export const engineUrl = (server, query = {}) =>
  `${server.url}/socket.io/?${new URLSearchParams({ EIO: "4", transport: "polling", ...query })}`;

/** Logs in with the form, as a browser that has `cookie`, and returns the new cookie. */
export async function login(server, name, room, cookie) {
  const response = await fetch(`${server.url}/v1`, {
    method: "POST",
    body: new URLSearchParams({ name, room }),
    headers: cookie ? { cookie } : {},
    redirect: "manual",
  });
  assert.equal(response.status, 303, await response.text());
  assert.equal(response.headers.get("location"), `/v1/chat?${new URLSearchParams({ room })}`);
  return response.headers.get("set-cookie").split(";")[0];
}

/** A request whose every header is ours (fetch guards some), with its whole response. */
export async function request(url, { method = "GET", headers = {}, body } = {}) {
  const sent = (url.startsWith("https") ? https : http).request(url, { method, headers });
  sent.end(body);
  const [response] = await within(DEADLINE, `an answer to ${method} ${url}`, once(sent, "response"));
  const chunks = await response.toArray();
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

/** The response to a WebSocket handshake that is refused. */
export async function refusedHandshake(url, headers) {
  const socket = new WebSocket(url.replace("http", "ws"), { headers });
  const refusal = new Promise((resolve, reject) => {
    socket.on("unexpected-response", async (_, response) => {
      const body = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    socket.on("open", () => reject(new Error("the handshake was accepted")));
    socket.on("error", reject);
  });
  return within(DEADLINE, "a refusal", refusal);
}

/** A long-polling client made by hand: it does only what it is told to. */
export class Poller {
  /** Shakes hands, connects the namespace, and sends `packets` in the same request. */
  static async open(server, ...packets) {
    const poller = new Poller();
    const handshake = await (await fetch(engineUrl(server))).text();
    poller.sid = JSON.parse(handshake.slice(1)).sid;
    poller.url = engineUrl(server, { sid: poller.sid });
    await poller.post("40", ...packets);
    return poller;
  }

  async post(...packets) {
    const response = await fetch(this.url, { method: "POST", body: packets.join(SEPARATOR) });
    assert.equal(response.status, 200, await response.text());
  }

  /** One GET: the packets that waited, or else the next ones. */
  async get(signal) {
    const response = await fetch(this.url, { signal });
    const body = await response.text();
    assert.equal(response.status, 200, body);
    return body.split(SEPARATOR);
  }
}

/** A WebSocket made by hand, with the namespace connected. What comes is in `packets`; pings are answered. */
export class RawSocket {
  packets = [];
  /** Leaves pings without an answer. */
  isSilent = false;
  #watchers = new Set();

  static async open(server, { connect = true, headers = {} } = {}) {
    const raw = new RawSocket();
    const url = engineUrl(server, { transport: "websocket" }).replace("http", "ws");
    raw.ws = new WebSocket(url, { headers, perMessageDeflate: false });
    raw.ws.on("upgrade", (response) => {
      raw.socket = response.socket;
    });
    raw.ws.on("message", (data, isBinary) => {
      const packet = isBinary ? data : data.toString();
      if (packet === "2" && !raw.isSilent) raw.ws.send("3");
      else raw.packets.push(packet);
      raw.#tell();
    });
    raw.closed = new Promise((resolve) => {
      raw.ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    await within(DEADLINE, "a WebSocket", once(raw.ws, "open"));
    if (connect) {
      raw.ws.send("40");
      await raw.until((packet) => packet.startsWith("40"));
    }
    return raw;
  }

  event(name, body) {
    this.ws.send(packet(name, body));
  }

  /** Waits for a packet. */
  async until(predicate) {
    let watcher;
    const found = new Promise((resolve) => {
      watcher = () => {
        const packet = this.packets.find(predicate);
        if (packet) resolve(packet);
      };
      this.#watchers.add(watcher);
      watcher();
    });
    try {
      return await within(DEADLINE, `a packet ${predicate}`, found, () => JSON.stringify(this.packets));
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  closing() {
    return within(DEADLINE, "the WebSocket to close", this.closed);
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}

/** An event as a Socket.IO packet in an Engine.IO message. */
export const packet = (name, body) => `42${JSON.stringify([name, body])}`;
