// Who is here, and how others come in.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, line, say } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { readQr } from "../harness/qr.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();
const WIDE = { width: 1200, height: 800 };
const NARROW = { width: 360, height: 640 };

/** Waits until the page lists these people, in this order. */
const lists = (page, names) =>
  page.waitForFunction(
    (names) =>
      [...document.querySelectorAll("#members .name")].map(({ textContent }) => textContent).join() ===
        names && document.querySelector("#count").textContent === String(names.split(",").length),
    names.join(),
  );

it("on a wide page the list stands beside the lines and follows whoever comes and goes", async () => {
  const room = fresh("room");
  const bell = await Client.inRoom(server, room, "Bell");
  const page = await browser.visit({ viewport: WIDE });
  await enter(page, server, "Ada", room);
  await lists(page, ["Bell", "Ada"]);
  const eve = await Client.inRoom(server, room, "Eve");
  await lists(page, ["Bell", "Ada", "Eve"]);
  await bell.ask("left", {});
  await lists(page, ["Ada", "Eve"]);
  eve.cut();
  await lists(page, ["Ada"]);
  assert.match(await page.locator("#members li").innerText(), /^Ada \(you\)$/);
  const button = page.getByRole("button", { name: "1 person in the room" });
  assert.equal(await button.getAttribute("aria-expanded"), "true");
  await button.click();
  assert.equal(await page.locator("#panel").isVisible(), false);
  await page.reload();
  await page.locator("#people[aria-expanded=false]").waitFor();
  assert.equal(await page.locator("#panel").isVisible(), false, "it stays closed over a reload");
  await button.click();
  await page.getByRole("complementary", { name: "People" }).waitFor();
});

it("on a phone the list is a dialog, for the keyboard and for a finger", async () => {
  const room = fresh("room");
  await Client.inRoom(server, room, "Bell");
  const page = await browser.visit({ viewport: NARROW });
  await enter(page, server, "Ada", room);
  const button = page.getByRole("button", { name: "2 people in the room" });
  const dialog = page.getByRole("dialog", { name: "People" });
  await button.focus();
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await lists(page, ["Bell", "Ada"]);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal(
    await page.evaluate(() => document.activeElement.id),
    "people",
    "the focus is back where it was",
  );
  await button.click();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "hidden" });
  await button.click();
  await page.setViewportSize(WIDE);
  await dialog.waitFor({ state: "hidden" });
  await page.locator("#panel #members").waitFor();
});

it("a room with nobody else in it says how others come in, until somebody does or something is said", async () => {
  const room = fresh("room");
  const page = await browser.visit({ viewport: NARROW });
  await enter(page, server, "Ada", room);
  const empty = page.locator("#log .empty");
  await empty.getByRole("heading", { name: "You are the only one here" }).waitFor();
  const link = `${server.url}/v1?room=${room}`;
  assert.equal(await empty.locator(".invitation-code").innerText(), room);
  assert.equal(await empty.getByRole("link").getAttribute("href"), link);
  await empty.getByRole("img", { name: `QR code with the link to the room: ${link}` }).waitFor();
  const bell = await Client.inRoom(server, room, "Bell");
  await page.getByText("Nobody has written anything yet.").waitFor();
  bell.close();
  await empty.locator(".invitation").waitFor();
  await say(page, "hello");
  await line(page, "message", "Ada: hello");
  assert.equal(await empty.count(), 0);
});

it("on a small phone the QR code is to be seen whole, without a scroll, in every language", async () => {
  for (const [index, locale] of ["en", "de", "fr", "es", "ar"].entries()) {
    const page = await browser.visit({ locale, viewport: NARROW });
    await enter(page, server, "Ada", `K7Q-FM${index + 2}-XD9`);
    const whole = async (around) => {
      await page.locator(`${around} .qr svg`).waitFor();
      const [code, box] = await page.evaluate(
        (around) =>
          [`${around} .qr svg`, around].map((at) => document.querySelector(at).getBoundingClientRect()),
        around,
      );
      assert.ok(
        code.top >= box.top && code.bottom <= box.bottom,
        `${locale} ${around}: ${code.bottom} ${box.bottom}`,
      );
      assert.ok(code.width >= 144, `${locale} ${around}: a camera can read ${code.width} pixels`);
    };
    await whole("#log");
    await page.locator("#people").click();
    await page.locator("#invite").click();
    await whole("#inviting");
  }
});

it("the QR code holds the link, whatever the room is called", async () => {
  const page = await browser.visit({ viewport: WIDE });
  for (const room of [fresh("K7Q-FM2"), `a "room" & <m\u00F6re> ${fresh("x")}`, "\u{1F512}".repeat(40)]) {
    await enter(page, server, "Ada", room);
    await page.locator("#invite").click();
    const picture = page.locator("#inviting .qr svg");
    await picture.waitFor();
    assert.equal(await readQr(picture), `${server.url}/v1?${new URLSearchParams({ room })}`);
  }
});

it("a screen reader hears each message, and of many at once how many there are", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await page.addInitScript(() => {
    window.heard = [];
    addEventListener("DOMContentLoaded", () => {
      const region = document.querySelector("#heard");
      if (region === null) return;
      const watcher = new MutationObserver(() => window.heard.push(region.textContent));
      watcher.observe(region, { childList: true, characterData: true, subtree: true });
    });
  });
  await enter(page, server, "Ada", room);
  const hears = (text) => page.waitForFunction((text) => window.heard.includes(text), text);
  await hears("You are in the room. 1 person in the room");
  const bell = await Client.inRoom(server, room, "Bell");
  await bell.ask("text", { msg: "Class ends" });
  await hears("\u2068Bell\u2069: Class ends");
  for (let index = 0; index < 50; index += 1) bell.say(`number ${index}`);
  await line(page, "message", "Bell: number 49");
  await page.waitForFunction(() => /^\d+ new messages$/.test(window.heard.at(-1)));
  await say(page, "mine");
  await line(page, "message", "Ada: mine");
  await bell.ask("text", { msg: "a fence" });
  await hears("\u2068Bell\u2069: a fence");
  const heard = await page.evaluate(() => window.heard);
  assert.ok(heard.length < 12, heard.join("; "));
  assert.ok(!heard.some((text) => text.includes("mine")), "what one sends oneself is not read out");
  assert.equal(await page.locator("#heard").getAttribute("aria-live"), "polite");
  assert.equal(await page.locator("#log").getAttribute("aria-live"), "off", "nothing is said twice");
});

it("what came while the page was hidden begins under a line", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await page.addInitScript(() => {
    window.isAway = false;
    Object.defineProperty(document, "hidden", { get: () => window.isAway });
  });
  const go = (away) =>
    page.evaluate((away) => {
      window.isAway = away;
      document.dispatchEvent(new Event("visibilitychange"));
    }, away);
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  const hear = async (msg) => {
    await bell.ask("text", { msg });
    await line(page, "message", `Bell: ${msg}`);
  };
  const after = () => page.locator("#log .new + .message .said").allInnerTexts();
  await hear("seen");
  await go(true);
  await hear("one");
  await hear("two");
  await go(false);
  assert.equal(await page.locator("#log .new").innerText(), "New since you were here");
  assert.deepEqual(await after(), ["one"]);
  await hear("three");
  await go(true);
  await hear("four");
  await go(false);
  assert.deepEqual(await after(), ["four"], "one line, where the newest absence began");
});
