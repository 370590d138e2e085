// The service worker: shows what the server sends by Web Push, and opens the room when that is clicked. It takes no request
// of the page, so the page is never an older one than the server has.

import { isShownBy } from "./notices.ts";
import { type NoticeData, type PushNotice, shown, tagOf } from "./pushnotice.ts";
import { speakAsKept } from "./words.ts";

/** What TypeScript knows only of workers. */
interface Waits extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Pushed extends Waits {
  readonly data: { json(): unknown } | null;
}
interface Clicked extends Waits {
  readonly notification: Notification;
}
interface Page {
  readonly url: string;
  readonly focused: boolean;
  readonly visibilityState: string;
  focus(): Promise<unknown>;
}
interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install", listener: (event: Waits) => void): void;
  addEventListener(name: "push", listener: (event: Pushed) => void): void;
  addEventListener(name: "notificationclick", listener: (event: Clicked) => void): void;
}
const worker = self as unknown as Worker;

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));

worker.addEventListener("push", (event) => {
  const notice = event.data?.json() as PushNotice | undefined;
  if (notice !== undefined) event.waitUntil(show(notice));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { room } = (event.notification.data ?? {}) as Partial<NoticeData>;
  if (room !== undefined) event.waitUntil(open(room));
});

async function show(notice: PushNotice): Promise<void> {
  const { registration } = worker;
  const { room, id, level } = notice;
  const tag = tagOf(room, id);
  // Whoever looks at the room sees it there.
  const isSeen = (await pages(room)).some(
    ({ focused, visibilityState }) => focused && visibilityState === "visible",
  );
  await speakAsKept();
  const { title, body, isQuiet } = shown(notice, Date.now());
  const said = notice.kind === "alert" ? { level, text: notice.text } : undefined;
  // An open page has perhaps said it.
  const isSilent = isQuiet || isSeen || (said !== undefined && (await isShownBy(registration, tag, said)));
  const data: NoticeData = { room, ...(said && { said }) };
  // Without "renotify", what takes another's place makes no sound.
  const options: NotificationOptions & { renotify: boolean } = {
    body,
    tag,
    icon: "/assets/icon-192.png",
    data,
    silent: isSilent,
    renotify: !isSilent,
    requireInteraction: !isQuiet && level === "emergency",
  };
  await registration.showNotification(title, options);
  // It was shown for a moment, since Safari ends the subscription of a device that shows nothing.
  if (isSeen) for (const one of await registration.getNotifications({ tag })) one.close();
}

async function open(room: string): Promise<void> {
  const [page] = await pages(room);
  if (page !== undefined) await page.focus();
  else await worker.clients.openWindow(chat(room));
}

/** The pages of the room that are open. */
async function pages(room: string): Promise<readonly Page[]> {
  const all = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  return all.filter(({ url }) => {
    const { pathname, searchParams } = new URL(url);
    return pathname === "/v1/chat" && searchParams.get("room") === room;
  });
}

const chat = (room: string): string => `/v1/chat?${new URLSearchParams({ room })}`;
