// For hosts: the webhooks of the room, which tell programs what happens there, and what can be done about them.

import type { Ask } from "./ask.ts";
import { byId, make } from "./dom.ts";
import { command } from "./fields.ts";
import { text } from "./language.ts";
import type { Failed, TestedWebhook, Webhook, WebhookSecret, Webhooks } from "./protocol.ts";
import { WebhookForm } from "./webhookform.ts";
import { WebhookItem } from "./webhookitem.ts";
import { secretElements } from "./webhooksecret.ts";

/** What the page does with the webhooks of its room. */
export interface WebhookRoom {
  readonly list: () => Promise<Partial<Webhooks> & Failed>;
  readonly add: (webhook: object) => Promise<Partial<WebhookSecret> & Failed>;
  readonly newSecret: (id: string) => Promise<Partial<WebhookSecret> & Failed>;
  readonly test: (id: string) => Promise<Partial<TestedWebhook> & Failed>;
  /** Resolves to what is wrong with that, if anything is. */
  readonly remove: (id: string) => Promise<string | undefined>;
}

/** What was delivered and what fails changes by itself. */
const PAUSE = 5_000;

export class WebhooksDialog {
  readonly #dialog = byId("webhooks", HTMLDialogElement);
  readonly #over = byId("webhook", HTMLDialogElement);
  readonly #problem = make("p", "field-error");
  readonly #none = make("p", "hint", text("webhooks_none"));
  readonly #list = make("ul", "webhook-list");
  readonly #add = command(text("webhook_add"), () => this.#openForm());
  readonly #items = new Map<string, WebhookItem>();
  #timer: number | undefined;
  /** Why the list could not be read, if it could not. */
  #unread = "";

  constructor(
    readonly room: WebhookRoom,
    readonly ask: Ask,
  ) {
    const title = make("h2", "", text("webhooks_title"));
    title.id = "webhooks-title";
    this.#problem.setAttribute("role", "alert");
    this.#add.classList.add("primary");
    this.#none.hidden = true;
    this.#dialog.append(
      title,
      make("p", "hint", text("webhooks_hint")),
      this.#problem,
      make("div", "controls", this.#add),
      make("div", "hosting-box", this.#none, this.#list),
    );
    this.#dialog.addEventListener("close", () => clearInterval(this.#timer));
  }

  open(): void {
    this.#say("");
    this.#dialog.showModal();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.refresh(), PAUSE);
    void this.#load();
  }

  /** The reader is no host any more. */
  close(): void {
    this.#over.close();
    this.#dialog.close();
  }

  /** Somebody may have changed them. */
  refresh(): void {
    if (this.#dialog.open) void this.#load();
  }

  /** What became of something that the reader did. */
  #say(problem: string): void {
    this.#problem.textContent = problem;
    this.#unread = "";
  }

  async #load(): Promise<void> {
    const { webhooks, problem = "" } = await this.room.list();
    // What was wrong with something else stays, and nothing is announced twice.
    if (problem !== this.#unread) this.#problem.textContent = problem;
    this.#unread = problem;
    if (webhooks !== undefined) this.#show(webhooks);
  }

  /** Each keeps its element, and with that the focus and what became of a test. */
  #show(webhooks: readonly Webhook[]): void {
    const hadFocus = this.#list.contains(document.activeElement);
    for (const [id, item] of this.#items) {
      if (webhooks.some((one) => one.id === id)) continue;
      item.element.remove();
      this.#items.delete(id);
    }
    for (const webhook of webhooks) {
      let item = this.#items.get(webhook.id);
      if (item === undefined) {
        item = new WebhookItem(webhook, {
          test: () => this.room.test(webhook.id),
          newSecret: () => void this.#newSecret(webhook),
          remove: () => void this.#remove(webhook),
        });
        this.#items.set(webhook.id, item);
        this.#list.append(item.element);
      }
      item.show(webhook);
    }
    this.#none.hidden = webhooks.length > 0;
    if (hadFocus && !this.#list.contains(document.activeElement)) this.#add.focus();
  }

  async #newSecret(webhook: Webhook): Promise<void> {
    const question = {
      title: text("webhook_new_secret_title"),
      text: text("webhook_new_secret_text"),
      quote: webhook.url,
      yes: text("webhook_new_secret"),
      isHarmless: true,
    };
    if (!(await this.ask.ask(question))) return;
    const { secret, problem = "" } = await this.room.newSecret(webhook.id);
    this.#say(problem);
    if (secret !== undefined) this.#showSecret(webhook.url, secret);
  }

  async #remove({ id, url }: Webhook): Promise<void> {
    const question = {
      title: text("webhook_remove_title"),
      text: text("webhook_remove_text"),
      quote: url,
      yes: text("remove"),
    };
    if (!(await this.ask.ask(question))) return;
    this.#say((await this.room.remove(id)) ?? "");
    await this.#load();
  }

  #openForm(): void {
    const fields = new WebhookForm();
    const why = make("p", "field-error");
    why.setAttribute("role", "alert");
    const yes = make("button", "button primary", text("webhook_add"));
    const no = command(text("cancel"), () => this.#over.close());
    const title = titled(text("webhook_add"));
    const form = make("form", "", title, why, ...fields.elements, make("div", "dialog-row", no, yes));
    let isSent = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      // Its button is not disabled meanwhile: it would lose the focus.
      if (isSent) return;
      isSent = true;
      const { webhook, secret, problem = "" } = await this.room.add(fields.body());
      isSent = false;
      why.textContent = problem;
      why.scrollIntoView({ block: "nearest" });
      // Also if the form is gone by now: it is shown only once.
      if (secret !== undefined) this.#showSecret(webhook?.url ?? "", secret);
      await this.#load();
    });
    this.#over.replaceChildren(form);
    this.#over.showModal();
    fields.first.focus();
  }

  #showSecret(url: string, secret: string): void {
    const done = make("button", "button", text("webhook_secret_done"));
    const { elements, copy } = secretElements(url, secret);
    const title = titled(text("webhook_secret_title"));
    const form = make("form", "", title, ...elements, make("div", "dialog-row", done, copy));
    form.method = "dialog";
    this.#over.replaceChildren(form);
    if (!this.#over.open) this.#over.showModal();
    title.focus();
  }
}

function titled(words: string): HTMLElement {
  const title = make("h2", "", words);
  title.id = "webhook-title";
  title.tabIndex = -1;
  return title;
}
