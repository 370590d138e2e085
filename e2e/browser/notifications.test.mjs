// Notifications of the page: of which alerts and messages, when, how often, and until when. SCREENSHOTS=folder keeps
// pictures of the settings.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, host, looksRight, violations } from "../harness/browser.mjs";
import { PUSHES, pushServiceFor } from "../harness/pushservice.mjs";
import { serverFor } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory", ...PUSHES);
const service = pushServiceFor();
const browser = browserFor();

/** Records what is shown, and lets the test say whether the page is in front, and what time it is. */
const record = () => {
  // The page shows them itself then.
  Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
  delete Navigator.prototype.serviceWorker;
  window.notices = [];
  window.isAway = false;
  Object.defineProperty(document, "hidden", { get: () => window.isAway });
  window.Notification = class extends Notification {
    #notice;
    constructor(title, options) {
      super(title, options);
      this.#notice = { title, ...options, isOpen: true };
      window.notices.push(this.#notice);
    }
    close() {
      this.#notice.isOpen = false;
      super.close();
    }
  };
};

/** A room with a host, and somebody who raises alerts there. */
async function raising() {
  const page = await browser.visit();
  const room = await host(page, server);
  const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
  const bell = await V2.connect(server);
  const does = (body) => bell.ask("alert", { room, name: "Bell", host: key, ...body });
  return { room, key, bell, does };
}

/** The same with a guest's page that notifies. */
async function notified() {
  const { room, does } = await raising();
  const guest = await browser.visit({ permissions: ["notifications"] });
  await guest.addInitScript(record);
  await enter(guest, server, "Ada", room);
  await turnOn(guest);
  return { room, does, guest };
}

async function turnOn(page) {
  await page.locator("#notify").click();
  await page.getByRole("switch", { name: "Notify me on this device" }).check();
  await page.locator("#notify[data-on]").waitFor({ state: "attached" });
  await page.locator("#notifying").getByRole("button", { name: "Close" }).click();
  await page.evaluate(() => window.notices.splice(0));
}

const away = (page, isAway) => page.evaluate((isAway) => Object.assign(window, { isAway }), isAway);
const bodies = (page) => page.evaluate(() => window.notices.map(({ body }) => body));
const open = (page) =>
  page.evaluate(() => window.notices.filter(({ isOpen }) => isOpen).map(({ body }) => body));
const shows = (page, body) =>
  page.waitForFunction((body) => window.notices.some((one) => one.isOpen && one.body.includes(body)), body);
/** Waits until the page has an alert with these words. */
const has = (page, words) => page.locator("#alerts .alert", { hasText: words }).waitFor();

it("an alert notifies once while the page is away, again when it has changed, and is gone when it has ended", async () => {
  const { room, does, guest } = await notified();
  const { alert: seen } = await does({ action: "raise", text: "Seen" });
  await has(guest, "Seen");
  await away(guest, true);
  const { alert } = await does({ action: "raise", text: "Ice", drill: true });
  await shows(guest, "Drill: Warning: Ice");
  await does({ action: "update", id: alert.id, audience: "Year 7" });
  await guest.locator("#alerts .alert", { hasText: "Year 7" }).waitFor();
  assert.deepEqual(await bodies(guest), ["Drill: Warning: Ice"], "nor what was seen, nor its message");
  await does({ action: "update", id: alert.id, level: "emergency" });
  await shows(guest, "Drill: Emergency: Ice");
  const isLast = ({ body }) => body === "Drill: Emergency: Ice";
  const last = (await guest.evaluate(() => window.notices)).find(isLast);
  assert.ok(last.requireInteraction && last.renotify);
  assert.ok(last.tag.includes(room) && last.tag.includes(alert.id), "each alert has its place");
  const other = await browser.page(guest.context());
  await other.addInitScript(record);
  await other.addInitScript(() => {
    window.isAway = true;
  });
  await enter(other, server, "Ada", room);
  await has(other, "Ice");
  assert.deepEqual(await bodies(other), [], "once on the device");
  await does({ action: "end", id: alert.id });
  await does({ action: "end", id: seen.id });
  await guest.locator("#alerts").waitFor({ state: "hidden" });
  assert.deepEqual(await open(guest), []);
  // The other page writes there as well.
  const isEmpty = () => guest.evaluate(() => localStorage.getItem("alert.notified") === null);
  await eventually("nothing to be remembered", isEmpty);
});

it("whoever has confirmed an alert on another device is not notified of it any more, even when it changes", async () => {
  const { room, does, guest } = await notified();
  await away(guest, true);
  const { alert } = await does({ action: "raise", text: "Fire", confirm: true });
  await shows(guest, "Warning: Fire");
  const phone = await browser.visit();
  await enter(phone, server, "Ada", room);
  await phone.locator(".confirming").getByRole("button", { name: "Confirm" }).click();
  await guest.locator(".confirming[data-done]").waitFor();
  assert.deepEqual(await open(guest), []);
  await does({ action: "update", id: alert.id, level: "emergency" });
  await guest.locator('#alerts .alert[data-level="emergency"]').waitFor();
  assert.deepEqual(await bodies(guest), ["Warning: Fire"]);
});

it("reminders of an alert notify as the alert does, also without those of messages, until it is confirmed", async () => {
  const { room, does, guest } = await notified();
  await guest.locator("#notify").click();
  await guest.getByLabel("Also of messages and information").uncheck();
  await guest.getByLabel("Quiet hours").check();
  for (const label of ["From", "To"]) await guest.getByLabel(label, { exact: true }).fill("09:00");
  await guest.getByRole("button", { name: "Close" }).click();
  await away(guest, true);
  await does({ action: "raise", text: "Ice", confirm: true, remind: 5 });
  await does({ action: "raise", level: "emergency", text: "Fire", confirm: true, remind: 5 });
  const reminder = "Reminder, please confirm: Emergency: Fire";
  await shows(guest, reminder);
  assert.deepEqual(await bodies(guest), ["Emergency: Fire", reminder], "the hours are quiet for the other");
  const [first, last] = await guest.evaluate(() => window.notices);
  assert.equal(last.tag, first.tag);
  assert.ok(last.renotify && last.requireInteraction);
  const phone = await browser.visit();
  await enter(phone, server, "Ada", room);
  await phone.getByRole("button", { name: "Confirm: Fire" }).click();
  await guest.locator(".confirming[data-done]").waitFor();
  // The browser has taken the first one away for it, which the page does not hear.
  await guest.waitForFunction(() => !window.notices.at(-1).isOpen);
  assert.deepEqual((await bodies(guest)).at(-1), reminder);
});

it("in quiet hours only an emergency notifies; what only informs does so as messages do", async () => {
  const { room, does, guest } = await notified();
  const ada = await V2.connect(server);
  await ada.ask("join", { room, name: "Grace" });
  await away(guest, true);
  await does({ action: "raise", level: "info", text: "Lunch is late" });
  await shows(guest, "Information: Lunch is late");
  await ada.ask("send", { room, msg: "hello" });
  await shows(guest, "hello");
  await guest.locator("#notify").click();
  await guest.getByLabel("Also of messages and information").uncheck();
  await does({ action: "raise", level: "info", text: "Lunch is cold" });
  await has(guest, "Lunch is cold");
  await guest.getByLabel("Quiet hours").check();
  for (const label of ["From", "To"]) await guest.getByLabel(label, { exact: true }).fill("09:00");
  await guest.getByRole("button", { name: "Close" }).click();
  await does({ action: "raise", level: "warning", text: "Ice" });
  await has(guest, "Ice");
  await does({ action: "raise", level: "emergency", text: "Fire" });
  await shows(guest, "Emergency: Fire");
  assert.deepEqual((await bodies(guest)).length, 3);
  await guest.reload();
  await has(guest, "Fire");
  await guest.locator("#notify[data-on]").click();
  assert.equal(await guest.getByLabel("From", { exact: true }).inputValue(), "09:00", "it is kept");
});

/** The browser's push service is that of the tests. */
const withDevice = ({ subscription }) => {
  let kept = null;
  PushManager.prototype.getSubscription = async () => kept;
  PushManager.prototype.subscribe = async (options) => {
    kept = {
      endpoint: subscription.endpoint,
      options: { applicationServerKey: options.applicationServerKey.buffer },
      toJSON: () => subscription,
      unsubscribe: async () => {
        kept = null;
        return true;
      },
    };
    return kept;
  };
};

/** What the service worker shows. */
const shownBy = (page) =>
  page.evaluate(async () => {
    const worker = await navigator.serviceWorker.getRegistration("/v1/worker.js");
    const all = await worker.getNotifications();
    return all.map(({ title, body, tag, silent, requireInteraction }) => ({
      title,
      body,
      tag,
      silent,
      requireInteraction,
    }));
  });

/** Hands what a device has got to its service worker, as the browser would. */
async function deliver(page, { headers, by, ...notice }) {
  const cdp = await page.context().newCDPSession(page);
  const found = new Promise((resolve) => {
    cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const one = registrations.find(
        ({ scopeURL, isDeleted }) => scopeURL.startsWith(server.url) && !isDeleted,
      );
      if (one !== undefined) resolve(one);
    });
  });
  await cdp.send("ServiceWorker.enable");
  const { registrationId } = await found;
  await cdp.send("ServiceWorker.deliverPushMessage", {
    origin: server.url,
    registrationId,
    data: JSON.stringify(notice),
  });
}

