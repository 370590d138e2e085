// Which alerts this device has notified of, or shown: another page of it, or the same one loaded again, does not do it again.

import { type Entry, readEntries, writeEntries } from "./entries.ts";

/** All alerts in force in a few rooms. */
const MOST = 64;
const KEY = "alert.notified";

/** Room, id, and what was said. */
const read = () => readEntries(KEY);
const write = (entries: readonly Entry[]) => writeEntries(KEY, entries, MOST);

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
