// What was typed and not sent, kept over a reload. Only for this tab: others use the same computer after us.

/** `unsure`: it begins with something that was sent and not confirmed. */
export interface Kept {
  readonly text: string;
  readonly unsure: boolean;
}

const NOTHING: Kept = { text: "", unsure: false };

export class Draft {
  readonly #key: string;

  /** A draft belongs to a name in a room. */
  constructor(room: string, name: string) {
    this.#key = `alert.draft ${JSON.stringify([room, name])}`;
  }

  load(): Kept {
    try {
      const { text, unsure } = JSON.parse(sessionStorage.getItem(this.#key) ?? "{}");
      return typeof text === "string" ? { text, unsure: unsure === true } : NOTHING;
    } catch {
      // Storage may be blocked.
      return NOTHING;
    }
  }

  save(kept: Kept): void {
    try {
      if (kept.text === "") sessionStorage.removeItem(this.#key);
      else sessionStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // Blocked or full: then it does not survive a reload.
    }
  }
}
