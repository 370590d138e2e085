// Alerts on the page: a host raises, changes and ends one; guests, also those who come later, see and hear it; axe finds
// nothing. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, host, line, looksRight, state, violations } from "../harness/browser.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor();

const texts = (page) => page.locator("#alerts .alert-text").allInnerTexts();
const said = (page, words) => page.locator("#alerted", { hasText: words }).waitFor({ state: "attached" });

for (const [colorScheme, size, viewport, locale] of [
  ["light", "wide", { width: 1280, height: 800 }, "en"],
  ["dark", "wide", { width: 1280, height: 800 }, "en"],
  ["light", "narrow", { width: 360, height: 640 }, "ar"],
  ["dark", "narrow", { width: 360, height: 640 }, "de"],
])
  it(`in ${colorScheme}, ${size}, ${locale}: what is in force stands above the messages, and axe finds nothing`, async () => {
    const page = await browser.visit({ colorScheme, viewport, locale });
    const room = await host(page, server);
    const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
    const deputy = await V2.connect(server);
    const does = (body) => deputy.ask("alert", { room, name: "Bell", host: key, ...body });
    await does({ action: "raise", level: "info", text: "Lunch is at noon" });
    await does({
      action: "raise",
      level: "warning",
      text: "Ice on the stairs",
      ends_at: "2h",
      audience: "Year 7",
    });
    await does({
      action: "raise",
      level: "emergency",
      text: "Leave the building",
      drill: true,
      countdown_to: "5m",
    });
    await page.locator("#alerts .alert").nth(2).waitFor();
    const guest = await browser.visit({ colorScheme, viewport, locale });
    await enter(guest, server, "Ada", room);
    await guest.locator("#alerts .alert").nth(2).waitFor();
    assert.equal(await guest.locator("#alerts button:visible, #raise-alert:visible").count(), 0);
    const [first] = await texts(guest);
    assert.ok(first.includes("Ice on the stairs"), "the most serious that is real first");
    assert.ok((await guest.locator("#alerts .alert").last().getAttribute("data-drill")) !== null);
    await page.locator("#raise-alert").click();
    await page.locator("#alerting textarea[required]").waitFor();
    await looksRight(page, "host", `alerts-${size}-${colorScheme}`);
    await looksRight(guest, "guest", `alerts-${size}-${colorScheme}`);
  });

it("a host raises an alert, changes it and ends it, and guests see and hear each", async () => {
  const page = await browser.visit();
  const room = await host(page, server);
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  assert.equal(await guest.locator("#alerted").getAttribute("role"), "alert", "there before its text");
  await page.locator("#raise-alert").click();
  await page.getByLabel("What everybody has to know").fill("Ice on the stairs");
  await page.getByLabel("This is only a drill").check();
  await page.getByRole("button", { name: "Raise it now" }).click();
  await guest.locator("#alerts .alert").waitFor();
  assert.deepEqual(
    (await texts(guest)).map((one) => one.toLowerCase()),
    ["drill warning ice on the stairs"],
  );
  await said(guest, "Drill: Warning: Ice on the stairs");
  await page.getByRole("button", { name: "Change the alert: Ice on the stairs" }).click();
  await page.getByLabel("How serious it is").selectOption("emergency");
  await page.getByRole("button", { name: "Change it now" }).click();
  await guest.locator('#alerts .alert[data-level="emergency"]').waitFor();
  await page.getByRole("button", { name: "End the alert: Ice on the stairs" }).click();
  await page.locator("#asking").getByText("Drill: Emergency: Ice on the stairs").waitFor();
  await page.locator("#asking .danger").click();
  await guest.locator("#alerts").waitFor({ state: "hidden" });
  await said(guest, "Drill: This no longer holds: Ice on the stairs");
});

it("an alert that has ended while the page was away is gone when it is back", async () => {
  const page = await browser.visit();
  const room = await host(page, server);
  const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
  const deputy = await V2.connect(server);
  const does = (body) => deputy.ask("alert", { room, name: "Bell", host: key, ...body });
  const { alert } = await does({ action: "raise", text: "old" });
  await page.locator("#alerts .alert").waitFor();
  await page.context().setOffline(true);
  await does({ action: "end", id: alert.id });
  await does({ action: "raise", text: "new" });
  await page.context().setOffline(false);
  await page.reload();
  await page.locator("#alerts .alert", { hasText: "new" }).waitFor();
  assert.equal(await page.locator("#alerts .alert").count(), 1);
  await line(page, "message", "Bell: WARNING: new");
});

