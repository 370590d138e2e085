// Alerts on the page: a host raises, changes and ends one; guests, also those who come later, see and hear it; axe finds
// nothing. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, host, line, settled, violations } from "../harness/browser.mjs";
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
    assert.equal(await guest.locator("#alerts button, #raise-alert:visible").count(), 0);
    const [first] = await texts(guest);
    assert.ok(first.includes("Leave the building"), "the most serious first");
    assert.ok((await guest.locator("#alerts .alert").first().getAttribute("data-drill")) !== null);
    await page.locator("#raise-alert").click();
    await page.locator("#alerting textarea").waitFor();
    for (const [one, what] of [
      [page, "host"],
      [guest, "guest"],
    ]) {
      assert.deepEqual(await violations(one), [], what);
      assert.ok(await one.evaluate(() => document.documentElement.scrollWidth <= innerWidth), what);
      if (process.env.SCREENSHOTS === undefined) continue;
      await settled(one);
      await one.screenshot({ path: `${process.env.SCREENSHOTS}/alerts-${size}-${colorScheme}-${what}.png` });
    }
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
