// Alerts that are in force, above what is said. Who may, raises, changes, releases and ends them here.

import { type Recount, recounted } from "./alertcount.ts";
import { AlertDialog, type Alerting } from "./alertdialog.ts";
import { AlertList, type Deeds } from "./alertlist.ts";
import { passed } from "./alertmarks.ts";
import { AlertWaiting } from "./alertwaiting.ts";
import { alertWords, allWords, endWords, leftWords, reminderWords } from "./alertwords.ts";
import type { Ask } from "./ask.ts";
import { byId, make } from "./dom.ts";
import { text } from "./language.ts";
import { PreparedList } from "./preparedlist.ts";
import type {
  Alert,
  Alerted,
  AlertNews,
  ConfirmedNews,
  Failed,
  InForce,
  ReminderNews,
  RollCallNews,
} from "./protocol.ts";
import { type Roll, RollCalls } from "./rollcalls.ts";
import type { ServerTime } from "./servertime.ts";

/** How often the page looks at the clock (ms): no second is shown late by more. */
const LOOK = 200;

/** What the page does with the alerts of the room, as whoever the person is there. */
export interface AlertRoom {
  /** How the person is called. */
  readonly name: string;
  /** Does something, and resolves to what is wrong with that, if anything is. */
  readonly act: Alerting;
  /** Asks for those that wait, or for what is prepared; or says why there is no answer. */
  readonly look: (action: "list" | "prepared") => Promise<Alerted & Failed>;
  /** Confirms one, or asks who has. */
  readonly roll: Roll;
  /** Hears which are in force, and whether the person has confirmed one, after each change. */
  readonly notify: (alerts: readonly Alert[], isConfirmed: (id: string) => boolean) => void;
}

export class Alerts {
  /** What hosts have prepared, for their controls. */
  readonly prepared: PreparedList;
  readonly #said = byId("alerted", HTMLElement);
  readonly #button = byId("raise-alert", HTMLButtonElement);
  readonly #dialog: AlertDialog;
  readonly #list: AlertList;
  readonly #waiting: AlertWaiting;
  readonly #rolls: RollCalls;
  #alerts: readonly Alert[] = [];
  #mayAlert = false;
  /** There was no connection yet. */
  #isForetold = false;
  /** Those that the server has in force though the device's clock says that they are over: the clock is wrong. */
  #doubted: ReadonlySet<string> = new Set();
  #timer: number | undefined;
  /** The alert of which a reminder was said last. */
  #reminded: string | undefined;
  /** What was left of each countdown at the last look (ms). */
  readonly #left = new Map<string, number>();

  /** `problem` hears why something was not done. */
  constructor(
    readonly time: ServerTime,
    readonly ask: Ask,
    readonly room: AlertRoom,
    readonly problem: (why: string) => void,
  ) {
    const look = () => room.look("prepared");
    this.#dialog = new AlertDialog(room.act, async () => (await look()).prepared ?? [], time, ask);
    this.prepared = new PreparedList(this.#dialog, look, room.act, ask);
    this.#rolls = new RollCalls(room.roll, () => this.#show(), problem, ask);
    const deeds: Deeds = {
      change: (alert) => this.#dialog.change(alert),
      end: (alert) => void this.#end(alert),
      recount: (alert, recount) => void this.#recount(alert, recount),
      mistaken: (alert) => void this.#act("end", { id: alert.id, mistake: true }),
    };
    this.#list = new AlertList(deeds, this.#rolls);
    this.#waiting = new AlertWaiting(
      room.name,
      {
        release: ({ id }) => void this.#act("release", { id }),
        withdraw: ({ id }) => void this.#act("end", { id }),
      },
      (words) => this.#say(words),
    );
    // The button that a dialog goes back to may have gone meanwhile.
    for (const id of ["asking", "alerting", "roll-call"])
      byId(id, HTMLDialogElement).addEventListener("close", () => this.#list.keepFocus());
    this.#button.addEventListener("click", () => this.#dialog.raise());
  }

  /** Those that were in force when the page was made: seen before there is a connection, and said with it. */
  foretell(): void {
    const inForce = JSON.parse(byId("in-force", HTMLElement).textContent) as InForce;
    if (inForce.at !== undefined) this.time.heard(Date.parse(inForce.at));
    this.#isForetold = true;
    this.#alerts = inForce.alerts ?? [];
    this.#doubt();
    this.#show();
  }

  /** Those in force on entering; what the page did not know yet is said, and what is over meanwhile. */
  present(alerts: readonly Alert[], mayAlert: boolean): void {
    const before = this.#isForetold ? [] : this.#alerts;
    this.#isForetold = false;
    const isIn = (all: readonly Alert[], id: string): boolean => all.some((one) => one.id === id);
    const news = alerts.filter(({ id }) => !isIn(before, id));
    const over = before.filter(({ id }) => !isIn(alerts, id));
    this.#alerts = alerts;
    this.#rolls.entered();
    this.#doubt();
    this.allow(mayAlert);
    const words = [...over.map((one) => endWords(one)), allWords(news)].filter((one) => one !== "");
    if (words.length > 0) this.#say(words.join("\n"));
  }

  #doubt(): void {
    this.#doubted = new Set(this.#alerts.filter((one) => this.#isPast(one)).map(({ id }) => id));
  }