/** A host's page and its room, and what raises, changes and ends alerts there as another host. */
async function hosted(options) {
  const page = await browser.visit(options);
  const room = await host(page, server);
  const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
  const deputy = await V2.connect(server);
  const does = (body) => deputy.ask("alert", { room, name: "Bell", host: key, ...body });
  return { page, room, does };
}

it("a host pauses a countdown, makes it longer, goes on with it and takes it away, and guests see each", async () => {
  const { page, room, does } = await hosted();
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  await does({ action: "raise", text: "The lesson ends", countdown_to: "10m" });
  const count = guest.locator("#alerts .alert-count");
  const counts = (words) => guest.locator("#alerts .alert-count", { hasText: words }).waitFor();
  await counts(/^ · (9:\d\d|10:00) left$/);
  const group = page.getByRole("group", { name: "Countdown: The lesson ends" });
  const button = (name) => group.getByRole("button", { name });
  await button("Pause").click();
  await counts(/ paused, (9:\d\d|10:00) left/);
  assert.equal(await page.locator(":focus").innerText(), "Go on", "the focus stays");
  await button("+1 min").click();
  await counts(/ paused, (10:\d\d|11:00) left/);
  await button("Go on").click();
  await counts(/^ · (10:\d\d|11:00) left$/);
  await button("+1 min").click();
  await counts(/^ · (11:\d\d|12:00) left$/);
  assert.equal(await guest.locator("#alerts button:visible").count(), 0);
  await button("No countdown").click();
  await guest.waitForFunction(() => document.querySelector("#alerts .alert-count")?.textContent === "");
  assert.equal(await count.textContent(), "");
  assert.deepEqual(await violations(page), []);
});

it("counts to the moment of the server though the device's clock is an hour off", async () => {
  const { room, does } = await hosted();
  const guest = await browser.visit();
  await guest.addInitScript(() => {
    const { now } = Date;
    Date.now = () => now() + 3_600_000;
  });
  await enter(guest, server, "Ada", room);
  await does({ action: "raise", text: "The lesson ends", countdown_to: "10m" });
  await guest.locator("#alerts .alert-count", { hasText: /(9:\d\d|10:00) left/ }).waitFor();
});

/** The words of the alerts whose first line is to be seen in the list. */
const inView = (page) =>
  page.locator("#alerts .alert-text").evaluateAll((all) => {
    const { top, bottom } = document.querySelector("#alerts").getBoundingClientRect();
    return all
      .filter((one) => {
        const box = one.getBoundingClientRect();
        return box.top >= top - 1 && box.top + 20 <= bottom;
      })
      .map((one) => one.querySelector("bdi").textContent);
  });

const LONG = "Leave by the north stairs and meet on the field. ".repeat(10).trim();

for (const locale of ["en", "ar"])
  it(`on a phone, ${locale}: what is real is before every drill, and long texts leave room for others`, async () => {
    const { page, room, does } = await hosted({ viewport: { width: 360, height: 640 }, locale });
    await does({ action: "raise", level: "warning", text: `Real: ${LONG}` });
    await does({ action: "raise", level: "emergency", text: `Drill: ${LONG}`, drill: true });
    await does({ action: "raise", level: "warning", text: `Newer: ${LONG}` });
    const guest = await browser.visit({ viewport: { width: 360, height: 640 }, locale });
    await enter(guest, server, "Ada", room);
    for (const one of [page, guest]) {
      await one.locator("#alerts .alert").nth(2).waitFor();
      const first = (await texts(one)).map((words) => words.match(/Real|Drill|Newer/)[0]);
      assert.deepEqual(first, ["Newer", "Real", "Drill"]);
      await one.waitForFunction(() => document.querySelector("#alerts").scrollTop === 0);
      const seen = await inView(one);
      assert.ok(seen.length >= 2, `${seen.length} to be seen`);
      assert.equal(await one.locator("#alerts-others").isVisible(), seen.length < 3);
      const more = one.locator("#alerts .alert").first().locator("[aria-expanded=false]");
      await more.click();
      await one.locator("#alerts .alert[data-open] [aria-expanded=true]").waitFor();
      const words = one.locator("#alerts .alert[data-open] .alert-text");
      assert.ok(await words.evaluate((text) => text.scrollHeight <= text.clientHeight + 2), "all of it");
      assert.deepEqual(await violations(one), []);
    }
  });

