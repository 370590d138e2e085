// Web Push of this device for a room: what the browser has subscribed to, and that the server knows it.

import { type Catalogue, isKey, text } from "./language.ts";
import { register, WORKER } from "./notices.ts";
import type { Answer } from "./protocol.ts";
import type { QuietHours } from "./quiethours.ts";
import { keepWords } from "./words.ts";

/** Asks the server; nothing where it does not answer. */
export type AskPush = (body: object) => Promise<Answer<{ readonly key?: string }> | undefined>;

export class Pushing {
  constructor(
    readonly ask: AskPush,
    readonly language: string,
    readonly texts: Catalogue,
  ) {}

  /** Has the device told while the page is closed. Resolves to what stands in the way, or "". */
  async subscribe(quiet: QuietHours | null): Promise<string> {
    const why = whyNot();
    if (why !== "") return why;
    const answer = await this.ask({ action: "key" });
    if (!answer?.ok || answer.key === undefined) return refused(answer);
    const worker = await register();
    if (worker === undefined) return text("push_unsupported");
    try {
      await keepWords(this.language, this.texts);
      const subscription = await subscribed(worker.pushManager, answer.key);
      const done = await this.ask({
        action: "subscribe",
        subscription: subscription.toJSON(),
        quiet: inZone(quiet),
      });
      return done?.ok ? "" : refused(done);
    } catch {
      // The browser has no push service, or cannot reach it.
      return text("push_failed");
    }
  }

  /** The server tells the device nothing more of this room. Others go on. Resolves to what stands in the way, or "". */
  async leave(): Promise<string> {
    const subscription = await found();
    if (subscription === undefined) return "";
    const done = await this.ask({ action: "unsubscribe", endpoint: subscription.endpoint });
    return done?.ok ? "" : refused(done);
  }

  /** The device is told nothing more, of any room: the push service refuses what other rooms send, and they forget it. */
  async end(): Promise<string> {
    const why = await this.leave();
    const hasEnded = (await (await found())?.unsubscribe().catch(() => false)) ?? true;
    return hasEnded ? why : text("push_failed");
  }
}

/** What the browser has subscribed to. */
async function found(): Promise<PushSubscription | undefined> {
  const worker = await navigator.serviceWorker?.getRegistration(WORKER);
  return (await worker?.pushManager?.getSubscription()) ?? undefined;
}

/** The browser's subscription with the server's key: a new one, if the server has another key since. */
async function subscribed(manager: PushManager, key: string): Promise<PushSubscription> {
  const wanted = bytes(key);
  const found = await manager.getSubscription();
  const has = new Uint8Array(found?.options.applicationServerKey ?? new ArrayBuffer(0));
  if (found !== null && has.length === wanted.length && has.every((byte, at) => byte === wanted[at]))
    return found;
  await found?.unsubscribe();
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (one) => one.charCodeAt(0));
}

/** The server looks at the clocks of the place where the device is. */
function inZone(quiet: QuietHours | null): object | null {
  return quiet === null ? null : { ...quiet, zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}

function whyNot(): string {
  if ("serviceWorker" in navigator && "PushManager" in window) return "";
  // Safari there has it only in pages on the Home Screen.
  const isApple =
    /iPhone|iPad/.test(navigator.userAgent) ||
    (navigator.maxTouchPoints > 1 && /Mac/.test(navigator.userAgent));
  return text(isApple ? "push_install" : "push_unsupported");
}

function refused(answer: Answer<object> | undefined): string {
  if (answer === undefined || answer.ok) return text("no_answer");
  const { code, message } = answer.error;
  return text("not_done", { reason: isKey(code) ? text(code) : message });
}
