// The list of the alerts in force. What has not changed stays where it is, with the focus that it has.

import { countWords, type Recount, recounts } from "./alertcount.ts";
import { inOrder } from "./alertorder.ts";
import { alertLevel } from "./alertwords.ts";
import { Confirming } from "./confirming.ts";
import { byId, make } from "./dom.ts";
import { parts, text } from "./language.ts";
import { type Alert, type Counts, STAGES } from "./protocol.ts";
import type { RollCalls } from "./rollcalls.ts";
import { moment } from "./time.ts";

/** What a host does with one. */
export interface Deeds {
  change(alert: Alert): void;
  end(alert: Alert): void;
  /** What becomes of its countdown. */
  recount(alert: Alert, recount: Recount): void;
  /** Raised by mistake: it ends at once, with that word. */
  mistaken(alert: Alert): void;
}

export class AlertList {
  readonly #list = byId("alerts", HTMLUListElement);
  readonly #others = byId("alerts-others", HTMLElement);
  readonly #items = new Map<string, Item>();

  constructor(
    readonly deeds: Deeds,
    readonly rolls: RollCalls,
  ) {
    this.#list.addEventListener("scroll", () => this.#countOthers(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(this.#list);
  }

  show(alerts: readonly Alert[], mayAlert: boolean, now: number): void {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement : null;
    const sorted = inOrder(alerts);
    const stay = new Set(alerts.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (stay.has(id)) continue;
      item.element.remove();
      this.#items.delete(id);
    }
    const fresh: Alert[] = [];
    sorted.forEach((alert, place) => {
      let item = this.#items.get(alert.id);
      if (item === undefined) {
        item = new Item(this.deeds, this.rolls, () => this.#measure());
        this.#items.set(alert.id, item);
        fresh.push(alert);
      }
      item.show(alert, mayAlert, now);
      const there = this.#list.children[place] ?? null;
      if (there !== item.element) this.#list.insertBefore(item.element, there);
    });
    this.#list.hidden = sorted.length === 0;
    this.#measure();
    // A drill does not take the place of what is real.
    const [first] = inOrder(fresh);
    if (first !== undefined && !(first.drill && sorted.some(({ drill }) => !drill))) this.reveal(first.id);
    // Where an item moves, the browser takes the focus from it.
    if (focused instanceof HTMLElement) {
      if (focused.isConnected && focused.checkVisibility()) focused.focus({ preventScroll: true });
      else if (!this.#list.contains(document.activeElement))
        byId("log", HTMLElement).focus({ preventScroll: true });
    }
  }

  /** Where nothing has the focus, the log has it: never the button of another alert. */
  keepFocus(): void {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body || !activeElement.checkVisibility())
      byId("log", HTMLElement).focus({ preventScroll: true });
  }

  /** The moments that are counted down to come nearer. */
  count(now: number): void {
    for (const item of this.#items.values()) item.count(now);
  }

  /** Has one seen, which others may have pushed out of sight. */
  reveal(id: string): void {
    const element = this.#items.get(id)?.element;
    if (element === undefined) return;
    const list = this.#list.getBoundingClientRect();
    const { top, bottom } = element.getBoundingClientRect();
    if (top < list.top) this.#list.scrollTop -= list.top - top;
    else if (bottom > list.bottom) this.#list.scrollTop += Math.min(bottom - list.bottom, top - list.top);
  }

  #measure(): void {
    for (const item of this.#items.values()) item.measure();
    const scrolls = this.#list.scrollHeight > this.#list.clientHeight;
    // Without buttons in it, only so can the keyboard scroll it.
    if (scrolls) this.#list.tabIndex = 0;
    else this.#list.removeAttribute("tabindex");
    this.#countOthers();
  }

  /** How many are not to be seen, above or below. */
  #countOthers(): void {
    const list = this.#list.getBoundingClientRect();
    let others = 0;
    for (const { words } of this.#items.values()) {
      const { top } = words.getBoundingClientRect();
      if (top < list.top - 1 || top + LINE > list.bottom) others += 1;
    }
    const isShown = others > 0 && !this.#list.hidden;
    this.#others.hidden = !isShown;
    this.#others.textContent = isShown ? text("alerts_others", { count: others }) : "";
  }
}

/** For so long (ms) an alert can be taken back in one click. */
const RETRACTED = 300_000;

/** Of an alert that is seen, at least so much (px) is: a line of its words. */
const LINE = 20;

class Item {
  readonly words = make("p", "alert-text");
  readonly #about = make("p", "alert-about");
  readonly #count = make("span", "alert-count");
  readonly #more = make("button", "button");
  readonly #recounts = make("div", "alert-row");
  readonly #change = make("button", "button", text("alert_change"));
  readonly #end = make("button", "button", text("alert_end"));
  readonly #mistaken = make("button", "button", text("alert_mistake"));
  readonly #roll = make("button", "button");
  readonly #confirming: Confirming;
  readonly element = make(
    "li",
    "alert",
    make("div", "alert-words", this.words, this.#about),
    this.#recounts,
    make("div", "alert-row", this.#more, this.#roll, this.#change, this.#end, this.#mistaken),
  );
  #alert: Alert | undefined;

  constructor(
    readonly deeds: Deeds,
    readonly rolls: RollCalls,
    resized: () => void,
  ) {
    for (const button of [this.#more, this.#roll, this.#change, this.#end, this.#mistaken])
      button.type = "button";
    this.#recounts.setAttribute("role", "group");
    this.#more.hidden = true;
    this.#more.addEventListener("click", () => {
      this.element.toggleAttribute("data-open");
      this.#nameMore();
      resized();
    });
    this.#confirming = new Confirming((answer) => this.#alert && void rolls.confirm(this.#alert.id, answer));
    this.element.append(this.#confirming.element);
    this.#roll.setAttribute("aria-haspopup", "dialog");
    this.#roll.addEventListener("click", () => this.#alert && rolls.open(this.#alert));
    this.#change.addEventListener("click", () => this.#alert && deeds.change(this.#alert));
    this.#end.addEventListener("click", () => this.#alert && deeds.end(this.#alert));
    this.#mistaken.addEventListener("click", () => this.#alert && deeds.mistaken(this.#alert));
  }

  show(alert: Alert, mayAlert: boolean, now: number): void {
    for (const button of [this.#change, this.#end]) button.hidden = !mayAlert;
    // One click ends it. That is for what was noticed at once, and not for what stands for long.
    this.#mistaken.hidden = !mayAlert || now - Date.parse(alert.at) > RETRACTED;
    if (this.#alert !== alert) this.#write(alert, now);
    this.#offer(mayAlert ? recounts(alert) : []);
    this.#confirming.show(alert, this.rolls.mine(alert.id));
    this.#roll.hidden = !mayAlert || !alert.confirm;
    this.#roll.textContent = rollWords(this.rolls.counts(alert.id));
    this.count(now);
  }

  #write(alert: Alert, now: number): void {
    this.#alert = alert;
    this.words.replaceChildren();
    if (alert.drill) this.words.append(make("span", "alert-level", text("drill")), " ");
    this.words.append(make("span", "alert-level", alertLevel(alert)), " ", make("bdi", "", alert.text));
    const by = make("bdi", "", alert.by);
    this.#about.replaceChildren(...parts("alert_by", { name: by, time: moment(Date.parse(alert.at), now) }));
    if (alert.audience !== null) this.#about.append(" · ", make("bdi", "", alert.audience));
    if (alert.ends_at !== null)
      this.#about.append(" · ", text("alert_until", { time: moment(Date.parse(alert.ends_at), now) }));
    if (alert.escalated_at !== null)
      this.#about.append(
        " · ",
        text("alert_escalated", { time: moment(Date.parse(alert.escalated_at), now) }),
      );
    this.#about.append(this.#count);
    this.element.dataset.level = alert.level;
    this.element.toggleAttribute("data-drill", alert.drill);
    this.#nameMore();
    this.#roll.setAttribute("aria-description", alert.text);
    this.#change.setAttribute("aria-label", text("alert_change_of", { text: alert.text }));
    this.#end.setAttribute("aria-label", text("alert_end_of", { text: alert.text }));
    this.#mistaken.setAttribute("aria-label", text("alert_mistake_of", { text: alert.text }));
  }

  #nameMore(): void {
    const isOpen = this.element.hasAttribute("data-open");
    const word = text(isOpen ? "alert_less" : "alert_more");
    this.#more.textContent = word;
    this.#more.setAttribute("aria-label", `${word}: ${this.#alert?.text}`);
    this.#more.setAttribute("aria-expanded", String(isOpen));
  }

  /** A button for each thing that can become of the countdown. One that stays keeps the focus. */
  #offer(recounts: readonly Recount[]): void {
    this.#recounts.setAttribute("aria-label", text("count_group", { text: this.#alert?.text ?? "" }));
    const there = [...this.#recounts.children].map((button) => (button as HTMLElement).dataset.recount);
    if (there.join() === recounts.join()) return;
    const focused = this.#recounts.contains(document.activeElement);
    this.#recounts.replaceChildren(
      ...recounts.map((recount) => {
        const button = make("button", "button", text(recount));
        button.type = "button";
        button.dataset.recount = recount;
        button.addEventListener("click", () => this.#alert && this.deeds.recount(this.#alert, recount));
        return button;
      }),
    );
    if (focused) (this.#recounts.querySelector("button") ?? this.#change).focus({ preventScroll: true });
  }

  count(now: number): void {
    const left = this.#alert === undefined ? "" : countWords(this.#alert, now);
    const words = left === "" ? "" : ` · ${left}`;
    if (this.#count.textContent !== words) this.#count.textContent = words;
  }

  /** Whether there is more to see of it than a few lines. */
  measure(): void {
    if (this.element.hasAttribute("data-open")) return;
    const isCut = [this.words, this.#about].some((one) => one.scrollHeight > one.clientHeight + 2);
    this.#more.hidden = !isCut;
  }
}

function rollWords(counts: Counts | undefined): string {
  if (counts === undefined) return text("roll_call");
  const all = STAGES.reduce((sum, stage) => sum + counts[stage], 0);
  return text("roll_call_count", { confirmed: counts.confirmed, all });
}
