// People in a room, one of them a program: what they see, and what they can do.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { browserFor, enter, line, lines, PLAIN_HOST, say, settled } from "../harness/browser.mjs";
import { Client, entered, fresh } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

it("two pages and a program talk, each hears all, and in the order sent", async () => {
  const room = fresh("room");
  const [ada, bob] = [await browser.visit(), await browser.visit()];
  await enter(ada, server, "Ada", room);
  await enter(bob, server, "Bob", room);
  const bell = await Client.inRoom(server, room, "Bell");
  await line(ada, "status", "Bell has entered the room.");
  await line(bob, "status", "Bell has entered the room.");

  await say(ada, "Good morning");
  await line(bob, "message", "Ada: Good morning");
  await say(bob, "Hello Ada");
  await line(ada, "message", "Bob: Hello Ada");
  bell.say("Class ends in 5 minutes");
  await line(ada, "message", "Bell: Class ends in 5 minutes");
  await line(bob, "message", "Bell: Class ends in 5 minutes");

  const messages = ["Ada: Good morning", "Bob: Hello Ada", "Bell: Class ends in 5 minutes"];
  assert.deepEqual(await lines(ada, "message"), messages);
  assert.deepEqual(await lines(bob, "message"), messages);
  const heard = messages.map((text) => ["message", text]);
  assert.deepEqual(await bell.seen(), [entered("Bell"), ...heard]);
  assert.deepEqual(
    await lines(ada, "status"),
    ["Ada", "Bob", "Bell"].map((name) => `${name} has entered the room.`),
  );
  assert.equal(await ada.locator("#message").inputValue(), "", "the input is empty after sending");
});

it("a status looks different from a message, and sounds different to a screen reader", async () => {
  const page = await browser.visit();
  await enter(page, server, "Ada", fresh("room"));
  await say(page, "Ada has entered the room.");
  await page.locator("#log .message").waitFor();
  const [status, message] = await page.evaluate(() =>
    [".status", ".message"].map((kind) => {
      const text = document.querySelector(`#log ${kind} .text`);
      const { color, fontStyle, fontSize, fontWeight, textAlign } = getComputedStyle(text);
      return { text: text.textContent, style: { color, fontStyle, fontSize, fontWeight, textAlign } };
    }),
  );
  assert.equal(`Ada: ${status.text}`, message.text);
  assert.notDeepEqual(status.style, message.style);
  const spoken = await page.locator("#log").ariaSnapshot();
  assert.match(spoken, /Status:.*Ada has entered the room/);
  assert.doesNotMatch(spoken, /Status:.*Ada: Ada has entered/);
  assert.equal(await page.locator("#log").getAttribute("role"), "log");
});

it("a line has its time, for people and for machines", async () => {
  const page = await browser.visit();
  const before = Date.now();
  await enter(page, server, "Ada", fresh("room"));
  await say(page, "hello");
  const time = page.locator("#log .message time");
  const at = Date.parse(await time.getAttribute("datetime"));
  assert.ok(at >= before && at <= Date.now());
  assert.match(await time.textContent(), /\d/);
});

it("what is wrong with a message is said beside the input, and the text stays", async () => {
  const page = await browser.visit();
  await enter(page, server, "Ada", fresh("room"));
  const text = "x".repeat(16_385);
  await page.locator("#message").fill(text);
  assert.equal(await page.locator("#send").isDisabled(), true);
  assert.match(await page.locator("#why").innerText(), /too long/);
  await page.locator("#message").press("Enter");
  assert.equal(await page.locator("#message").inputValue(), text);
  await page.locator("#message").fill(text.slice(1));
  await page.locator("#message").press("Enter");
  await line(page, "message", `Ada: ${text.slice(1)}`);
});