it("a device is told while the page is closed, in the page's language, and what is told later takes its place", async () => {
  const device = service.device();
  const { room, does } = await raising();
  const guest = await browser.visit({ permissions: ["notifications"], locale: "de" });
  await guest.addInitScript(withDevice, { subscription: device.subscription });
  await enter(guest, server, "Ada", room);
  await guest.locator("#notify").click();
  await guest.getByRole("switch", { name: "Auf diesem Gerät" }).check();
  const push = guest.getByRole("switch", { name: "geschlossen" });
  await push.click();
  await guest.waitForFunction(() => JSON.parse(localStorage.getItem("alert.notify")).push);
  await looksRight(guest, "on", "notify-push");
  const elsewhere = await browser.page(guest.context());
  await guest.close();
  await elsewhere.goto(`${server.url}/v1`);
  const { alert } = await does({ action: "raise", text: "Feuer", level: "emergency", drill: true });
  await deliver(elsewhere, await device.gets("alert", "Feuer"));
  const [shown] = await eventually("the notification", async () => {
    const found = await shownBy(elsewhere);
    return (
      found.some(({ body }) => body.includes("Feuer")) && found.filter(({ body }) => body.includes("Feuer"))
    );
  });
  assert.match(shown.body, /^Übung.*Notfall – Feuer$/);
  assert.deepEqual([shown.title, shown.requireInteraction], [`Raum ${room}`, true]);
  await does({ action: "end", id: alert.id, all_clear: "Alles gut" });
  await deliver(elsewhere, await device.gets("over", "Feuer"));
  await eventually("its end", async () =>
    (await shownBy(elsewhere)).some(({ body, silent }) => body.includes("Alles gut") && silent),
  );
  assert.equal((await shownBy(elsewhere)).filter(({ tag }) => tag === shown.tag).length, 1);
  const back = await browser.page(guest.context());
  await back.addInitScript(withDevice, { subscription: device.subscription });
  await back.goto(`${server.url}/v1/chat?room=${room}`);
  await back.locator("#state[data-state=connected]").waitFor();
  await back.locator("#leave").click();
  await back.locator("#leave-now").click();
  await back.locator("#enter").waitFor();
});