  allow(mayAlert: boolean): void {
    this.#mayAlert = mayAlert;
    this.#button.hidden = !mayAlert;
    this.#show();
    void this.lookForWaiting();
  }

  /** Something may have begun to wait for a second person, or waits no more. */
  async lookForWaiting(): Promise<void> {
    const { proposed = [] } = this.#mayAlert ? await this.room.look("list") : {};
    this.#waiting.show(proposed, this.time.now());
  }

  /** Something has become of one. */
  heard({ state, alert, all_clear, mistake }: AlertNews): void {
    const before = this.#alerts.find(({ id }) => id === alert.id);
    const others = this.#alerts.filter(({ id }) => id !== alert.id);
    if (state === "ended") {
      // Of one whose time was over, that has been said.
      if (before !== undefined) this.#say(endWords(alert, all_clear, mistake));
      this.#alerts = others;
    } else {
      this.#alerts = [...others, alert];
      if (before?.text !== alert.text || before.level !== alert.level) this.#say(alertWords(alert));
    }
    this.#show();
  }

  /** The reader has not confirmed one: it is said again, and seen. Gives it, unless it is confirmed or over after all. */
  reminded({ id }: ReminderNews): Alert | undefined {
    const alert = this.#alerts.find((one) => one.id === id);
    if (alert === undefined || this.#rolls.mine(id)?.stage === "confirmed") return undefined;
    this.#say(reminderWords(alert));
    this.#reminded = id;
    this.#list.reveal(id);
    return alert;
  }

  /** The reader has confirmed one. Nobody is to hear of it any more, not even late. */
  confirmed(news: ConfirmedNews): void {
    if (this.#reminded === news.id) this.#said.replaceChildren();
    this.#rolls.confirmed(news);
  }

  /** How far one has come. */
  rollCall(news: RollCallNews): void {
    this.#rolls.heard(news);
  }

  #say(words: string): void {
    // The same words again are said again: it is another element.
    this.#said.replaceChildren(make("span", "", words));
    this.#reminded = undefined;
  }

  #show(): void {
    clearInterval(this.#timer);
    if (this.#alerts.some(({ countdown_to, ends_at }) => countdown_to !== null || ends_at !== null))
      this.#timer = setInterval(() => this.#look(), LOOK);
    if (!this.#isForetold) this.#rolls.show(this.#alerts, this.#mayAlert);
    this.#list.show(this.#alerts, this.#mayAlert, this.time.now());
    if (!this.#isForetold)
      this.room.notify(this.#alerts, (id) => this.#rolls.mine(id)?.stage === "confirmed");
    this.#count();
  }

  /** What is over by its own time goes, even if the server cannot be reached. */
  #look(): void {
    const over = this.#alerts.filter(
      (one) => this.#isPast(one) && (this.time.isKnown || !this.#doubted.has(one.id)),
    );
    if (over.length === 0) {
      this.#list.count(this.time.now());
      this.#count();
      return;
    }
    this.#alerts = this.#alerts.filter((one) => !over.includes(one));
    this.#say(over.map((one) => endWords(one, one.all_clear)).join("\n"));
    this.#show();
  }

  /** A countdown is seen all the time, and said where it is near its end. */
  #count(): void {
    const near: string[] = [];
    const now = this.time.now();
    const before = new Map(this.#left);
    this.#left.clear();
    for (const alert of this.#alerts) {
      if (alert.countdown_to === null) continue;
      const left = Date.parse(alert.countdown_to) - now;
      this.#left.set(alert.id, left);
      const mark = passed(before.get(alert.id) ?? left, left);
      if (mark !== undefined) near.push(leftWords(alert, mark));
    }
    if (near.length > 0) this.#say(near.join("\n"));
  }

  #isPast({ ends_at }: Alert): boolean {
    return ends_at !== null && Date.parse(ends_at) <= this.time.now();
  }

  async #recount(alert: Alert, recount: Recount): Promise<void> {
    await this.#act("update", { id: alert.id, ...recounted(alert, recount) });
  }

  /** What everybody is told can be written before. */
  async #end(alert: Alert): Promise<void> {
    const words = make("textarea", "");
    words.rows = 2;
    words.dir = "auto";
    words.maxLength = 500;
    words.value = alert.all_clear ?? "";
    const question = {
      title: text("alert_end_title"),
      text: text("alert_end_text"),
      quote: alertWords(alert),
      field: make("label", "", make("span", "", text("alert_all_clear")), words),
      yes: text("alert_end"),
    };
    if (!(await this.ask.ask(question))) return;
    await this.#act("end", { id: alert.id, all_clear: words.value.trim() || null });
  }

  async #act(action: "update" | "end" | "release", body: object): Promise<void> {
    this.problem((await this.room.act(action, body)) ?? "");
  }
}
