// Who speaks, and who is meant: v1 sends one string for each line, "Ada: hello" or "Ada has entered the room."

/** A message cut in two; `name` is empty where nobody is named. */
export interface Spoken {
  readonly name: string;
  readonly text: string;
}

/** What a status tells of whom; nothing where it is none of the two. */
export interface Told {
  readonly name: string;
  readonly what?: "entered" | "left";
}

const SEPARATOR = ": ";
/** UTF-16 units in the longest name that a server can be set to take by default (64 characters). */
const MAX_NAME = 128;
const PRESENCE = / has (entered|left) the room\.$/;

/**
 * The names in the room, as far as the page has heard of them. A name may hold a colon itself, and so may a text: of
 * "Ada: note: hello" the longest name that is known to be in the room spoke, or else what stands before the first colon.
 */
export class Names {
  readonly #names = new Set<string>();

  /** Those who were in the room at the moment of joining. */
  present(names: readonly string[]): void {
    this.#names.clear();
    for (const name of names) this.#names.add(name);
  }

  message(line: string): Spoken {
    let name = "";
    for (let at = line.indexOf(SEPARATOR); at > 0 && at <= MAX_NAME; at = line.indexOf(SEPARATOR, at + 1)) {
      const before = line.slice(0, at);
      if (name === "" || this.#names.has(before)) name = before;
    }
    return { name, text: name === "" ? line : line.slice(name.length + SEPARATOR.length) };
  }

  status(line: string): Told {
    const found = PRESENCE.exec(line);
    const name = line.slice(0, found?.index ?? 0);
    if (found === null || name === "") return { name: "" };
    const what = found[1] === "left" ? "left" : "entered";
    if (what === "left") this.#names.delete(name);
    else this.#names.add(name);
    return { name, what };
  }
}
