// Up to which message the person has read, for each of the last rooms, so that what is new can be told from the rest.

/** The login remembers this many rooms too. */
const MOST_ROOMS = 8;
const KEY = "alert.seen";

type Entry = readonly [room: string, name: string, position: string];

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
    try {
      const others = read().filter((entry) => !this.#isOurs(entry));
      localStorage.setItem(KEY, JSON.stringify([...ours, ...others].slice(0, MOST_ROOMS)));
    } catch {
      // Blocked or full: then the page cannot tell what is new.
    }
  }

  #isOurs([room, name]: Entry): boolean {
    return room === this.room && name === this.name;
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
