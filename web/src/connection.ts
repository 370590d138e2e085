// The v2 connection of one person to one room: joins, catches up after a loss, sends, leaves. The only file that knows
// the protocol (docs/protocol-v2.md).

import { io, type Socket } from "socket.io-client";
import type { Credentials } from "./credentials.ts";
import type { Said } from "./lines.ts";
import type { Listener, Page } from "./listener.ts";
import { type Letter, Outbox, type Refusal, type Sent } from "./outbox.ts";
import { OPEN, type Policy } from "./policy.ts";
import type {
  AlertNews,
  Answer,
  ConfirmedNews,
  Gap,
  History,
  Joined,
  Made,
  Message,
  Moderated,
  Presence,
  PutOut,
  ReminderNews,
  RollCallNews,
  Spoken,
  Time,
} from "./protocol.ts";
import type { Answered } from "./servertime.ts";
import { type Change, heals, next, start } from "./state.ts";

const JOIN_TIMEOUT = 10_000;
const PROBE_TIMEOUT = 4_000;
const SEND_TIMEOUT = 8_000;
const LEAVE_TIMEOUT = 1_000;
/** After this long without success the page says "lost", though it keeps trying. */
const PATIENCE = 30_000;
/** The server pings every 25 s; a silence longer than this is worth a question. */
const SILENCE = 30_000;
/** Messages fetched on entering, and on each look further back. */
const PAGE = 50;
/** The most messages of one answer. */
const LARGE_PAGE = 200;

export class Connection {
  readonly #socket: Socket;
  readonly #outbox = new Outbox((letter) => this.#post(letter));
  #state = start;
  #heardAt = Date.now();
  #patience: number | undefined;
  /** What the page has seen goes up to here. */
  #position: string | undefined;
  /** What came before all that was missed had been read: it belongs after that. */
  #early: (() => void)[] = [];

