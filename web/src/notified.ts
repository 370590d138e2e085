// Which alerts this device has notified of, or shown: another page of it, or the same one loaded again, does not do it again.

/** All alerts in force in a few rooms. */
const MOST = 64;
const KEY = "alert.notified";

type Entry = readonly [room: string, id: string, said: string];

export class Notified {
  constructor(readonly room: string) {}

  /** Whether the alert was notified of as it is said now. */
  has(id: string, said: string): boolean {
    return read().some((entry) => this.#isOurs(entry) && entry[1] === id && entry[2] === said);
  }

  note(id: string, said: string): void {
    if (!this.has(id, said)) write([[this.room, id, said], ...this.#without([id])]);
  }

  /** Forgets all but these, and returns what was forgotten. */
  retain(ids: ReadonlySet<string>): string[] {
    const gone = read().flatMap((entry) => (this.#isOurs(entry) && !ids.has(entry[1]) ? [entry[1]] : []));
    if (gone.length > 0) write(this.#without(gone));
    return gone;
  }

  #without(ids: readonly string[]): Entry[] {
    return read().filter((entry) => !(this.#isOurs(entry) && ids.includes(entry[1])));
  }

  #isOurs([room]: Entry): boolean {
    return room === this.room;
  }
}

function write(entries: readonly Entry[]): void {
  try {
    if (entries.length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(entries.slice(0, MOST)));
  } catch {
    // Blocked or full: then each page notifies, and the browser shows one of them.
  }
}

function read(): Entry[] {
  try {
    const entries: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

const isEntry = (entry: unknown): entry is Entry =>
  Array.isArray(entry) && entry.length === 3 && entry.every((part) => typeof part === "string");
