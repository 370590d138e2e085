// The settings of notifications on this device, and why they cannot work where they cannot.

import { byId, make } from "./dom.ts";
import { checkbox, tick } from "./fields.ts";
import { text } from "./language.ts";
import type { NotifySettings } from "./notifysettings.ts";
import type { QuietHours } from "./quiethours.ts";

/** What is offered to whoever turns quiet hours on. */
const NIGHT: QuietHours = { from: "22:00", to: "07:00" };

interface Follower {
  /** Shows one, and returns whether the browser could. */
  test(): Promise<boolean>;
  /** Has the device told while the page is closed. Resolves to what stands in the way, or "". */
  push(): Promise<string>;
  /** Resolves to what went wrong, or "". */
  changed(settings: NotifySettings): Promise<string>;
}

export class NotifyDialog {
  readonly #dialog = byId("notifying", HTMLDialogElement);
  readonly #problem = make("p", "field-error");
  readonly #on = checkbox();
  readonly #messages = checkbox();
  readonly #push = checkbox();
  readonly #quiet = checkbox();
  readonly #from = time();
  readonly #to = time();

  constructor(
    settings: NotifySettings,
    readonly follower: Follower,
  ) {
    this.#on.setAttribute("role", "switch");
    this.#push.setAttribute("role", "switch");
    this.#problem.setAttribute("role", "alert");
    const title = make("h2", "", text("notify_settings"));
    title.id = "notifying-title";
    const times = make(
      "div",
      "controls",
      make("label", "labelled", make("span", "", text("quiet_from")), this.#from),
      make("label", "labelled", make("span", "", text("quiet_to")), this.#to),
    );
    const settingsBox = make(
      "div",
      "hosting-box",
      setting(this.#on, text("notify_on"), text("notify_on_hint")),
      make("div", "setting", tick(this.#messages, text("notify_messages"))),
      setting(this.#push, text("push_on"), text("push_hint")),
      setting(this.#quiet, text("quiet_hours"), text("quiet_hint"), times),
    );
    this.#dialog.append(title, this.#problem, settingsBox);
    this.#on.addEventListener("change", () => void this.#turn());
    this.#push.addEventListener("change", () => void this.#turnPush());
    for (const one of [this.#messages, this.#quiet, this.#from, this.#to])
      one.addEventListener("change", () => void this.#changed());
    this.show(settings);
  }

  show({ on, messages, push, quiet }: NotifySettings): void {
    const { from, to } = quiet ?? NIGHT;
    this.#on.checked = on;
    this.#messages.checked = messages;
    this.#push.checked = push;
    this.#quiet.checked = quiet !== null;
    this.#from.value = from;
    this.#to.value = to;
    this.#follow();
  }

  /** Whether the browser lets the page show any. */
  static isAllowed(): boolean {
    return whyNot() === "" && Notification.permission === "granted";
  }

  open(): void {
    this.#problem.textContent = "";
    this.#dialog.showModal();
  }

  async #turn(): Promise<void> {
    let why = this.#on.checked ? await ask() : "";
    if (this.#on.checked && why === "" && !(await this.follower.test())) why = text("notify_unsupported");
    if (why !== "") this.#on.checked = false;
    this.#problem.textContent = why;
    await this.#changed();
  }

  async #turnPush(): Promise<void> {
    const isOn = this.#push.checked;
    this.#push.disabled = true;
    const why = isOn ? await this.follower.push() : "";
    if (why !== "") this.#push.checked = false;
    this.#problem.textContent = why;
    await this.#changed();
  }

  async #changed(): Promise<void> {
    this.#follow();
    const [from, to] = [this.#from.value, this.#to.value];
    const why = await this.follower.changed({
      on: this.#on.checked,
      messages: this.#messages.checked,
      push: this.#push.checked,
      // While a time is being typed there is none.
      quiet: this.#quiet.checked && from !== "" && to !== "" ? { from, to } : null,
    });
    if (why !== "") this.#problem.textContent = why;
  }

  #follow(): void {
    for (const one of [this.#messages, this.#push, this.#quiet]) one.disabled = !this.#on.checked;
    for (const one of [this.#from, this.#to]) one.disabled = !this.#on.checked || !this.#quiet.checked;
  }
}

function time(): HTMLInputElement {
  const input = make("input", "");
  input.type = "time";
  input.required = true;
  return input;
}

let hints = 0;

function setting(box: HTMLInputElement, words: string, hint: string, ...more: HTMLElement[]): HTMLElement {
  const why = make("p", "hint", hint);
  why.id = `notify-hint-${hints++}`;
  box.setAttribute("aria-describedby", why.id);
  return make("div", "setting", tick(box, words), why, ...more);
}

/** What stands in the way before anybody is asked. */
function whyNot(): string {
  if (!isSecureContext) return text("notify_insecure");
  return "Notification" in window ? "" : text("notify_unsupported");
}

async function ask(): Promise<string> {
  const why = whyNot();
  if (why !== "") return why;
  switch (await Notification.requestPermission()) {
    case "granted":
      return "";
    case "denied":
      return text("notify_denied");
    default:
      return text("notify_unanswered");
  }
}
