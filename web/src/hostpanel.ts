// The host controls: a dialog that shows what holds in the room, and changes it. Only hosts have it.

import type { Ask } from "./ask.ts";
import { AuditLog } from "./audit.ts";
import { copyText } from "./copy.ts";
import { type Credentials, hostLink } from "./credentials.ts";
import { byId, make } from "./dom.ts";
import { command } from "./fields.ts";
import { handItem } from "./hands.ts";
import type { HostDialogs } from "./hostdialogs.ts";
import { formatNumber, text } from "./language.ts";
import type { Act } from "./moderation.ts";
import type { Ban, Policy } from "./policy.ts";
import type { PreparedList } from "./preparedlist.ts";
import { most, pace, password, reserved, type Setting, speakers, toggle } from "./settings.ts";
import { moment } from "./time.ts";

const DONE = 2_000;

export class HostPanel {
  readonly #button = byId("hosting-button", HTMLButtonElement);
  readonly #count = byId("hosting-count", HTMLElement);
  readonly #dialog = byId("hosting", HTMLDialogElement);
  readonly #box = byId("hosting-box", HTMLElement);
  readonly #problem = byId("hosting-problem", HTMLElement);
  readonly #settings: Setting[] = [];
  readonly #hands = make("ul", "hands-list");
  readonly #noHands = make("p", "hint", text("hands_none"));
  readonly #handsBox = make(
    "section",
    "group",
    make("h3", "", text("hands_title")),
    this.#noHands,
    this.#hands,
  );
  readonly #kept = make("ul", "kept");
  readonly #keptBox = make("section", "group", make("h3", "", text("kept_title")), this.#kept);
  readonly #closing = make("section", "group");
  readonly #audit: AuditLog;
  #copyHost: HTMLButtonElement | undefined;
  #isClosed: boolean | undefined;
  #words: readonly string[] = [];

  /** `link` is the room's; `moved` goes to the room under its new code. */
  constructor(
    readonly link: string,
    readonly credentials: Credentials,
    readonly ask: Ask,
    readonly act: Act,
    readonly prepared: PreparedList,
    readonly dialogs: HostDialogs,
    readonly moved: (room: string) => void,
  ) {
    this.#audit = new AuditLog(act);
    this.#button.addEventListener("click", () => {
      this.problem("");
      this.#dialog.showModal();
      this.#audit.refresh();
      void this.prepared.load();
      void this.act("show");
    });
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  problem(why: string): void {
    this.#problem.textContent = why;
  }

  show(policy: Policy, isHost: boolean): void {
    this.#button.hidden = !isHost;
    if (!isHost) {
      this.dialogs.bells.close();
      this.dialogs.roster.close();
      this.dialogs.webhooks.close();
      this.#dialog.close();
      return;
    }
    if (this.#settings.length === 0) this.#build();
    // A host by a token has no key to pass on.
    if (this.#copyHost !== undefined) this.#copyHost.hidden = this.credentials.host === undefined;
    const { length } = policy.hands;
    this.#count.hidden = length === 0;
    this.#count.textContent = formatNumber(length);
    const title = byId("hosting-title", HTMLElement).textContent;
    const hands = text("host_hands", { count: length });
    this.#button.setAttribute("aria-label", length === 0 ? title : `${title}, ${hands}`);
    for (const setting of this.#settings) setting.follow(policy);
    this.#showHands(policy);
    if (policy.bans !== undefined) this.#showKept(policy, policy.bans);
    this.#showClosing(policy.closed);
    if (this.isOpen) this.#audit.refresh();
    this.dialogs.bells.refresh();
    this.dialogs.webhooks.refresh();
  }

  #build(): void {
    const { act } = this;
    const { bells, roster, webhooks } = this.dialogs;
    const speak = speakers(act);
    const lock = toggle(
      act,
      text("lock"),
      text("lock_hint"),
      ({ locked }) => locked,
      (locked) => ({ locked }),
    );
    const late = toggle(
      act,
      text("late"),
      text("late_hint"),
      ({ history }) => history === "all",
      (on) => ({ history: on ? "all" : "none" }),
    );
    const two = toggle(
      act,
      text("two_person"),
      text("two_person_hint"),
      ({ two_person }) => two_person,
      (on) => ({ two_person: on }),
    );
    const doors = [lock, password(act), most(act), reserved(act)];
    const messages = [pace(act), late];
    this.#settings.push(speak, ...doors, ...messages, two);
    this.#box.append(
      make("p", "hint", text("host_intro")),
      make("section", "group", speak.element),
      this.#handsBox,
      group(text("in_title"), ...doors.map(({ element }) => element)),
      group(text("pace_title"), ...messages.map(({ element }) => element)),
      group(text("alerting_title"), two.element, this.prepared.element),
      group(
        text("roster_title"),
        make("p", "hint", text("roster_hint")),
        opens(text("roster_open"), "roster", roster),
      ),
      group(
        text("bells_title"),
        make("p", "hint", text("bells_hint")),
        opens(text("bells_open"), "bells", bells),
      ),
      group(
        text("webhooks_title"),
        make("p", "hint", text("webhooks_hint")),
        opens(text("webhooks_open"), "webhooks", webhooks),
      ),
      this.#links(),
      this.#keptBox,
      this.#audit.element,
      this.#closing,
    );
  }

  #links(): HTMLElement {
    const field = make("input", "code");
    field.type = "text";
    field.readOnly = true;
    field.dir = "ltr";
    field.setAttribute("aria-label", text("copy_here"));
    field.hidden = true;
    field.addEventListener("blur", () => {
      field.hidden = true;
    });
    const copy = (words: string, link: () => string): HTMLButtonElement =>
      command(words, async (button) => {
        if (!(await copyText(link(), field))) return;
        button.textContent = text("link_copied");
        button.focus();
        setTimeout(() => {
          button.textContent = words;
        }, DONE);
      });
    const copyHost = copy(text("copy_host_link"), () => hostLink(this.link, this.credentials.host ?? ""));
    this.#copyHost = copyHost;
    const anew = command(text("new_key"), async () => {
      const question = { title: text("new_key_title"), text: text("new_key_text"), yes: text("new_key") };
      if (!(await this.ask.ask(question))) return;
      await this.act("new_key");
    });
    const move = command(text("new_code"), async () => {
      const question = { title: text("new_code_title"), text: text("new_code_text"), yes: text("new_code") };
      if (!(await this.ask.ask(question))) return;
      const done = await this.act("new_code");
      if (done?.room !== undefined) this.moved(done.room);
    });
    const guests = make("p", "hint", text("link_hint"));
    const hosts = make("p", "hint", text("host_link_hint"));
    const links = group(text("links_title"), guests);
    links.append(
      make(
        "div",
        "controls",
        copy(text("copy_link"), () => this.link),
        move,
      ),
      hosts,
    );
    links.append(make("div", "controls", copyHost, anew), field);
    return links;
  }

  #showHands({ announce, hands, words }: Policy): void {
    this.#handsBox.hidden = !announce;
    const shown = [...hands, "", ...words];
    if (JSON.stringify(shown) === JSON.stringify(this.#words)) return;
    this.#words = shown;
    const hadFocus = this.#hands.contains(document.activeElement);
    const speaking = words.map((name) => {
      const take = command(text("take_word"), () => void this.act("take_word", { name }));
      take.setAttribute("aria-label", text("take_word_from", { name }));
      return make("li", "hand", make("span", "hand-name", nameTag(name), ` ${text("has_word")}`), take);
    });
    this.#hands.replaceChildren(...hands.map((name) => handItem(name, this.act)), ...speaking);
    this.#noHands.hidden = hands.length > 0;
    if (hadFocus) (this.#hands.querySelector("button") ?? this.#dialog).focus();
  }

  /** Who is muted and banned, and until when. */
  #showKept({ mutes }: Policy, bans: readonly Ban[]): void {
    const hadFocus = this.#kept.contains(document.activeElement);
    const muted = mutes.map(({ name, until }) =>
      this.#keptItem(name, text("muted"), until, text("unmute"), "unmute", { name }),
    );
    const banned = bans.map(({ name, address, until = null }) =>
      this.#keptItem(
        name ?? address ?? "",
        text("banned"),
        until,
        text("unban"),
        "unban",
        name === undefined ? { address } : { name },
      ),
    );
    this.#kept.replaceChildren(...muted, ...banned);
    this.#keptBox.hidden = muted.length + banned.length === 0;
    if (hadFocus) (this.#kept.querySelector("button") ?? this.#dialog).focus();
  }

  #keptItem(
    who: string,
    what: string,
    until: string | null,
    words: string,
    action: string,
    body: object,
  ): HTMLElement {
    const end = until === null ? "" : ` ${text("until", { time: moment(Date.parse(until), Date.now()) })}`;
    const undo = command(words, () => void this.act(action, body));
    undo.setAttribute("aria-label", `${words}: ${who}`);
    return make("li", "hand", make("span", "hand-name", nameTag(who), ` ${what}${end}`), undo);
  }

  #showClosing(isClosed: boolean): void {
    if (isClosed === this.#isClosed) return;
    this.#isClosed = isClosed;
    const hadFocus = this.#closing.contains(document.activeElement);
    const button = isClosed
      ? command(text("open_room"), () => void this.act("set", { settings: { closed: false } }))
      : command(text("close_room"), async () => {
          const question = {
            title: text("close_title"),
            text: text("close_hint"),
            yes: text("close_room"),
          };
          if (await this.ask.ask(question)) await this.act("close");
        });
    button.classList.add(isClosed ? "primary" : "danger");
    this.#closing.replaceChildren(
      make("h3", "", text("closing_title")),
      make("p", "hint", text(isClosed ? "is_closed" : "close_hint")),
      make("div", "controls", button),
    );
    if (hadFocus) button.focus();
  }
}

function group(title: string, ...content: HTMLElement[]): HTMLElement {
  return make("section", "group", make("h3", "", title), ...content);
}

/** A button that opens another dialog. */
function opens(words: string, id: string, dialog: { readonly open: () => void }): HTMLElement {
  const open = command(words, () => dialog.open());
  open.setAttribute("aria-haspopup", "dialog");
  open.setAttribute("aria-controls", id);
  return make("div", "controls", open);
}

const nameTag = (name: string): HTMLElement => make("bdi", "name", name);
