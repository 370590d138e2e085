// What a screen shows at the door of its room: a password or a token, from behind the "#" of its address, or entered once.
// The browser keeps it, since a screen comes back by itself after a loss of power.

import { byId } from "./dom.ts";
import { type Key, text } from "./language.ts";
import type { Refusal } from "./outbox.ts";

/** What is wanted of whoever stands before the screen. */
type Wanted = "password" | "token";
type Shown = { readonly [kind in Wanted]?: string };
/** `instead`: what stood in the address when it was entered, which counts no more. */
type Kept = Shown & { readonly instead?: string };

const TITLES: Readonly<Record<string, Key>> = {
  closed: "closed_title",
  locked: "locked_title",
  banned: "banned_title",
  token_expired: "token_expired_title",
  token_revoked: "token_revoked_title",
  token_wrong: "token_wrong_title",
};

export class ScreenKey {
  readonly #slot: string;
  #shown: Shown;

  constructor(
    room: string,
    /** The fragment of the address. */
    readonly hash = location.hash,
  ) {
    this.#slot = `alert.screen ${room}`;
    const inAddress = new URLSearchParams(hash.slice(1));
    const [password, token] = [inAddress.get("password"), inAddress.get("token")];
    const { instead, ...kept } = this.#kept();
    this.#shown =
      (password === null && token === null) || instead === hash
        ? kept
        : { ...(password !== null && { password }), ...(token !== null && { token }) };
  }

  get password(): string | undefined {
    return this.#shown.password;
  }

  get token(): string | undefined {
    return this.#shown.token;
  }

  /** Somebody has entered it. */
  enter(shown: Shown): void {
    this.#keep({ ...this.#shown, ...shown });
  }

  /** It is not the room's, or not any more. */
  forgetPassword(): void {
    const { token } = this.#shown;
    this.#keep(token === undefined ? {} : { token });
  }

  #keep(shown: Shown): void {
    this.#shown = shown;
    const kept: Kept = this.hash === "" ? shown : { ...shown, instead: this.hash };
    try {
      localStorage.setItem(this.#slot, JSON.stringify(kept));
    } catch {
      // Blocked: then it is entered again after the next start.
    }
  }

  #kept(): Kept {
    try {
      return JSON.parse(localStorage.getItem(this.#slot) ?? "{}");
    } catch {
      return {};
    }
  }
}

/** The field for it, which is there only where it is needed. */
export class KeyForm {
  readonly #form = byId("key", HTMLFormElement);
  readonly #label = byId("key-label", HTMLElement);
  readonly #field = byId("key-field", HTMLInputElement);
  #wanted: Wanted = "password";

  constructor(entered: (shown: Shown) => void) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      // A password may begin or end with a space; a token has none.
      const { value } = this.#field;
      entered({ [this.#wanted]: this.#wanted === "token" ? value.trim() : value });
    });
  }

  /** Shows it, if that is what keeps the screen out. Returns what is said of it. */
  show({ code, reason = "" }: Refusal): string {
    const isOfPassword = code === "password_required" || reason.startsWith("password");
    const isOfToken = code.startsWith("token_") || (code === "not_allowed" && reason === "");
    this.#form.hidden = !isOfPassword && !isOfToken;
    if (this.#form.hidden) {
      return text(TITLES[reason] ?? "screen_refused");
    }
    this.#wanted = isOfPassword ? "password" : "token";
    this.#label.textContent = text(isOfPassword ? "password" : "screen_token");
    if (document.activeElement !== this.#field) {
      this.#field.value = "";
      this.#field.focus();
    }
    if (isOfPassword) return text(reason === "password_wrong" ? "password_wrong" : "password_title");
    return text(TITLES[code] ?? "token_missing_title");
  }

  hide(): void {
    this.#form.hidden = true;
  }
}
