// The Socket.IO connection of one person to one room: joins, joins again after a loss, sends, leaves.

import { io, type Socket } from "socket.io-client";
import type { Said } from "./lines.ts";
import { Names } from "./speaker.ts";
import { type Change, heals, next, type State, start } from "./state.ts";

/** What the connection tells the page. */
export interface Listener {
  state(state: State): void;
  message(said: Said): void;
  entered(name: string): void;
  left(name: string): void;
  /** What was sent between these moments (ms since 1970) never came; told before anything that came after. */
  missed(from: number, to: number): void;
  joined(members: readonly string[], count: number): void;
  refused(refusal: Refusal): void;
}

/** `unsure`: no answer came, so it may or may not have arrived. `unsent`: it certainly was not sent. */
export type Sent =
  | { readonly kind: "sent" }
  | { readonly kind: "unsure" }
  | { readonly kind: "unsent" }
  | ({ readonly kind: "refused" } & Refusal);

/** Why the server has refused something; the message is in English. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

type Ack = { ok: true; members?: string[]; count?: number } | { ok: false; error: Refusal };

const JOIN_TIMEOUT = 10_000;
const PROBE_TIMEOUT = 4_000;
const SEND_TIMEOUT = 8_000;
const LEAVE_TIMEOUT = 1_000;
/** After this long without success the page says "lost", though it keeps trying. */
const PATIENCE = 30_000;
/** The server pings every 25 s; a silence longer than this is worth a question. */
const SILENCE = 30_000;

export class Connection {
  readonly #socket: Socket;
  #state = start;
  #heardAt = Date.now();
  #patience: number | undefined;
  /** What came before the answer to `joined`: it belongs behind the word about what is missing. */
  #early: (() => void)[] = [];
  readonly #names = new Names();

  constructor(
    readonly room: string,
    readonly name: string,
    readonly listener: Listener,
  ) {
    const socket = io({
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      timeout: 10_000,
    });
    this.#socket = socket;
    socket.on("connect", () => {
      this.#heard();
      this.#join(JOIN_TIMEOUT);
    });
    socket.on("message", (body) => this.#received(body, (text, at) => this.#message(text, at)));
    socket.on("status", (body) => this.#received(body, (text) => this.#status(text)));
    socket.on("disconnect", (reason) => this.#dropped(reason));
    socket.on("connect_error", (error) => {
      // Not active: the server answered and said no. Otherwise the client tries again by itself.
      if (!socket.active) this.#refuse({ code: "", message: error.message });
    });
    socket.io.on("ping", () => this.#heard());
  }

  open(): void {
    this.listener.state(this.#state);
    this.#waitPatiently();
    this.#socket.connect();
  }

  /** Tries immediately instead of at the end of the current delay, or makes sure that a silent connection still lives. */
  wake(): void {
    if (this.#state.why !== null && !heals(this.#state.why)) return;
    if (!this.#socket.connected) this.retry();
    else if (Date.now() - this.#heardAt > SILENCE) this.#join(PROBE_TIMEOUT);
  }

  /** A new attempt now, wanted by the person or by `wake`. */
  retry(): void {
    this.#change({ kind: "retrying" });
    this.#waitPatiently();
    this.#socket.disconnect().connect();
  }

  /** The browser says that there is no network. The attempts go on: it may be wrong about a server on this machine. */
  offline(): void {
    this.#change({ kind: "gave-up", why: "offline" });
  }

  send(text: string): Promise<Sent> {
    const socket = this.#socket;
    if (this.#state.phase !== "connected" || !socket.connected) return Promise.resolve({ kind: "unsent" });
    return new Promise((resolve) => {
      const body = { headless: false, name: this.name, msg: text };
      socket.timeout(SEND_TIMEOUT).emit("text", body, (error: Error | null, ack: Ack) => {
        if (error) resolve({ kind: "unsure" });
        else resolve(ack.ok ? { kind: "sent" } : { kind: "refused", ...ack.error });
      });
      // The client keeps an event for later when it notices only now that the connection is dead. Later is
      // wrong here: the person still has the text and decides.
      if (socket.sendBuffer.length > 0) {
        socket.sendBuffer.length = 0;
        resolve({ kind: "unsent" });
        this.#lose();
      }
    });
  }

  /** Leaves the room and resolves when the server knows it, or after a second. */
  async leave(): Promise<void> {
    const socket = this.#socket;
    clearTimeout(this.#patience);
    this.#change({ kind: "dropped", at: Date.now() });
    this.#change({ kind: "gave-up", why: "left" });
    if (socket.connected) {
      const body = { headless: false, name: this.name };
      await new Promise<void>((resolve) => {
        socket.timeout(LEAVE_TIMEOUT).emit("left", body, () => resolve());
      });
    }
    socket.disconnect();
  }

  #join(timeout: number): void {
    const socket = this.#socket;
    const body = { name: this.name, headless: false, room: this.room };
    socket.timeout(timeout).emit("joined", body, (error: Error | null, ack: Ack) => {
      if (error) {
        // No answer on a connection that claims to live. (After a loss the client is already trying again.)
        if (socket.connected) this.#lose();
      } else if (!ack.ok) {
        this.#refuse(ack.error);
      } else {
        this.#heard();
        const { phase, missingSince } = this.#state;
        this.#change({ kind: "joined" });
        if (phase === "connected" || this.#state.phase !== "connected") return;
        clearTimeout(this.#patience);
        if (missingSince !== null) this.listener.missed(missingSince, Date.now());
        const members = ack.members ?? [];
        this.#names.present(members);
        for (const tell of this.#early.splice(0)) tell();
        this.listener.joined(members, ack.count ?? members.length);
      }
    });
  }

  #received(body: unknown, tell: (text: string, at: number) => void): void {
    this.#heard();
    if (typeof body !== "object" || body === null || !("msg" in body) || typeof body.msg !== "string") return;
    const text = body.msg;
    const at = Date.now();
    if (this.#state.phase === "connected") tell(text, at);
    else if (this.#state.why !== "left") this.#early.push(() => tell(text, at));
  }

  #message(line: string, at: number): void {
    const { name, text } = this.#names.message(line);
    this.listener.message({ at, name, text, own: name === this.name });
  }

  #status(line: string): void {
    const { name, what } = this.#names.status(line);
    if (what !== undefined) this.listener[what](name);
  }

  #dropped(reason: Socket.DisconnectReason): void {
    if (reason === "io client disconnect") return;
    // Without a clean end nobody knows when it broke: somewhere after the last sign of life.
    const at = reason === "transport close" ? Date.now() : this.#heardAt;
    this.#change({ kind: "dropped", at });
    if (reason === "io server disconnect") this.#change({ kind: "gave-up", why: "ended" });
    else {
      this.#waitPatiently();
      if (!navigator.onLine) this.offline();
    }
  }

  /** The connection claims to live and does not: drop it and start again. */
  #lose(): void {
    this.#change({ kind: "dropped", at: this.#heardAt });
    this.retry();
  }

  #refuse(refusal: Refusal): void {
    clearTimeout(this.#patience);
    this.#change({ kind: "dropped", at: this.#heardAt });
    this.#change({ kind: "gave-up", why: "refused" });
    this.#socket.disconnect();
    this.listener.refused(refusal);
  }

  #heard(): void {
    this.#heardAt = Date.now();
  }

  #waitPatiently(): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#change({ kind: "gave-up", why: "unreachable" }), PATIENCE);
  }

  #change(change: Change): void {
    const before = this.#state;
    this.#state = next(before, change);
    if (this.#state !== before) this.listener.state(this.#state);
  }
}
