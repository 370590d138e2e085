// Optional notifications while the page is not in front: of each alert once on a device, until it has ended or somebody
// has confirmed it there or elsewhere; and of messages.

import { alertWords } from "./alertwords.ts";
import { text } from "./language.ts";
import { type Notice, Notices } from "./notices.ts";
import { Notified } from "./notified.ts";
import { NotifyDialog } from "./notifydialog.ts";
import { keep, kept, type NotifySettings } from "./notifysettings.ts";
import type { Alert } from "./protocol.ts";
import { isQuiet } from "./quiethours.ts";

/** A message waits for so long (ms): if it is the words of an alert, that follows at once. */
const PAUSE = 300;

export class Notify {
  readonly #notices = new Notices();
  readonly #notified: Notified;
  #settings: NotifySettings;
  #waiting: string[] = [];
  #timer: number | undefined;

  constructor(
    readonly button: HTMLButtonElement,
    readonly room: string,
  ) {
    this.#notified = new Notified(room);
    const settings = kept();
    this.#settings = { ...settings, on: settings.on && NotifyDialog.isAllowed() };
    const dialog = new NotifyDialog(this.#settings, {
      test: () => this.#test(),
      changed: (settings) => {
        this.#settings = settings;
        keep(settings);
        this.#mark();
      },
    });
    button.hidden = false;
    button.addEventListener("click", () => dialog.open());
    this.#mark();
  }

  /** Words of somebody else. */
  message(words: string): void {
    this.#waiting.push(words);
    this.#timer ??= setTimeout(() => this.#sayMessages(), PAUSE);
  }

  /** The alerts in force; `isConfirmed` says whether the reader has confirmed one. */
  alerts(alerts: readonly Alert[], isConfirmed: (id: string) => boolean): void {
    for (const id of this.#notified.retain(new Set(alerts.map(({ id }) => id)))) this.#close(id);
    for (const alert of alerts) this.#follow(alert, isConfirmed(alert.id));
  }

  /** An alert says this itself: it is no message as well. */
  drop(words: string): void {
    const place = this.#waiting.indexOf(words);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  /** Nothing is left of the room for whoever uses the browser next. */
  forget(): void {
    for (const id of this.#notified.retain(new Set())) this.#close(id);
  }

  #follow(alert: Alert, isConfirmed: boolean): void {
    const { id } = alert;
    const said = `${alert.level} ${alert.text}`;
    const isNoted = this.#notified.has(id, said);
    // Whoever has confirmed it is not disturbed again, whatever becomes of it. What is shown of it is never out of date.
    if (isConfirmed || !isNoted) this.#close(id);
    if (isNoted) return;
    const isShown = !isConfirmed && !isInFront() && this.#isDue(alert) && this.#show(alert);
    if (isConfirmed || isInFront() || isShown) this.#notified.note(id, said);
  }

  #isDue({ level }: Alert): boolean {
    const { on, messages, quiet } = this.#settings;
    if (!on || (level !== "emergency" && isQuiet(quiet, new Date()))) return false;
    return level !== "info" || (messages && document.hidden);
  }

  #show(alert: Alert): boolean {
    const notice = this.#said(tagOf(this.room, alert.id), alertWords(alert));
    return this.#notices.show({ ...notice, stays: alert.level === "emergency" });
  }

  #sayMessages(): void {
    this.#timer = undefined;
    const words = this.#waiting.at(-1);
    this.#waiting = [];
    const { on, messages, quiet } = this.#settings;
    if (words === undefined || !on || !messages || !document.hidden || isQuiet(quiet, new Date())) return;
    this.#notices.show(this.#said(tagOf(this.room), words));
  }

  #test(): boolean {
    return this.#notices.show(this.#said(tagOf(this.room), text("notify_test")));
  }

  #said(tag: string, body: string): Notice {
    return { tag, title: text("notify_title", { room: this.room }), body };
  }

  #close(id: string): void {
    this.#notices.close(tagOf(this.room, id));
  }

  #mark(): void {
    const { on } = this.#settings;
    this.button.toggleAttribute("data-on", on);
    this.button.setAttribute("aria-description", text(on ? "on" : "is_off"));
  }
}

/** What is in the room has one tag, and each alert has its own. */
const tagOf = (room: string, id?: string): string =>
  id === undefined ? `alert ${room}` : `alert ${room} ${id}`;

const isInFront = (): boolean => !document.hidden && document.hasFocus();