it("the list scrolls to an alert that is new, but not from what is real to a drill", async () => {
  const { page, does } = await hosted({ viewport: { width: 360, height: 640 } });
  for (let count = 1; count <= 4; count += 1)
    await does({ action: "raise", level: "emergency", text: `${count}: ${LONG}` });
  await does({ action: "raise", level: "info", text: "Lunch is late" });
  await page.locator("#alerts .alert", { hasText: "Lunch" }).waitFor();
  assert.ok((await inView(page)).includes("Lunch is late"));
  assert.match(await page.locator("#alerts-others").innerText(), /^\d more alerts/);
  await page.locator("#alerts").evaluate((list) => list.scrollTo(0, 0));
  await does({ action: "raise", level: "emergency", text: "Only this", drill: true });
  await page.locator("#alerts .alert", { hasText: "Only this" }).waitFor();
  assert.equal(await page.locator("#alerts").evaluate((list) => list.scrollTop), 0);
});

it("a guest scrolls many alerts by the keyboard", async () => {
  const { room, does } = await hosted();
  for (let count = 1; count <= 16; count += 1) await does({ action: "raise", text: `Alert ${count}` });
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  await guest.locator("#alerts .alert").nth(15).waitFor();
  assert.equal(await guest.locator("#alerts").getAttribute("tabindex"), "0");
  assert.deepEqual(await violations(guest), []);
  await guest.locator("#alerts").focus();
  await guest.keyboard.press("End");
  await guest.waitForFunction(() => document.querySelector("#alerts").scrollTop > 0);
});

/** The name of the button that has the focus, or the id of what has it. */
const focus = (page) =>
  page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.id);

it("no alert is ended in place of another: it is asked first, and the focus stays with its button", async () => {
  const { page, does } = await hosted();
  const { alert: fire } = await does({ action: "raise", level: "warning", text: "Fire" });
  await page.getByRole("button", { name: "End the alert: Fire" }).focus();
  const { alert: flood } = await does({ action: "raise", level: "emergency", text: "Flood" });
  await page.locator("#alerts .alert", { hasText: "Flood" }).waitFor();
  assert.equal(await focus(page), "End the alert: Fire");
  await does({ action: "update", id: fire.id, level: "emergency" });
  await does({ action: "update", id: flood.id, level: "info" });
  await page.locator('#alerts .alert[data-level="info"]').waitFor();
  assert.equal((await texts(page))[0].toLowerCase(), "emergency fire");
  assert.equal(await focus(page), "End the alert: Fire");
  await page.keyboard.press("Enter");
  await page.locator("#asking").getByText("Emergency: Fire").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#asking").waitFor({ state: "hidden" });
  assert.equal(await page.locator("#alerts .alert").count(), 2, "nothing was ended");
  await page.keyboard.press("Enter");
  await page.locator("#asking").waitFor();
  assert.deepEqual(await violations(page), []);
  // At once again: that the first question has ended is told when the second is open.
  await page.evaluate(() => {
    document.querySelector("#asking").close("");
    document.activeElement.click();
  });
  await page.locator("#asking .danger").click();
  await page.locator("#alerts .alert", { hasText: "Fire" }).waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement.id === "log");
  await page.getByRole("button", { name: "End the alert: Flood" }).click();
  await page.locator("#asking").waitFor();
  await does({ action: "end", id: flood.id });
  await page.locator("#alerts .alert").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement.id === "log");
});

it("counts and ends go by the server's time, also when the device's clock is wrong and the server away", async () => {
  const { room, does } = await hosted();
  await does({ action: "raise", text: "Long", countdown_to: "90m" });
  const guest = await browser.visit({ mayFail: true });
  await guest.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 7_200_000;
  });
  await enter(guest, server, "Ada", room);
  await does({ action: "raise", text: "Short", countdown_to: "2s", ends_at: "5s" });
  await guest.locator("#alerts .alert", { hasText: "Short" }).waitFor();
  await guest.locator(".alert-count", { hasText: "0:0" }).waitFor();
  await guest.locator(".alert-count", { hasText: /1 hr (?:29|30) min left/ }).waitFor();
  await guest.context().setOffline(true);
  await guest.locator(".alert-count", { hasText: "0:0" }).waitFor({ state: "detached" });
  await guest.locator("#alerts .alert", { hasText: "Short" }).waitFor({ state: "detached" });
  assert.equal(await guest.locator("#alerts .alert").count(), 1);
  await said(guest, "This no longer holds: Short");
});

