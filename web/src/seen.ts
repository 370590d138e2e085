// Up to which message the person has read, for each of the last rooms, so that what is new can be told from the rest.

import { type Entry, readEntries, writeEntries } from "./entries.ts";

/** The login remembers this many rooms too. */
const MOST_ROOMS = 8;
const KEY = "alert.seen";

/** Room, name and position. */
const read = () => readEntries(KEY);

export class Seen {
  /** Where the last visit ended. */
  readonly position: string | undefined;

  constructor(
    readonly room: string,
    readonly name: string,
  ) {
    this.position = read().find((entry) => this.#isOurs(entry))?.[2];
  }

  /** Everything up to this position has been on the screen. */
  reach(position: string): void {
    this.#write([[this.room, this.name, position]]);
  }

  /** Nothing is left for whoever uses the browser next. */
  forget(): void {
    this.#write([]);
  }

  #write(ours: readonly Entry[]): void {
    const others = read().filter((entry) => !this.#isOurs(entry));
    writeEntries(KEY, [...ours, ...others], MOST_ROOMS);
  }

  #isOurs([room, name]: Entry): boolean {
    return room === this.room && name === this.name;
  }
}
