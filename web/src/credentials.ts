// What the person shows at the door of a room: a host's key, which the browser keeps, and a password and the token of a
// personal link, which the tab keeps. Keys and tokens are in an address only behind "#", which no server sees, and are
// taken out of it at once.

const HOST = /^host_[0-9a-f]{32}$/;
/** The longest token that counts. */
const MOST_CHARS = 8192;

/** What is sent with `join`. */
export interface Shown {
  readonly host?: string;
  readonly password?: string;
}

export class Credentials {
  readonly #host: Slot;
  readonly #password: Slot;
  readonly #made: Slot;
  /** It may be for several rooms. */
  readonly #token = new Slot(() => sessionStorage, "alert.token");

  constructor(readonly room: string) {
    this.#host = new Slot(() => localStorage, `alert.host ${room}`);
    this.#password = new Slot(() => sessionStorage, `alert.password ${room}`);
    this.#made = new Slot(() => sessionStorage, `alert.made ${room}`);
  }

  /** The key of the room's hosts. */
  get host(): string | undefined {
    return this.#host.get();
  }

  set host(key: string | undefined) {
    this.#host.set(key);
  }

  set password(password: string | undefined) {
    this.#password.set(password);
  }

  get shown(): Shown {
    const [host, password] = [this.#host.get(), this.#password.get()];
    return { ...(host !== undefined && { host }), ...(password !== undefined && { password }) };
  }

  /** Who the person is, and what they may do in which rooms, signed by whoever may say so. */
  get token(): string | undefined {
    return this.#token.get();
  }

  set token(token: string | undefined) {
    this.#token.set(token);
  }

  /** Whether the code was made in this tab, so that whoever made it is to be the room's host. */
  get isMade(): boolean {
    return this.#made.get() !== undefined;
  }

  set isMade(is: boolean) {
    this.#made.set(is ? "1" : undefined);
  }

  /** Takes the key of a host link and the token of a personal link out of the address. Returns whether one was there. */
  takeFromAddress(): boolean {
    const shown = new URLSearchParams(location.hash.slice(1));
    const [key, token] = [shown.get("host") ?? "", shown.get("token") ?? ""];
    const [hasKey, hasToken] = [HOST.test(key), token !== "" && token.length <= MOST_CHARS];
    if (hasKey) this.host = key;
    if (hasToken) this.token = token;
    if (hasKey || hasToken) history.replaceState(history.state, "", location.pathname + location.search);
    return hasKey || hasToken;
  }
}

/** The link that makes whoever opens it a host. */
export const hostLink = (link: string, key: string): string => `${link}#host=${key}`;
/** The link with which somebody comes in as their token says. */
export const personalLink = (link: string, token: string): string =>
  `${link}#${new URLSearchParams({ token })}`;

/** A text in a storage of the browser, or, where that is blocked, in this page. */
class Slot {
  #kept: string | undefined;

  constructor(
    readonly storage: () => Storage,
    readonly key: string,
  ) {}

  get(): string | undefined {
    try {
      return this.storage().getItem(this.key) ?? this.#kept;
    } catch {
      return this.#kept;
    }
  }

  set(text: string | undefined): void {
    this.#kept = text;
    try {
      if (text === undefined) this.storage().removeItem(this.key);
      else this.storage().setItem(this.key, text);
    } catch {
      // Blocked or full: then it is kept until the page is left.
    }
  }
}
