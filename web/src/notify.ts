// Optional notifications while the page is not in front: of each alert once on a device, until it has ended or somebody
// has confirmed it there or elsewhere; and of messages.

import { alertWords, reminderWords } from "./alertwords.ts";
import { text } from "./language.ts";
import { type Notice, Notices, register } from "./notices.ts";
import { Notified } from "./notified.ts";
import { NotifyDialog } from "./notifydialog.ts";
import { KEY, keep, kept, type NotifySettings } from "./notifysettings.ts";
import type { Alert } from "./protocol.ts";
import type { Pushing } from "./pushing.ts";
import { tagOf } from "./pushnotice.ts";
import { isQuiet } from "./quiethours.ts";

/** A message waits for so long (ms): if it is the words of an alert, that follows at once. */
const PAUSE = 300;
/** A device is renewed after this time (ms), or up to twice that. */
const RENEWS = 1000;

export class Notify {
  readonly #notices: Notices;
  readonly #notified: Notified;
  #settings: NotifySettings;
  /** The alerts that were in force. */
  #known: ReadonlySet<string> = new Set();
  #waiting: string[] = [];
  #timer: number | undefined;
  #renewing: number | undefined;

  constructor(
    readonly button: HTMLButtonElement,
    readonly room: string,
    readonly pushing: Pushing,
  ) {
    this.#notices = new Notices(room);
    this.#notified = new Notified(room);
    const settings = kept();
    this.#settings = { ...settings, on: settings.on && NotifyDialog.isAllowed() };
    const dialog = new NotifyDialog(this.#settings, {
      test: () => this.#test(),
      push: () => this.pushing.subscribe(this.#settings.quiet),
      changed: (settings) => this.#change(settings),
    });
    button.hidden = false;
    button.addEventListener("click", () => dialog.open());
    // Another page of the device has changed them.
    addEventListener("storage", ({ key }) => {
      if (key !== KEY) return;
      this.#settings = kept();
      dialog.show(this.#settings);
      this.#mark();
      this.entered();
    });
    this.#mark();
  }

  /** The page is in the room: the server hears that this device goes on to be told. */
  entered(): void {
    const { on, push, quiet } = this.#settings;
    if (on && push) void this.pushing.subscribe(quiet);
  }

  /** The server has perhaps dropped this device: a new password or key keeps those out who are not there now. */
  renew(): void {
    // Not all at once, and after the server has dropped those that are not there.
    this.#renewing ??= setTimeout(
      () => {
        this.#renewing = undefined;
        this.entered();
      },
      RENEWS + Math.random() * RENEWS,
    );
  }

  /** Words of somebody else. */
  message(words: string): void {
    this.#waiting.push(words);
    this.#timer ??= setTimeout(() => this.#sayMessages(), PAUSE);
  }

  /** The alerts in force; `isConfirmed` says whether the reader has confirmed one. */
  alerts(alerts: readonly Alert[], isConfirmed: (id: string) => boolean): void {
    const now = new Set(alerts.map(({ id }) => id));
    // Another page of the device may have forgotten what this one shows.
    const over = new Set([...this.#notified.retain(now), ...this.#known].filter((id) => !now.has(id)));
    this.#known = now;
    for (const id of over) this.#close(id);
    for (const alert of alerts) this.#follow(alert, isConfirmed(alert.id));
  }

  /** The reader has not confirmed one: it takes the place of what is shown of it, and is closed as that is. */
  remind(alert: Alert): void {
    if (isInFront() || !this.#isDue(alert)) return;
    // Each makes a sound, though the alert has made its own.
    void this.#notices.show(this.#noticeOf(alert, reminderWords(alert)));
  }

  /** An alert says this itself: it is no message as well. */
  drop(words: string): void {
    const place = this.#waiting.indexOf(words);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  /** Nothing is left of the room for whoever uses the browser next. */
  async forget(): Promise<void> {
    if (this.#settings.push) await this.pushing.leave();
    for (const id of this.#notified.retain(new Set())) this.#close(id);
  }

  #follow(alert: Alert, isConfirmed: boolean): void {
    const { id } = alert;
    const said = `${alert.level} ${alert.text}`;
    const isNoted = this.#notified.has(id, said);
    // Whoever has confirmed it is not disturbed again, whatever becomes of it. What is shown of it is never out of date.
    if (isConfirmed || !isNoted) this.#close(id);
    if (isNoted) return;
    const isDue = !isConfirmed && !isInFront() && this.#isDue(alert);
    if (isDue) void this.#show(alert);
    if (isConfirmed || isInFront() || isDue) this.#notified.note(id, said);
  }

  #isDue({ level }: Alert): boolean {
    const { on, messages, quiet } = this.#settings;
    if (!on || (level !== "emergency" && isQuiet(quiet, new Date()))) return false;
    return level !== "info" || (messages && document.hidden);
  }

  /** Resolves to what went wrong, or "". */
  async #change(settings: NotifySettings): Promise<string> {
    const before = this.#settings;
    this.#settings = settings;
    keep(settings);
    this.#mark();
    const wasPushed = before.on && before.push;
    const isPushed = settings.on && settings.push;
    if (wasPushed && !isPushed) return this.pushing.end();
    // The server looks at the clock for this device.
    if (isPushed && JSON.stringify(before.quiet) !== JSON.stringify(settings.quiet)) this.entered();
    return "";
  }

  #show(alert: Alert): Promise<boolean> {
    return this.#notices.show({ ...this.#noticeOf(alert, alertWords(alert)), said: alert });
  }

  #noticeOf(alert: Alert, words: string): Notice {
    const notice = this.#said(tagOf(this.room, alert.id), words);
    return { ...notice, stays: alert.level === "emergency" };
  }

  #sayMessages(): void {
    this.#timer = undefined;
    const words = this.#waiting.at(-1);
    this.#waiting = [];
    const { on, messages, quiet } = this.#settings;
    if (words === undefined || !on || !messages || !document.hidden || isQuiet(quiet, new Date())) return;
    void this.#notices.show(this.#said(tagOf(this.room), words));
  }

  async #test(): Promise<boolean> {
    await register();
    return this.#notices.show(this.#said(tagOf(this.room), text("notify_test")));
  }

  #said(tag: string, body: string): Notice {
    return { tag, title: text("notify_title", { room: this.room }), body };
  }

  #close(id: string): void {
    void this.#notices.close(tagOf(this.room, id));
  }

  #mark(): void {
    const { on } = this.#settings;
    this.button.toggleAttribute("data-on", on);
    this.button.setAttribute("aria-description", text(on ? "on" : "is_off"));
  }
}

const isInFront = (): boolean => !document.hidden && document.hasFocus();
