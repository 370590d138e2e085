// Who speaks, and who is meant: v1 sends one string for each line, "Ada: hello" or "Ada has entered the room."

/** A line cut in two; `name` is empty where nobody is named. Both parts together are the line as it came. */
export interface Line {
  readonly name: string;
  readonly rest: string;
}

const SEPARATOR = ": ";
/** UTF-16 units in the longest name that a server can be set to take by default (64 characters). */
const MAX_NAME = 128;
const PRESENCE = / has (?:entered|left) the room\.$/;
const LEFT = " has left the room.";

/**
 * The people of the room, as far as the page has heard of them. A name may hold a colon itself, and so may a text: of
 * "Ada: note: hello" the longest name that is known to be in the room spoke, or else what stands before the first colon.
 */
export class People {
  readonly #names = new Set<string>();

  /** Those who were in the room at the moment of joining. */
  present(names: readonly string[]): void {
    this.#names.clear();
    for (const name of names) this.#names.add(name);
  }

  message(text: string): Line {
    let name = "";
    for (let at = text.indexOf(SEPARATOR); at > 0 && at <= MAX_NAME; at = text.indexOf(SEPARATOR, at + 1)) {
      const before = text.slice(0, at);
      if (name === "" || this.#names.has(before)) name = before;
    }
    return { name, rest: text.slice(name.length) };
  }

  status(text: string): Line {
    const name = text.slice(0, Math.max(0, text.search(PRESENCE)));
    if (name !== "") {
      if (text.endsWith(LEFT)) this.#names.delete(name);
      else this.#names.add(name);
    }
    return { name, rest: text.slice(name.length) };
  }
}

/** The line as a string that other programs show: no name turns the text after it. */
export const isolated = ({ name, rest }: Line): string => (name === "" ? rest : `\u2068${name}\u2069${rest}`);
