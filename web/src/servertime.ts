// What time it is for the server, whatever the device's clock says: measured over round trips, as NTP does.

/** When a question came to the server, and when its answer went (ms since 1970, by the server's clock). */
export interface Answered {
  readonly received: number;
  readonly sent: number;
}

/** Asks the server; nothing, where there is no answer now. */
export type AskTime = () => Promise<Answered | undefined>;

/** Of so many round trips the shortest counts: what it does not know is at most half of its time. */
const TRIPS = 5;
/** Between two of them is a pause (ms): what was in the way of one, such as many who come at once, is over then. */
const PAUSE = 300;
/** After so long (ms) the device's clock may have drifted. */
const AGAIN = 60_000;
/** How often the device's two clocks are compared (ms), and by how much they then differ if it has slept. */
const LOOK = 1_000;
const SLEPT = 500;
/** When the server's clock was set, everybody asks: not all at once, but within so long (ms). */
const SPREAD = 500;

export class ServerTime {
  /** The server's time when the page's own count, which nobody sets, was at 0. */
  #start: number | undefined;
  #isMeasured = false;
  #measuring = 0;

  constructor(
    readonly ask: AskTime,
    /** The page's own count, in ms. */
    readonly count: () => number = () => performance.now(),
    readonly pause: () => Promise<void> = () =>
      new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE)),
  ) {}

  /** Whether something has come with the server's time. */
  get isKnown(): boolean {
    return this.#start !== undefined;
  }

  now(): number {
    return this.#start === undefined ? Date.now() : this.#start + this.count();
  }

  /** Something came just now that the server has sent at this moment: until it is measured, the fastest says it best. */
  heard(at: number): void {
    if (!this.#isMeasured) this.#start = Math.max(this.#start ?? -Infinity, at - this.count());
  }

  /** The server's clock was set: this is what it says now. */
  set(at: number): void {
    this.#isMeasured = false;
    this.#measuring += 1;
    this.#start = at - this.count();
    setTimeout(() => void this.measure(), Math.random() * SPREAD);
  }

  /** Asks a few times. Whoever asks again meanwhile goes on in its place. */
  async measure(): Promise<void> {
    this.#measuring += 1;
    const own = this.#measuring;
    let best: { readonly start: number; readonly trip: number } | undefined;
    for (let trip = 0; trip < TRIPS; trip += 1) {
      if (trip > 0) await this.pause();
      const asked = this.count();
      const answer = await this.ask();
      const answered = this.count();
      if (own !== this.#measuring || answer === undefined) return;
      const found = measured(asked, answer, answered);
      if (best === undefined || found.trip < best.trip) best = found;
      this.#start = best.start;
      this.#isMeasured = true;
    }
  }

  /** Measures now and then, and whenever the device may have slept. */
  keep(): void {
    setInterval(() => void this.measure(), AGAIN);
    let before = Date.now() - this.count();
    setInterval(() => {
      const now = Date.now() - this.count();
      if (Math.abs(now - before) > SLEPT) void this.measure();
      before = now;
    }, LOOK);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.measure();
    });
  }
}

/** What one round trip says of the server's clock, and how long it was on its way. */
function measured(asked: number, { received, sent }: Answered, answered: number) {
  return { start: (received + sent - asked - answered) / 2, trip: answered - asked - (sent - received) };
}
