// The roll calls of the alerts in force: what the reader has confirmed and, for hosts, how many others have.

import type { Ask } from "./ask.ts";
import type { Alert, Called, ConfirmedNews, Counts, Failed, RollCall, RollCallNews } from "./protocol.ts";
import { RollCallDialog } from "./rollcalldialog.ts";

/** Asks the server for something about an alert. */
export type Roll = (
  action: "confirm" | "shown" | "roll_call",
  body: object,
) => Promise<Partial<Rolled> & Failed>;

/** What an answer holds, by what was asked. */
export type Rolled = RollCall & { readonly person: Called };

export class RollCalls {
  readonly #dialog: RollCallDialog;
  readonly #mine = new Map<string, Called>();
  readonly #counts = new Map<string, Counts>();
  /** Those of which the server hears or knows, on this connection, that they are seen, or whose counts it sends. */
  readonly #told = new Set<string>();
  readonly #watched = new Set<string>();
  #alerts: readonly Alert[] = [];
  #mayAlert = false;

  /** `changed` shows what is known anew; `problem` hears why the reader has not confirmed one. */
  constructor(
    readonly roll: Roll,
    readonly changed: () => void,
    readonly problem: (why: string) => void,
    ask: Ask,
  ) {
    this.#dialog = new RollCallDialog(roll, ask);
    document.addEventListener("visibilitychange", () => this.#tellShown());
  }

  mine(id: string): Called | undefined {
    return this.#mine.get(id);
  }

  /** Of those whose counts are known. */
  counts(id: string): Counts | undefined {
    return this.#mayAlert ? this.#counts.get(id) : undefined;
  }

  /** After each time that the page enters: a new connection knows nothing of what the last one had told. */
  entered(): void {
    this.#told.clear();
    this.#watched.clear();
  }

  /** The alerts in force; the others are forgotten. */
  show(alerts: readonly Alert[], mayAlert: boolean): void {
    this.#alerts = alerts.filter(({ confirm }) => confirm);
    this.#mayAlert = mayAlert;
    const ids = new Set(this.#alerts.map(({ id }) => id));
    for (const known of [this.#mine, this.#counts, this.#told, this.#watched])
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    this.#tellShown();
    if (mayAlert) for (const id of ids) void this.#watch(id);
    this.#dialog.show(this.#alerts, mayAlert);
  }

  async confirm(id: string, answer: string | undefined): Promise<void> {
    const { person, problem = "" } = await this.roll(
      "confirm",
      answer === undefined ? { id } : { id, answer },
    );
    this.problem(problem);
    if (person !== undefined) this.confirmed({ id, person });
  }

  /** The reader has confirmed one, here or on another device, or a host has for them. */
  confirmed({ id, person }: ConfirmedNews): void {
    this.#mine.set(id, person);
    this.changed();
  }

  heard({ id, counts }: RollCallNews): void {
    this.#counts.set(id, counts);
    this.#dialog.changed(id);
    this.changed();
  }

  open(alert: Alert): void {
    this.#dialog.open(alert);
  }

  /** An alert is seen when the page is. */
  #tellShown(): void {
    if (document.visibilityState !== "visible") return;
    for (const { id } of this.#alerts) {
      if (this.#told.has(id)) continue;
      void this.#tell(id);
    }
  }

  async #tell(id: string): Promise<void> {
    this.#told.add(id);
    const { problem } = await this.roll("shown", { id });
    // With the next change it is told again.
    if (problem !== undefined) this.#told.delete(id);
  }

  async #watch(id: string): Promise<void> {
    if (this.#watched.has(id)) return;
    this.#watched.add(id);
    const { counts } = await this.roll("roll_call", { id, limit: 0 });
    if (counts === undefined) this.#watched.delete(id);
    else this.heard({ id, counts });
  }
}
