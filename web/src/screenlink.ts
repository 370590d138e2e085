// How a screen hears its room: over v2, as a listener, who is in no list (docs/protocol-v2.md). It comes back by itself,
// whatever happens to the server.

import { io, type Socket } from "socket.io-client";
import type { Refusal } from "./outbox.ts";
import type { Alert, AlertNews, Answer, Message, PutOut, RollCall, Time } from "./protocol.ts";
import type { ScreenKey } from "./screenkey.ts";
import { isDecided } from "./screenrefusal.ts";
import type { Answered } from "./servertime.ts";

/** As the room is when the screen begins to hear it. */
export interface Heard {
  readonly at: string;
  readonly state: readonly Alert[];
  readonly history: readonly Message[];
}

/** What a screen is told. */
export interface ScreenListener {
  joined(heard: Heard): void;
  /** It is there again, perhaps with another version of the server. */
  again(): void;
  message(message: Message): void;
  removed(position: string): void;
  alert(news: AlertNews): void;
  clockSet(at: number): void;
  /** The server is not reached, or cannot answer now: what is known stays. */
  lost(isReached: boolean): void;
  /** Somebody has decided that the screen may not hear the room. */
  refused(refusal: Refusal): void;
}

/** Messages that are shown at first. */
const MESSAGES = 6;
const ANSWER = 10_000;
/** After so long (ms) a screen asks again that was not let in: the room may be open now. */
const AGAIN = 15_000;
/** Where the server only could not answer. */
const SOON = 3_000;

export class ScreenLink {
  readonly #socket: Socket;
  #timer: number | undefined;
  #wasIn = false;

  constructor(
    readonly room: string,
    readonly key: ScreenKey,
    readonly listener: ScreenListener,
  ) {
    const socket = io("/v2", {
      autoConnect: false,
      auth: (show) => show(key.token === undefined ? {} : { token: key.token }),
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      timeout: 10_000,
    });
    this.#socket = socket;
    socket.on("connect", () => void this.#join());
    socket.on("message", (message: Message) => listener.message(message));
    socket.on("removed", ({ position }: Message) => listener.removed(position));
    socket.on("alert", (news: AlertNews) => listener.alert(news));
    socket.on("time", ({ at }: { at: string }) => listener.clockSet(Date.parse(at)));
    socket.on("put_out", (out: PutOut) => this.#refuse({ code: "", ...out }));
    socket.on("disconnect", (reason) => {
      listener.lost(false);
      // The server's end of it: the library does not come back by itself then.
      if (reason === "io server disconnect") this.#later(AGAIN);
    });
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      if (socket.active) listener.lost(false);
      else this.#refuse({ code: error.data?.code ?? "", message: error.message });
    });
  }

  open(): void {
    this.#socket.connect();
  }

  /** Asks to be let in, at once. */
  again(): void {
    clearTimeout(this.#timer);
    this.#socket.disconnect().connect();
  }

  async time(): Promise<Answered | undefined> {
    if (!this.#socket.connected) return undefined;
    const answer = await this.#ask<Time>("time", {});
    return answer?.ok ? { received: Date.parse(answer.received), sent: Date.parse(answer.sent) } : undefined;
  }

  /** Who has not confirmed an alert, where its host lets everybody see that. */
  async missing(id: string): Promise<RollCall | undefined> {
    if (!this.#socket.connected) return undefined;
    const answer = await this.#ask<RollCall>("alert", { room: this.room, action: "missing", id });
    return answer?.ok ? answer : undefined;
  }

  async #join(): Promise<void> {
    const { password } = this.key;
    const shown = password === undefined ? {} : { password };
    const answer = await this.#ask<Heard>("join", {
      room: this.room,
      listen: true,
      since: MESSAGES,
      ...shown,
    });
    if (answer === undefined) {
      // A connection that is lost comes back by itself.
      if (this.#socket.connected) this.#later(SOON);
      return;
    }
    if (!answer.ok) return this.#refuse(answer.error);
    if (this.#wasIn) this.listener.again();
    this.#wasIn = true;
    clearTimeout(this.#timer);
    this.listener.joined(answer);
  }

  #refuse(refusal: Refusal): void {
    // Only so many wrong ones are taken from an address, behind which may be a whole school.
    if (refusal.reason === "password_wrong") this.key.forgetPassword();
    if (isDecided(refusal)) {
      this.listener.refused(refusal);
      this.#later(AGAIN);
    } else {
      this.listener.lost(true);
      this.#later(Math.max(SOON, (refusal.wait ?? 0) * 1_000));
    }
  }

  #later(after: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.again(), after);
  }

  #ask<T>(event: string, body: object): Promise<Answer<T> | undefined> {
    return new Promise((resolve) => {
      this.#socket
        .timeout(ANSWER)
        .emit(event, body, (error: Error | null, answer: Answer<T>) =>
          resolve(error === null ? answer : undefined),
        );
    });
  }
}