  constructor(
    readonly room: string,
    readonly name: string,
    readonly credentials: Credentials,
    /** Whether people are let in without a token. */
    readonly isOpen: boolean,
    readonly listener: Listener,
  ) {
    const socket = io("/v2", {
      autoConnect: false,
      // Asked for at each attempt.
      auth: (show) => show(credentials.token === undefined ? {} : { token: credentials.token }),
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      timeout: 10_000,
    });
    this.#socket = socket;
    socket.on("connect", () => {
      this.#heard();
      this.#early = [];
      void this.#join();
    });
    socket.on("message", (message: Message) => this.#received(() => this.#message(message)));
    socket.on("entered", ({ name, count }: Presence) => this.#received(() => listener.entered(name, count)));
    socket.on("left", ({ name, count }: Presence) => this.#received(() => listener.left(name, count)));
    socket.on("gap", ({ missed }: Gap) => this.#received(() => listener.lost(missed)));
    socket.on("removed", ({ position }: Message) => this.#received(() => listener.removed(position)));
    socket.on("policy", ({ policy }: { policy: Policy }) => this.#received(() => listener.policy(policy)));
    socket.on("alert", (news: AlertNews) => this.#received(() => listener.alert(news)));
    socket.on("time", ({ at }: { at: string }) => this.#received(() => listener.clockSet(Date.parse(at))));
    socket.on("reminder", (news: ReminderNews) => this.#received(() => listener.reminded(news)));
    socket.on("confirmed", (news: ConfirmedNews) => this.#received(() => listener.confirmed(news)));
    socket.on("roll_call", (news: RollCallNews) => this.#received(() => listener.rollCall(news)));
    socket.on("put_out", (out: PutOut) => this.#received(() => this.#stayOutside({ code: "", ...out })));
    socket.on("disconnect", (reason) => this.#dropped(reason));
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      // Not active: the server answered and said no. Otherwise the client tries again by itself.
      if (socket.active) return;
      const refusal = { code: error.data?.code ?? "", message: error.message };
      if (refusal.code.startsWith("token_")) this.#tokenRefused(refusal);
      else this.#refuse(refusal);
    });
    // Whatever is asked here has an answer: this is the end of the token. How it ended is said to whoever shows it.
    socket.on("error", () => credentials.token !== undefined && this.#lose());
    socket.io.on("ping", () => this.#heard());
  }

  open(): void {
    this.listener.state(this.#state);
    this.#waitPatiently();
    this.#socket.connect();
  }

  /** Tries immediately instead of at the end of the current delay, or makes sure that a silent connection is still alive. */
  wake(): void {
    if (this.#state.why !== null && !heals(this.#state.why)) return;
    if (!this.#socket.connected) this.retry();
    else if (Date.now() - this.#heardAt > SILENCE) void this.#ask("members", {}, PROBE_TIMEOUT);
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

  /** Says something, once, however often it takes until the server answers. */
  send(text: string): Promise<Sent> {
    const isUp = this.#state.phase === "connected" && this.#socket.connected;
    return isUp ? this.#outbox.send(text) : Promise.resolve({ kind: "unsent" });
  }

  /** The messages before a position; nothing if there was no answer. */
  async before(position: string): Promise<Page | undefined> {
    const page = await this.#ask<History>("history", { before: position, limit: PAGE }, JOIN_TIMEOUT);
    return page?.ok ? { messages: page.messages.map((one) => this.#said(one)), more: page.more } : undefined;
  }

  /** The positions of all messages that are kept, from `oldest` on; nothing if not every answer came. */
  async kept(oldest: string): Promise<readonly string[] | undefined> {
    const kept: string[] = [];
    for (;;) {
      const before = kept[0] === undefined ? {} : { before: kept[0] };
      const page = await this.#ask<History>("history", { limit: LARGE_PAGE, ...before }, JOIN_TIMEOUT);
      if (!page?.ok) return undefined;
      const positions = page.messages.map(({ position }) => position);
      kept.unshift(...positions);
      if (!page.more || positions.length === 0 || positions.includes(oldest)) return kept;
    }
  }

  /** Does something as whoever the person is in the room: its host, where they have the key. */
  act<T>(
    event: "moderate" | "alert" | "bell" | "webhook",
    body: object,
    timeout = JOIN_TIMEOUT,
  ): Promise<Answer<T> | undefined> {
    const { host } = this.credentials;
    return this.#ask<T>(event, { ...(host === undefined ? {} : { host }), ...body }, timeout);
  }

  /** Asks about what devices are told while the page is closed. */
  push(body: object): Promise<Answer<{ readonly key?: string }> | undefined> {
    return this.#ask("push", body, JOIN_TIMEOUT);
  }

  /** Does something as a host of the room. */
  async moderate(action: string, body: object = {}): Promise<Answer<Moderated> | undefined> {
    const answer = await this.act<Moderated>("moderate", { action, ...body });
    if (answer?.ok && answer.host !== undefined) this.credentials.host = answer.host;
    return answer;
  }

  /** What time it is for the server. */
  async time(): Promise<Answered | undefined> {
    if (this.#state.phase !== "connected") return undefined;
    const answer = await this.#ask<Time>("time", {}, JOIN_TIMEOUT);
    return answer?.ok ? { received: Date.parse(answer.received), sent: Date.parse(answer.sent) } : undefined;
  }

  /** Raises the person's hand, or lowers it. */
  async hand(up: boolean): Promise<Refusal | undefined> {
    const answer = await this.#ask<object>("hand", { up }, JOIN_TIMEOUT);
    return answer?.ok === false ? answer.error : undefined;
  }

  /** Leaves the room and resolves when the server knows it, or after a second. */
  async leave(): Promise<void> {
    clearTimeout(this.#patience);
    this.#change({ kind: "dropped", at: Date.now() });
    this.#change({ kind: "gave-up", why: "left" });
    if (this.#socket.connected) await this.#ask("leave", {}, LEAVE_TIMEOUT);
    this.#socket.disconnect();
  }

  /** Whoever has made the code here becomes the room's host, unless others were faster. */
  async #make(): Promise<boolean> {
    const made = await this.#ask<Made>("make", {}, JOIN_TIMEOUT);
    if (made === undefined) return false;
    this.credentials.isMade = false;
    if (made.ok) this.credentials.host = made.host;
    return true;
  }

  async #join(): Promise<void> {
    if (this.credentials.isMade && !(await this.#make())) return;
    const since = this.#position ?? PAGE;
    const joined = await this.#ask<Joined>("join", { since, ...this.credentials.shown }, JOIN_TIMEOUT);
    if (joined === undefined) return;
    if (!joined.ok) return this.#notIn(joined.error);
    const messages = [...joined.history];
    let { gap, more } = joined;
    // After a loss everything is fetched; the first time, older messages wait until somebody looks for them.
    while (this.#position !== undefined && more) {
      const after = messages.at(-1)?.position ?? this.#position;
      const page = await this.#ask<History>("history", { after, limit: LARGE_PAGE }, JOIN_TIMEOUT);
      if (!page?.ok) return;
      messages.push(...page.messages);
      gap ??= page.gap;
      more = page.more;
    }
    this.#arrive(joined, messages, gap, more);
  }

  #arrive(joined: Joined, messages: readonly Message[], gap: Gap | null, more: boolean): void {
    if (this.#state.why === "left") return;
    const { missingSince } = this.#state;
    this.#change({ kind: "joined" });
    clearTimeout(this.#patience);
    this.#position = messages.at(-1)?.position ?? joined.position;
    const { members, count, policy = OPEN } = joined;
    const said = messages.map((one) => this.#said(one));
    const isHost = joined.can.includes("moderate");
    this.listener.joined({
      members,
      count,
      at: Date.parse(joined.at),
      messages: said,
      more,
      awaySince: missingSince,
      gap,
      policy,
      isHost,
      alerts: joined.state,
      mayAlert: joined.can.includes("alert"),
      maySpeak: joined.can.includes("speak"),
      name: joined.name,
    });
    // What was fetched last may have come live as well.
    this.#known = new Set(messages.slice(-LARGE_PAGE).map(({ position }) => position));
    for (const tell of this.#early.splice(0)) tell();
    this.#known.clear();
    this.#outbox.resend();
  }

  /** Positions that the page has, while what came early is told. */
  #known = new Set<string>();

  #message(message: Message): void {
    if (this.#known.has(message.position)) return;
    this.#position = message.position;
    this.listener.message(this.#said(message));
  }

  #said({ position, at, name, msg }: Message): Said {
    return { position, at: Date.parse(at), name, text: msg, own: name === this.name };
  }

  #received(tell: () => void): void {
    this.#heard();
    if (this.#state.phase === "connected") tell();
    else if (this.#state.why !== "left") this.#early.push(tell);
  }

  #post(letter: Letter): void {
    const socket = this.#socket;
    if (this.#state.phase !== "connected" || !socket.connected) return;
    const body = { msg: letter.text, key: letter.key };
    void this.#ask<Spoken>("send", body, SEND_TIMEOUT).then((answer) => {
      if (answer?.ok) this.#outbox.answered(letter, { kind: "sent", stored: answer.stored });
      else if (answer !== undefined) this.#outbox.answered(letter, { kind: "refused", ...answer.error });
    });
    // The client keeps an event for later when it notices only now that the connection is dead: then it is sent again
    // after joining, in its order.
    if (socket.sendBuffer.length > 0) {
      socket.sendBuffer.length = 0;
      this.#lose();
    }
  }

  /** Asks the server. Without an answer on a connection that claims to live, that is given up and begun again. */
  #ask<T>(event: string, body: object, timeout: number): Promise<Answer<T> | undefined> {
    const socket = this.#socket;
    const id = socket.id;
    return new Promise((resolve) => {
      const answered = (error: Error | null, answer: Answer<T>): void => {
        if (error === null) this.#heard();
        else if (socket.connected && socket.id === id && event !== "leave") this.#lose();
        resolve(error === null ? answer : undefined);
      };
      socket.timeout(timeout).emit(event, { room: this.room, ...body }, answered);
    });
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

  #notIn(refusal: Refusal): void {
    if (refusal.reason === "key_wrong") {
      this.credentials.host = undefined;
      this.listener.keyLost();
      void this.#join();
    } else if (refusal.reason !== undefined) this.#stayOutside(refusal);
    else if (refusal.code === "not_allowed") {
      const reason = this.credentials.token === undefined ? "token_missing" : "token_elsewhere";
      this.#stayOutside({ ...refusal, reason });
    } else this.#refuse(refusal);
  }

  /** The token does not count, or no longer. */
  #tokenRefused(refusal: Refusal): void {
    this.credentials.token = undefined;
    if (refusal.code === "token_expired" && this.isOpen && this.#position !== undefined) {
      this.listener.tokenOver();
      this.retry();
    } else this.#stayOutside({ ...refusal, reason: refusal.code });
  }

  #refuse(refusal: Refusal): void {
    this.#giveUp("refused");
    this.listener.refused(refusal);
  }

  #stayOutside(refusal: Refusal): void {
    this.#giveUp("outside");
    this.listener.outside(refusal);
  }

  #giveUp(why: "refused" | "outside"): void {
    clearTimeout(this.#patience);
    this.#change({ kind: "dropped", at: this.#heardAt });
    this.#change({ kind: "gave-up", why });
    this.#socket.disconnect();
    this.#outbox.giveUp();
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