it("a change leaves the end as it is unless another is chosen, and can take it away", async () => {
  const { page, does } = await hosted();
  const { alert } = await does({ action: "raise", text: "Ice", ends_at: "2h" });
  const present = async () => (await does({ action: "list" })).alerts[0].ends_at;
  const change = async (choose) => {
    await page.getByRole("button", { name: "Change the alert: Ice" }).click();
    assert.ok(!(await page.locator("#alerting .field-error").isVisible()), "nothing is wrong yet");
    await choose(page.getByLabel("It ends"));
    await page.getByRole("button", { name: "Change it now" }).click();
    await page.locator("#alerting").waitFor({ state: "hidden" });
  };
  await change(async (ends) => {
    assert.match(await ends.locator("option").first().innerText(), /^As it is \(until .+\)$/);
    assert.equal(await ends.inputValue(), "as-is");
  });
  assert.equal(await present(), alert.ends_at);
  await change((ends) => ends.selectOption("Until a host ends it"));
  assert.equal(await present(), null);
});

it("what has ended while the connection was away is said when it is back", async () => {
  const { page, does } = await hosted({ mayFail: true });
  const { alert } = await does({ action: "raise", text: "Ice" });
  await said(page, "Warning: Ice");
  await page.context().setOffline(true);
  await page.locator("#state:not([data-state=connected])").waitFor();
  await does({ action: "end", id: alert.id });
  await page.context().setOffline(false);
  await said(page, "This no longer holds: Ice");
  await page.locator("#alerts").waitFor({ state: "hidden" });
});

it("whoever comes sees what is in force before there is a connection, counts down, and hears it once there is one", async () => {
  const { room, does } = await hosted();
  const text = "Fire </script><b>!";
  await does({ action: "raise", text, level: "emergency", countdown_to: "5m", confirm: true });
  const guest = await browser.visit({ mayFail: true });
  let isOut = true;
  await guest.route("**/socket.io/**", (route) => (isOut ? route.abort() : route.continue()));
  await guest.routeWebSocket("**/socket.io/**", (socket) => {
    if (isOut) socket.close();
    else socket.connectToServer();
  });
  await guest.goto(`${server.url}/v1`);
  await guest.locator("#name").fill("Ada");
  await guest.locator("#room").fill(room);
  await guest.locator("#enter").click();
  await guest.locator("#alerts .alert-text", { hasText: text }).waitFor();
  await state(guest, "connecting");
  const left = await guest.locator("#alerts .alert-count").first().innerText();
  await guest.locator("#alerts .alert-count").first().filter({ hasNotText: left }).waitFor();
  assert.equal(await guest.locator("#alerted").innerText(), "", "it is said when they are in the room");
  isOut = false;
  await said(guest, text);
  await state(guest, "connected");
  assert.equal(await guest.locator("#alerts .alert-text").count(), 1);
});

it("of a room with a password, nobody sees what is in force before they have given it", async () => {
  const { page, room, does } = await hosted();
  await does({ action: "raise", text: "Ice" });
  const inForce = () =>
    page.evaluate(async (room) => {
      const answer = await fetch(`/v1/chat?room=${room}`);
      const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
      return JSON.parse(shown.getElementById("in-force").textContent).alerts.map(({ text }) => text);
    }, room);
  assert.deepEqual(await inForce(), ["Ice"]);
  const { ok } = await page.evaluate(async (room) => {
    const headers = {
      "content-type": "application/json",
      "alert-host-key": localStorage.getItem(`alert.host ${room}`),
    };
    const body = JSON.stringify({ action: "set", settings: { password: "blue door" } });
    const set = await fetch(`/v1/rooms/${room}/actions`, { method: "POST", headers, body });
    return { ok: set.ok };
  }, room);
  assert.ok(ok);
  assert.deepEqual(await inForce(), []);
});
