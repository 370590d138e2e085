// The input: what is typed, what is on its way, and why something cannot be sent or was not stored.

import type { Connection } from "./connection.ts";
import { byId } from "./dom.ts";
import { Draft } from "./draft.ts";
import { isKey, text } from "./language.ts";
import type { Said } from "./lines.ts";
import type { Refusal, Sent } from "./outbox.ts";
import { excess } from "./size.ts";
import type { State } from "./state.ts";

/** An answer usually comes faster than this (ms); only a slower one is worth a word. */
const SLOW = 600;

const MOST_UNHEARD = 20;

/** What was sent and not yet answered; `heard` once the room has heard it. */
interface Letter {
  readonly text: string;
  heard: boolean;
}

/** What the composer tells the page. */
export interface Host {
  /** Shows a text to the person, or clears it with "". */
  problem(text: string): void;
  /** Something has been sent and is not answered yet. */
  sent(): void;
  /** It came too soon after the one before: the next may come in so many seconds. */
  tooSoon(seconds: number): void;
}

export class Composer {
  readonly #form = byId("compose", HTMLFormElement);
  readonly #input = byId("message", HTMLTextAreaElement);
  readonly #send = byId("send", HTMLButtonElement);
  readonly #hint = byId("hint", HTMLElement);
  readonly #why = byId("why", HTMLElement);
  readonly #wait = byId("wait", HTMLElement);
  /** Sent and not yet answered, oldest first. */
  readonly #waiting: Letter[] = [];
  /** Answered before the room heard them; few, since as a rule the room hears first. */
  readonly #unheard: Letter[] = [];
  readonly #draft: Draft;
  #connected = false;
  #slow = false;
  #slowTimer: number | undefined;
  /** The last message was heard and is not kept. */
  #unstored = false;
  /** Why nothing can be sent for the moment. */
  #hold = "";

  /** A message may have `maxBytes`. `isDurable` says that the server's history is to be on disk. */
  constructor(
    readonly connection: Connection,
    readonly host: Host,
    readonly maxBytes: number,
    readonly isDurable: boolean,
  ) {
    this.#draft = new Draft(connection.room, connection.name);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#input.addEventListener("keydown", (event) => {
      // An Enter that ends the composition of a word (Japanese, Chinese, Korean) sends nothing.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      void this.#submit();
    });
    this.#input.addEventListener("input", () => {
      if (this.#input.value === "") this.host.problem("");
      this.#render();
    });
    // A touch of the button would take the focus, and with it the keyboard of a phone.
    this.#send.addEventListener("mousedown", (event) => event.preventDefault());
    const { text, unsure } = this.#draft.load();
    if (unsure) this.host.problem(failure({ kind: "unsure" }));
    this.#write(text);
  }

  setState(state: State): void {
    this.#connected = state.phase === "connected";
    this.#render();
  }

  /** Keeps what is typed from being sent, and says why; "" lets it. */
  hold(why: string): void {
    if (why === this.#hold) return;
    this.#hold = why;
    this.#render();
  }

  /** Ready to type; not on a touch screen, where the keyboard would cover half of the page unasked. */
  focus(): void {
    if (matchMedia("(hover: hover)").matches) this.#input.focus();
  }

  /** Whether this message was sent from here. Asked once for each message. */
  isOwn(said: Said): boolean {
    if (!said.own) return false;
    const letters = [...this.#unheard, ...this.#waiting];
    const letter = letters.find(({ text, heard }) => !heard && said.text === text);
    if (letter === undefined) return false;
    letter.heard = true;
    this.#render();
    this.#unheard.splice(0, Infinity, ...this.#unheard.filter(({ heard }) => !heard));
    return true;
  }

  /** Nothing is left for whoever uses the browser next. */
  forget(): void {
    this.#waiting.length = 0;
    this.#write("");
  }

  async #submit(): Promise<void> {
    const typed = this.#input.value;
    const mayNot = !this.#connected || this.#hold !== "" || excess(typed, this.maxBytes) > 0;
    if (typed.trim() === "" || mayNot) return;
    const letter = { text: typed, heard: false };
    this.#waiting.push(letter);
    this.#write("");
    this.host.sent();
    this.#watchSlow();
    const sent = await this.connection.send(typed);
    // Not waiting any more: an earlier text failed and took this one back with it.
    const index = this.#waiting.indexOf(letter);
    if (index < 0) return;
    if (sent.kind === "sent") {
      this.#waiting.splice(index, 1);
      if (!letter.heard) this.#unheard.unshift(letter);
      this.#unheard.length = Math.min(this.#unheard.length, MOST_UNHEARD);
      this.host.problem("");
      this.#unstored = this.isDurable && !sent.stored;
    } else {
      // What follows a text without an answer has none either, and the texts must keep their order.
      this.#takeBack(sent.kind === "refused" ? this.#waiting.splice(index, 1) : this.#waiting.splice(index));
      const isTooSoon = sent.kind === "refused" && sent.reason === "slow";
      this.host.problem(isTooSoon ? "" : failure(sent));
      if (isTooSoon) this.host.tooSoon(sent.wait ?? 1);
    }
    this.#watchSlow();
  }

  #takeBack(letters: Letter[]): void {
    this.#write(joined(letters, this.#input.value));
  }

  #write(text: string): void {
    this.#input.value = text;
    this.#render();
  }

  #watchSlow(): void {
    clearTimeout(this.#slowTimer);
    this.#slow = false;
    if (this.#waiting.length > 0) {
      this.#slowTimer = setTimeout(() => {
        this.#slow = true;
        this.#render();
      }, SLOW);
    }
    this.#render();
  }

  #render(): void {
    // What the room has heard is no draft, even if its answer is still on the way.
    const unheard = this.#waiting.filter(({ heard }) => !heard);
    this.#draft.save({ text: joined(unheard, this.#input.value), unsure: unheard.length > 0 });
    const over = excess(this.#input.value, this.maxBytes);
    this.#send.disabled = !this.#connected || this.#hold !== "" || over > 0;
    this.#input.setAttribute("aria-invalid", String(over > 0));
    const whyNot = this.#whyNot(over);
    const isNote = whyNot === "" && this.#unstored;
    const why = isNote ? text("unstored") : whyNot;
    if (this.#why.textContent !== why) this.#why.textContent = why;
    this.#why.classList.toggle("over", over > 0);
    this.#why.classList.toggle("note", isNote);
    this.#wait.textContent = why === "" ? this.#hold : "";
    this.#hint.hidden = why !== "" || this.#hold !== "";
  }

  #whyNot(over: number): string {
    if (over > 0) return text("too_long", { excess: over, max: this.maxBytes });
    if (!this.#connected) return text("not_connected");
    return this.#slow ? text("slow") : "";
  }
}

/** What is under way and what is in the input, as one text. */
function joined(letters: readonly Letter[], input: string): string {
  return [...letters.map(({ text }) => text), input].filter((text) => text !== "").join("\n");
}

function failure(sent: Exclude<Sent, { kind: "sent" }>): string {
  return sent.kind === "refused" ? text("not_sent", { reason: reason(sent) }) : text(sent.kind);
}

/** Why the server has refused something: in the page's language, or else in the server's words. */
export function reason({ code, message, reason }: Refusal): string {
  const key = `why_${reason ?? code}`;
  if (isKey(key)) return text(key);
  return isKey(code) ? text(code) : message;
}