it("messages that come while the page is hidden are counted in its title", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await page.addInitScript(() => {
    window.isAway = false;
    Object.defineProperty(document, "hidden", { get: () => window.isAway });
    Object.defineProperty(document, "visibilityState", { get: () => (window.isAway ? "hidden" : "visible") });
  });
  const go = (away) =>
    page.evaluate((away) => {
      window.isAway = away;
      document.dispatchEvent(new Event("visibilitychange"));
    }, away);
  await enter(page, server, "Ada", room);
  const title = await page.title();
  assert.ok(title.includes(room), title);
  const bell = await Client.inRoom(server, room, "Bell");
  await go(true);
  bell.say("one");
  bell.say("two");
  await line(page, "message", "Bell: two");
  assert.equal(await page.title(), `(2) ${title}`);
  await go(false);
  assert.equal(await page.title(), title);
});

it("the link to the room can be copied", async () => {
  const room = fresh("room");
  const page = await browser.visit({ permissions: ["clipboard-read", "clipboard-write"] });
  await enter(page, server, "Ada", room);
  const label = await page.locator("#copy").innerText();
  await page.locator("#copy").click();
  await page.waitForFunction((label) => document.querySelector("#copy").innerText !== label, label);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${server.url}/v1?room=${room}`);
});

it("sound and notifications can be turned on and off, and are off at first", async () => {
  const page = await browser.visit({ permissions: ["notifications"] });
  await enter(page, server, "Ada", fresh("room"));
  for (const id of ["#sound", "#notify"]) {
    const button = page.locator(id);
    for (const pressed of ["false", "true", "false"]) {
      await page.locator(`${id}[aria-pressed=${pressed}]`).waitFor();
      await button.click();
    }
  }
});

it("on plain http at an address in the local network the page works; what is impossible there is hidden", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  const origin = `http://${PLAIN_HOST}:${server.port}`;
  await enter(page, server, "Ada", room, origin);
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await say(page, "hello");
  await line(page, "message", "Ada: hello");
  assert.equal(await page.locator("#notify").isVisible(), false);
  const label = await page.locator("#copy").innerText();
  await page.locator("#copy").click();
  await page.waitForFunction(
    (label) =>
      document.querySelector("#copy").innerText !== label ||
      document.querySelector("#link")?.checkVisibility(),
    label,
  );
  assert.equal(await page.locator("#link").inputValue(), `${origin}/v1?room=${room}`);
});

it("the page follows the newest line, and thousands of messages leave it usable", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  for (let index = 0; index < 900; index += 1) bell.say(`number ${index}`);
  await line(page, "message", "Bell: number 899");
  await page.waitForFunction(() => {
    const log = document.querySelector("#log");
    return log.scrollHeight > log.clientHeight && log.scrollTop + log.clientHeight >= log.scrollHeight - 2;
  });
  await say(page, "still here");
  await line(page, "message", "Ada: still here");
});

it("the picture of the README", {
  skip: !process.env.UPDATE_SCREENSHOT && "UPDATE_SCREENSHOT=1 makes it",
}, async () => {
  const room = "7C0F2E9A41D84B6FA3520C9E6D18B7F4";
  const page = await browser.visit({
    viewport: { width: 1240, height: 660 },
    deviceScaleFactor: 1.5,
    locale: "en-GB",
  });
  await enter(page, server, "Ms Ortega", room);
  const [ada, grace] = [await Client.inRoom(server, room, "Ada"), await Client.inRoom(server, room, "Grace")];
  const bell = await Client.inRoom(server, room, "Timetable");
  await say(page, "Good morning! Open the book at page 42, please.");
  await line(page, "message", "Ms Ortega: Good morning! Open the book at page 42, please.");
  await ada.ask("text", { msg: "Is the second exercise homework?" });
  await line(page, "message", "Ada: Is the second exercise homework?");
  await say(page, "Yes, until Thursday. The first one we do together now.");
  await line(page, "message", "Ms Ortega: Yes, until Thursday. The first one we do together now.");
  await grace.ask("text", { msg: "Thank you!" });
  await bell.ask("text", { msg: "Class ends in 5 minutes" });
  await line(page, "message", "Timetable: Class ends in 5 minutes");
  const folder = fileURLToPath(new URL("../../docs", import.meta.url));
  mkdirSync(folder, { recursive: true });
  await settled(page);
  await page.screenshot({ path: `${folder}/screenshot.png` });
});