/** How often a page has asked to be told. */
function subscribing(page) {
  const count = { asked: 0 };
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      if (String(payload).includes('"subscribe"')) count.asked += 1;
    }),
  );
  return count;
}

it("with the page open a device sounds once, shows what it is told, and stays known until that is switched off", async () => {
  const device = service.device();
  const { room, key, bell, does } = await raising();
  const guest = await browser.visit({ permissions: ["notifications"] });
  await guest.addInitScript(withDevice, { subscription: device.subscription });
  await guest.addInitScript(() => {
    window.isAway = false;
    Object.defineProperty(document, "hidden", { get: () => window.isAway });
  });
  const asks = subscribing(guest);
  await enter(guest, server, "Ada", room);
  await guest.locator("#notify").click();
  await guest.getByRole("switch", { name: "Notify me" }).check();
  await guest.locator("#notify[data-on]").waitFor({ state: "attached" });
  const push = guest.getByRole("switch", { name: "Also when this page is closed" });
  await push.click();
  await guest.waitForFunction(() => JSON.parse(localStorage.getItem("alert.notify")).push);
  assert.equal(asks.asked, 1);

  const [worker] = guest.context().serviceWorkers();
  await worker.evaluate(() => {
    self.shown = [];
    const show = registration.showNotification.bind(registration);
    registration.showNotification = (title, options) => {
      self.shown.push(options);
      return show(title, options);
    };
  });
  const inFront = (isInFront) =>
    worker.evaluate((isInFront) => {
      const all = clients.matchAll.bind(clients);
      self.all ??= all;
      const visibilityState = isInFront ? "visible" : "hidden";
      clients.matchAll = async (options) =>
        (await self.all(options)).map(({ url }) => ({ url, focused: isInFront, visibilityState }));
    }, isInFront);
  const shows = (words) =>
    eventually(words, () =>
      worker.evaluate((words) => self.shown.find(({ body }) => body.includes(words)), words),
    );
  const isOpen = async (words) => (await shownBy(guest)).some(({ body }) => body.includes(words));

  await inFront(true);
  await does({ action: "raise", text: "Snow" });
  await deliver(guest, await device.gets("alert", "Snow"));
  assert.ok((await shows("Snow")).silent, "a browser may end a subscription that shows nothing");
  await eventually("it is closed", async () => !(await isOpen("Snow")));

  await inFront(false);
  await away(guest, true);
  const { alert } = await does({ action: "raise", text: "Ice" });
  await eventually("the page's", () => isOpen("Ice"));
  await deliver(guest, await device.gets("alert", "Ice"));
  const second = await shows("Ice");
  assert.deepEqual([second.silent, second.renotify], [true, false]);
  await does({ action: "update", id: alert.id, text: "Much ice" });
  await eventually("the page's", () => isOpen("Much ice"));
  await does({ action: "end", id: alert.id });
  await eventually("its end", async () => !(await isOpen("Much ice")));
  await deliver(guest, await device.gets("alert", "Much ice"));
  assert.ok(!(await shows("Much ice")).silent, "nothing shows it");

  await bell.join(room, "Bell", { host: key });
  assert.ok((await bell.ask("moderate", { room, action: "set", settings: { password: "secret" } })).ok);
  await eventually("the device is renewed", () => asks.asked === 2);
  // It has been sent, and is there a moment later.
  await eventually("it is told again", async () => {
    await does({ action: "raise", text: "Hail" });
    return device.taken.some(({ text }) => text === "Hail");
  });

  const elsewhere = await browser.page(guest.context());
  const others = subscribing(elsewhere);
  await elsewhere.addInitScript(withDevice, { subscription: device.subscription });
  await enter(elsewhere, server, "Ada", `${room}-other`);
  await eventually("it is told of that room too", () => others.asked === 1);
  await guest.getByLabel("Quiet hours").check();
  await eventually("new quiet hours hold there", () => others.asked === 2);

  await push.click();
  await guest.waitForFunction(async () => {
    const worker = await navigator.serviceWorker.getRegistration("/v1/worker.js");
    return (await worker.pushManager.getSubscription()) === null;
  });
  await elsewhere.locator("#notify").click();
  const isOff = elsewhere.getByRole("switch", { name: "Also when this page is closed", checked: false });
  await isOff.waitFor();
});

