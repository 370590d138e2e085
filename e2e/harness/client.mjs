// The official client, as the tests use it: it keeps what it hears in order, and can prove that nothing else came.

import { io } from "socket.io-client";
import { DEADLINE, within } from "./time.mjs";

/** The ways to connect. `upgrade` starts on long-polling and is used after it has changed to WebSocket. */
export const TRANSPORTS = ["polling", "websocket", "upgrade"];

const NAMES = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

let counter = 0;
/** What ends the events of a client that recovers its state. */
const OFFSET = /^[0-9a-f]+-\d+$/;
const FENCE = /: fence-\d+-\d+$/;

/** A room code, name or message that no other test uses. */
export const fresh = (what) => `${what}-${process.pid}-${++counter}`;

/** The clients that a test opened; it closes them at its end. */
const open = new Set();

export class Client {
  /** What came: `[event, msg]` in order. A payload that is not exactly `{msg: string}` is kept whole. */
  heard = [];
  /** Reasons of `disconnect`. */
  drops = [];
  /** What the client knows of the last of them. */
  dropped = "";
  #watchers = new Set();

  /** Connects, and with `upgrade` waits until the WebSocket has taken over. */
  static async connect(server, transport = "websocket", options = {}) {
    const client = new Client(server, transport, options);
    await client.connected();
    if (transport === "upgrade") await client.upgraded();
    return client;
  }

  /** A program in a room. */
  static async inRoom(server, room, name, transport = "websocket") {
    const client = await Client.connect(server, transport);
    await client.join(room, name);
    return client;
  }

  /** Begins to connect; `options` go to the official client. */
  constructor(server, transport = "websocket", options = {}) {
    this.socket = io(server.url, {
      transports: NAMES[transport],
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      ...options,
    });
    this.socket.onAny((event, ...args) => this.#hear([event, this.#simple(args)]));
    this.socket.on("disconnect", (reason, details) => {
      const { description, context } = details ?? {};
      this.dropped = [reason, description, context?.status, context?.responseText].join(" ");
      this.#change(() => this.drops.push(reason));
    });
    this.socket.on("connect", () => this.#change(() => {}));
    this.socket.on("connect_error", (error) =>
      this.#change(() => {
        this.error = error;
      }),
    );
    open.add(this);
  }

  connected() {
    return this.until("a connection", () => this.socket.connected);
  }

  upgraded() {
    const { engine } = this.socket.io;
    if (engine.transport.name === "websocket") return;
    return within(DEADLINE, "the upgrade", new Promise((resolve) => engine.once("upgrade", resolve)));
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** Enters as a program does, and returns the ack. */
  async join(room, name, more = {}) {
    this.name = name;
    return this.ask("joined", { headless: true, name, room, ...more });
  }

  /** Sends and waits for the ack, which has exactly one argument. */
  async ask(event, ...args) {
    const answer = new Promise((resolve) => this.socket.emit(event, ...args, (...acked) => resolve(acked)));
    const acked = await within(DEADLINE, `the ack of ${event}`, answer);
    if (acked.length !== 1)
      throw new Error(`an ack with ${acked.length} arguments: ${JSON.stringify(acked)}`);
    return acked[0];
  }

  /** Sends without asking for an ack. */
  send(event, ...args) {
    this.socket.emit(event, ...args);
  }

  say(msg) {
    this.send("text", { headless: true, msg });
  }

  /** Waits for an event, or returns at once if it has come already. */
  waitFor(event, predicate = () => true, deadline = DEADLINE) {
    const fits = typeof predicate === "string" ? (msg) => msg === predicate : predicate;
    const what = `${event} ${typeof predicate === "string" ? JSON.stringify(predicate) : predicate}`;
    return this.until(what, () => this.heard.find(([name, msg]) => name === event && fits(msg)), deadline);
  }

  /** Waits until `condition` returns something. */
  async until(what, condition, deadline = DEADLINE) {
    let watcher;
    const happened = new Promise((resolve) => {
      watcher = () => {
        const value = condition();
        if (value) resolve(value);
      };
      this.#watchers.add(watcher);
      watcher();
    });
    try {
      return await within(
        deadline,
        what,
        happened,
        () => `it has heard: ${JSON.stringify(this.heard.slice(-20))}`,
      );
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  /**
   * All that came since the last call. `speaker`, who is in the same room, sends a message to it as a fence: what the
   * room was told before the fence is here when the fence is. Fences themselves are left out.
   */
  async seen(speaker = this) {
    const fence = fresh("fence");
    speaker.say(fence);
    const isFence = ([event, msg]) => event === "message" && String(msg).endsWith(`: ${fence}`);
    await this.until(`the fence ${fence}`, () => this.heard.some(isFence));
    const before = this.heard.splice(0, this.heard.findIndex(isFence) + 1);
    return before.filter(([event, msg]) => event !== "message" || !FENCE.test(msg));
  }

  /** Breaks the connection without a word, as a network does. */
  cut() {
    this.socket.io.reconnection(false);
    this.socket.io.engine.transport.ws.terminate();
  }

  close() {
    open.delete(this);
    this.socket.disconnect();
  }

  static closeAll() {
    for (const client of [...open]) client.close();
  }

  /**
   * `status` and `message` are kept as their text if their payload is what the contract says: `{"msg": text}` alone,
   * and behind it an offset where the client recovers its state.
   */
  #simple(args) {
    const [body, ...rest] = args;
    const isPlain = typeof body === "object" && typeof body?.msg === "string";
    const isAlone = rest.length === 0 || (this.recovers && rest.length === 1 && OFFSET.test(rest[0]));
    return isPlain && isAlone && Object.keys(body).length === 1 ? body.msg : { unexpected: args };
  }

  /** Whether the server gave it something to recover with. */
  get recovers() {
    return this.socket._pid !== undefined;
  }

  #hear(entry) {
    this.#change(() => this.heard.push(entry));
  }

  #change(apply) {
    apply();
    for (const watcher of this.#watchers) watcher();
  }
}

export const entered = (name) => ["status", `${name} has entered the room.`];
export const left = (name) => ["status", `${name} has left the room.`];
export const said = (name, msg) => ["message", `${name}: ${msg}`];
