// What stands in the place of the room for whoever is not let in, or was removed: why, and what they can do.

import { byId, make } from "./dom.ts";
import { type Key, text } from "./language.ts";
import type { Refusal } from "./outbox.ts";
import { moment } from "./time.ts";

interface Words {
  readonly title: Key;
  readonly text: Key;
}

const WORDS: Readonly<Record<string, Words>> = {
  closed: { title: "closed_title", text: "closed_text" },
  banned: { title: "banned_title", text: "banned_text" },
  removed: { title: "removed_title", text: "removed_text" },
  locked: { title: "locked_title", text: "locked_text" },
  full: { title: "full_title", text: "full_text" },
  name_reserved: { title: "name_reserved_title", text: "name_reserved_text" },
  token_missing: { title: "token_missing_title", text: "token_missing_text" },
  token_expired: { title: "token_expired_title", text: "token_new_text" },
  token_revoked: { title: "token_revoked_title", text: "token_new_text" },
  token_wrong: { title: "token_wrong_title", text: "token_new_text" },
  token_elsewhere: { title: "token_elsewhere_title", text: "token_elsewhere_text" },
};
const PASSWORD = ["password", "password_wrong", "password_wait", "password_busy"];

export class Gate {
  readonly #element = byId("gate", HTMLElement);
  #timer: number | undefined;

  /**
   * `enter` tries again, with the password that was typed, if one was; `loginUrl` is where another name is chosen.
   * `isOpen` says whether one comes in without a token.
   */
  constructor(
    readonly loginUrl: string,
    readonly isOpen: boolean,
    readonly enter: (password?: string) => void,
  ) {}

  show(refusal: Refusal): void {
    clearInterval(this.#timer);
    for (const dialog of document.querySelectorAll("dialog[open]")) (dialog as HTMLDialogElement).close();
    document.body.classList.add("outside");
    const asksPassword = PASSWORD.includes(refusal.reason ?? "");
    const title = make("h2", "", this.#title(refusal, asksPassword));
    title.id = "gate-title";
    title.tabIndex = -1;
    const box = make("div", "gate-box", title, make("p", "", this.#text(refusal, asksPassword)));
    // Without a token, trying again helps where one needs none.
    const isOfToken = refusal.reason?.startsWith("token_") ?? false;
    if (asksPassword) box.append(this.#passwordForm(refusal));
    else if (isOfToken && this.isOpen) box.append(this.#again("without_token"));
    else if (refusal.reason === "removed") box.append(this.#again("come_back"));
    else if (refusal.reason === "banned") this.#againAt(refusal.until ?? null, box);
    else if (!isOfToken && refusal.reason !== "name_reserved") box.append(this.#again("try_again"));
    // Another name is no way round a ban.
    const elsewhere = make("a", "", text(refusal.reason === "banned" ? "start" : "another_name"));
    elsewhere.href = refusal.reason === "banned" ? "/v1" : this.loginUrl;
    box.append(make("p", "hint", elsewhere));
    this.#element.replaceChildren(box);
    this.#element.hidden = false;
    (this.#element.querySelector("input") ?? title).focus();
  }

  hide(): void {
    clearInterval(this.#timer);
    document.body.classList.remove("outside");
    this.#element.hidden = true;
    this.#element.replaceChildren();
  }

  #title({ reason = "" }: Refusal, asksPassword: boolean): string {
    if (asksPassword) return text("password_title");
    return text(WORDS[reason]?.title ?? "outside_title");
  }

  #text({ reason = "", until = null, message }: Refusal, asksPassword: boolean): string {
    if (asksPassword) return text("password_text");
    if (reason === "banned" && until !== null) {
      return text("banned_until_text", { time: moment(Date.parse(until), Date.now()) });
    }
    const words = WORDS[reason];
    return words === undefined ? text("refused", { reason: message }) : text(words.text);
  }

  #again(words: Key): HTMLElement {
    const again = make("button", "button primary", text(words));
    again.type = "button";
    again.addEventListener("click", () => {
      again.disabled = true;
      this.enter();
    });
    return again;
  }

  /** A ban ends by itself: until then, trying again is of no use. */
  #againAt(until: string | null, box: HTMLElement): void {
    if (until === null) return;
    const end = Date.parse(until);
    this.#timer = setInterval(() => {
      if (Date.now() < end) return;
      clearInterval(this.#timer);
      box.querySelector("p")?.after(this.#again("come_back"));
    }, 1000);
  }

  #passwordForm({ reason, wait = 0 }: Refusal): HTMLElement {
    const input = make("input", "");
    input.id = "gate-password";
    input.type = "password";
    input.autocomplete = "off";
    input.required = true;
    const label = make("label", "", text("password"));
    label.htmlFor = input.id;
    const field = make("div", "field", label, input);
    const problem = make("p", "field-error");
    problem.id = "gate-problem";
    problem.setAttribute("role", "alert");
    const enter = make("button", "button primary", text("enter_room"));
    if (reason === "password_wrong") problem.textContent = text("password_wrong");
    if (reason === "password_wait" || reason === "password_busy")
      this.#holdUp(text(reason, { seconds: wait }), wait, enter, problem);
    if (reason !== "password") {
      field.append(problem);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
    }
    const form = make("form", "", field, enter);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (enter.disabled) return;
      enter.disabled = true;
      this.enter(input.value);
    });
    return form;
  }

  /** Too many wrong ones, or too many people: the next try is possible in so many seconds. Said once, counted down on the button. */
  #holdUp(why: string, wait: number, enter: HTMLButtonElement, problem: HTMLElement): void {
    const end = Date.now() + wait * 1000;
    problem.textContent = why;
    const tick = (): void => {
      const left = Math.ceil((end - Date.now()) / 1000);
      enter.disabled = left > 0;
      enter.textContent = left > 0 ? text("enter_in", { seconds: left }) : text("enter_room");
      if (left <= 0) clearInterval(this.#timer);
    };
    this.#timer = setInterval(tick, 250);
    tick();
  }
}
