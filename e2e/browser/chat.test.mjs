// People in a room, one of them a program: what they see, and what they can do.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  browserFor,
  enter,
  leave,
  line,
  lines,
  PLAIN_HOST,
  say,
  settled,
  state,
} from "../harness/browser.mjs";
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
  for (const pressed of ["false", "true", "false"]) {
    await page.locator(`#sound[aria-pressed=${pressed}]`).waitFor();
    await page.locator("#sound").click();
  }
  await page.locator("#notify").click();
  for (const isOn of [false, true, false]) {
    await page.locator(`#notify${isOn ? "[data-on]" : ":not([data-on])"}`).waitFor();
    await page.locator("#notifying [role=switch]").first().click();
  }
});

it("on plain http at an address in the local network the page works, and says what is impossible there", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  const origin = `http://${PLAIN_HOST}:${server.port}`;
  await enter(page, server, "Ada", room, origin);
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await say(page, "hello");
  await line(page, "message", "Ada: hello");
  await page.locator("#notify").click();
  await page.locator("#notifying [role=switch]").first().click();
  await page.locator("#notifying .field-error", { hasText: "only on pages that come over https" }).waitFor();
  assert.ok(!(await page.locator("#notifying [role=switch]").first().isChecked()));
  await page.keyboard.press("Escape");
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

it("whoever speaks sees the end again and hears no chime for it, but for the same words of another", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await page.addInitScript(() => {
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...args) {
      window.tones += 1;
      return start.apply(this, args);
    };
  });
  const tones = () => page.evaluate(() => window.tones);
  const atEnd = () =>
    page.waitForFunction(() => {
      const log = document.querySelector("#log");
      return log.scrollTop + log.clientHeight >= log.scrollHeight - 2;
    });
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  for (let index = 0; index < 60; index += 1) bell.say(`number ${index}`);
  await line(page, "message", "Bell: number 59");
  await page.locator("#sound").click();
  await page.waitForFunction(() => window.tones === 2);
  await atEnd();
  await page.locator("#log").evaluate((log) => log.scrollTo(0, 0));
  await page.locator("#log:not(.following)").waitFor();
  await bell.ask("text", { msg: "unseen" });
  await page.locator("#newer").waitFor();
  await page.waitForFunction(() => window.tones === 4);
  await say(page, "mine");
  await line(page, "message", "Ada: mine");
  await atEnd();
  assert.equal(await page.locator("#newer").isVisible(), false);
  await bell.ask("text", { msg: "a fence" });
  await line(page, "message", "Bell: a fence");
  assert.equal(await tones(), 6, "the chime for Bell, none for Ada");
  // Another device of the same person: this page did not send it.
  await bell.ask("text", { name: "Ada", msg: "mine" });
  await page.waitForFunction(() => window.tones === 8);
});

it("a name in another script does not turn the line; the text says where it begins", async () => {
  const room = fresh("room");
  const arabic = "\u0623\u062F\u0627 \u0644\u0648\u0641\u0644\u0627\u064A\u0633";
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  const other = await Client.inRoom(server, room, arabic);
  await other.ask("text", { msg: "2 exercises (a, b)!" });
  await other.ask("text", { msg: "\u0645\u0631\u062D\u0628\u0627 5!" });
  await say(page, "\u0645\u0631\u062D\u0628\u0627 5!");
  await line(page, "message", `Ada: \u0645\u0631\u062D\u0628\u0627 5!`);
  // Where what is said begins: at the left edge of its line, or at the right one.
  const edges = await page.locator("#log .status .text, #log .message .said").evaluateAll((texts) =>
    texts.map((text) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      const [first, box] = [range.getBoundingClientRect(), text.getBoundingClientRect()];
      return first.left - box.left < 2 ? "left" : box.right - first.right < 2 ? "right" : "between";
    }),
  );
  assert.deepEqual(edges, ["left", "left", "left", "right", "right"]);
  const names = await page.locator("#log .name").allTextContents();
  assert.deepEqual(names, ["Ada", arabic, arabic, arabic, "Ada"]);
});

it("why notifications cannot work is said, whatever the reason", async () => {
  const cases = [
    [() => delete window.Notification, /cannot show notifications from a page/],
    [
      () => {
        Notification.requestPermission = async () => "denied";
      },
      /blocked for this site/,
    ],
    [
      () => {
        Notification.requestPermission = async () => "default";
      },
      /allow them when it asks/,
    ],
    [
      () => {
        // As on a phone: there is permission, but no way to show one.
        window.Notification = class {
          static permission = "granted";
          static requestPermission = async () => "granted";
          constructor() {
            throw new TypeError("Illegal constructor");
          }
        };
      },
      /cannot show notifications from a page/,
    ],
  ];
  for (const [script, words] of cases) {
    const page = await browser.visit();
    await page.addInitScript(script);
    await enter(page, server, "Ada", fresh("room"));
    await page.locator("#notify").click();
    await page.locator("#notifying [role=switch]").first().click();
    await page.locator("#notifying .field-error", { hasText: words }).waitFor();
    assert.ok(!(await page.locator("#notifying [role=switch]").first().isChecked()));
    await page.context().close();
  }
});

it("a draft survives a reload, in its room and its tab, and leaving forgets it", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await page.locator("#message").fill("half a\nthought");
  await page.reload();
  await state(page, "connected");
  assert.equal(await page.locator("#message").inputValue(), "half a\nthought");
  const other = await browser.page(page.context());
  await enter(other, server, "Ada", room);
  assert.equal(await other.locator("#message").inputValue(), "");
  await enter(page, server, "Ada", fresh("room"));
  assert.equal(await page.locator("#message").inputValue(), "");
  await enter(page, server, "Ada", room);
  assert.equal(await page.locator("#message").inputValue(), "half a\nthought");
  await page.locator("#send").click();
  await line(page, "message", "Ada: half a\nthought");
  await page.reload();
  await state(page, "connected");
  assert.equal(await page.locator("#message").inputValue(), "", "what was sent is no draft");
  await page.locator("#message").fill("not for the next one here");
  await leave(page);
  await page.locator("#enter").click();
  await state(page, "connected");
  assert.equal(await page.locator("#message").inputValue(), "");
});

it("what was sent and not confirmed before a reload is there again, and said to be unsure", async () => {
  const page = await browser.visit();
  await enter(page, server, "Ada", fresh("room"));
  await page.evaluate(() => {
    // The network takes it and gives nothing back.
    WebSocket.prototype.send = () => {};
  });
  await say(page, "did it arrive?");
  await page.reload();
  await state(page, "connected");
  assert.equal(await page.locator("#message").inputValue(), "did it arrive?");
  assert.match(await page.locator("#problem").innerText(), /may not have been sent/);
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
  const room = "K7Q-FM2-XD9";
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
