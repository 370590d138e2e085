// What was sent and not yet answered. Each message has a key, so that it is said once however often it is sent.

/**
 * `sent`: the room has heard it, and `stored` says whether it is on the server's disk. `unsure`: no answer came, so it
 * may or may not have arrived. `unsent`: it certainly was not sent.
 */
export type Sent =
  | { readonly kind: "sent"; readonly stored: boolean }
  | { readonly kind: "unsure" }
  | { readonly kind: "unsent" }
  | ({ readonly kind: "refused" } & Refusal);

/** Why the server has refused something; the message is in English. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** What exactly the room's hosts do not allow. */
  readonly reason?: string;
  /** Seconds, where waiting is all that it takes. */
  readonly wait?: number;
  readonly until?: string | null;
  /** Which one of several names is meant, from 1. */
  readonly number?: number;
}

export interface Letter {
  readonly text: string;
  readonly key: string;
}

interface Waiting extends Letter {
  readonly answer: (sent: Sent) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The page tries by itself for this long (ms); then the person decides. The server remembers a key for ten minutes. */
const GIVE_UP = 30_000;

export class Outbox {
  /** Oldest first. */
  readonly #waiting: Waiting[] = [];

  constructor(readonly post: (letter: Letter) => void) {}

  send(text: string): Promise<Sent> {
    return new Promise((answer) => {
      // The oldest is the first to be given up, together with all that follow it, to keep the order.
      const timer = setTimeout(() => this.giveUp(), GIVE_UP);
      const letter = { text, key: newKey(), answer, timer };
      this.#waiting.push(letter);
      this.post(letter);
    });
  }

  /** After a loss: whatever has no answer is sent once more, in its order. */
  resend(): void {
    for (const letter of this.#waiting) this.post(letter);
  }

  answered(letter: Letter, sent: Sent): void {
    const index = this.#waiting.findIndex(({ key }) => key === letter.key);
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    clearTimeout(waiting?.timer);
    waiting?.answer(sent);
  }

  /** No answers will come any more. */
  giveUp(): void {
    for (const letter of [...this.#waiting]) this.answered(letter, { kind: "unsure" });
  }
}

/** `crypto.randomUUID` is missing on pages that come over plain http. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