it("what stands in the way of Web Push is said, whatever it is", async () => {
  const cases = [
    [() => delete window.PushManager, /cannot be told while the page is closed/],
    [
      () => {
        delete window.PushManager;
        Object.defineProperty(navigator, "userAgent", {
          get: () => "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)",
        });
      },
      /Add to Home Screen/,
    ],
    [
      () => {
        PushManager.prototype.subscribe = async () => {
          throw new DOMException("push service not available", "AbortError");
        };
      },
      /could not reach its push service/,
    ],
  ];
  for (const [script, words] of cases) {
    const page = await browser.visit({ permissions: ["notifications"] });
    await page.addInitScript(script);
    await enter(page, server, "Ada", "room");
    await page.locator("#notify").click();
    await page.getByRole("switch", { name: "Notify me" }).check();
    await page.locator("#notify[data-on]").waitFor({ state: "attached" });
    const push = page.getByRole("switch", { name: "Also when this page is closed" });
    await push.click();
    await page.locator("#notifying .field-error", { hasText: words }).waitFor();
    assert.ok(!(await push.isChecked()));
    await page.context().close();
  }
});

for (const [colorScheme, viewport, locale] of [
  ["light", { width: 1280, height: 800 }, "en"],
  ["dark", { width: 360, height: 640 }, "de"],
  ["light", { width: 360, height: 640 }, "ar"],
])
  it(`the settings, ${colorScheme}, ${locale}: axe finds nothing, off and on`, async () => {
    const page = await browser.visit({ colorScheme, viewport, locale, permissions: ["notifications"] });
    await enter(page, server, "Ada", `room-${locale}`);
    await page.locator("#notify").click();
    assert.deepEqual(await violations(page), []);
    await page.locator("#notifying [role=switch]").first().check();
    await page.locator("#notify[data-on]").waitFor({ state: "attached" });
    await page.locator("#notifying [type=checkbox]:not([role])").last().check();
    await looksRight(page, "settings", `notify-${locale}-${colorScheme}`);
  });
