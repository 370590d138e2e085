// The notifications that the browser shows for the page. Each has a tag: another with the same one takes its place. Where
// there is the service worker, it shows them: only so can phones do it, and what comes by Web Push has the same places.

import { isSame, type NoticeData, type Saying } from "./pushnotice.ts";

export interface Notice {
  readonly tag: string;
  readonly title: string;
  readonly body: string;
  /** Which alert it is of, as it is said: what is shown already makes no sound again. */
  readonly said?: Saying;
  /** Stays until the person closes it, where the browser can do that. */
  readonly stays?: boolean;
}

export const WORKER = "/v1/worker.js";

export class Notices {
  readonly #shown = new Map<string, Notification>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly room: string) {}

  /** Whether it was shown. */
  show(notice: Notice): Promise<boolean> {
    return this.#inTurn(() => this.#show(notice));
  }

  close(tag: string): Promise<void> {
    return this.#inTurn(() => this.#close(tag));
  }

  /** One after the other: what is shown last is not closed by what was closed before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #show({ tag, title, body, said, stays = false }: Notice): Promise<boolean> {
    try {
      const worker = await registration();
      const isShown = said !== undefined && (await isShownBy(worker, tag, said));
      const { room } = this;
      const data: NoticeData = { room, ...(said && { said: { level: said.level, text: said.text } }) };
      // Not in TypeScript's list, and without it what takes another's place makes no sound.
      const options: NotificationOptions & { renotify: boolean } = {
        body,
        tag,
        icon: "/assets/icon-192.png",
        requireInteraction: stays,
        silent: isShown,
        renotify: !isShown,
        data,
      };
      if (worker === undefined) this.#keep(tag, new Notification(title, options));
      else await worker.showNotification(title, options);
      return true;
    } catch {
      // Browsers on phones have the name, but no way to show one from a page.
      return false;
    }
  }

  async #close(tag: string): Promise<void> {
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
    const worker = await registration();
    for (const one of (await worker?.getNotifications({ tag })) ?? []) one.close();
  }

  #keep(tag: string, shown: Notification): void {
    shown.addEventListener("click", () => {
      window.focus();
      shown.close();
    });
    shown.addEventListener("close", () => {
      if (this.#shown.get(tag) === shown) this.#shown.delete(tag);
    });
    this.#shown.set(tag, shown);
  }
}

/** Whether an alert is shown already as it is said now: by a page, or since it came by Web Push. */
export async function isShownBy(
  worker: ServiceWorkerRegistration | undefined,
  tag: string,
  said: Saying,
): Promise<boolean> {
  const shown = (await worker?.getNotifications({ tag })) ?? [];
  return shown.some(({ data }) => isSame((data as NoticeData | null)?.said, said));
}

/** Has the service worker there, where the browser has them; nothing where it has not. */
export async function register(): Promise<ServiceWorkerRegistration | undefined> {
  if (!("serviceWorker" in navigator)) return undefined;
  try {
    await navigator.serviceWorker.register(WORKER);
    return await navigator.serviceWorker.ready;
  } catch {
    // Blocked, as in some private windows.
    return undefined;
  }
}

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  if (!("serviceWorker" in navigator)) return undefined;
  const found = await navigator.serviceWorker.getRegistration(WORKER).catch(() => undefined);
  return found?.active === null ? undefined : found;
}
