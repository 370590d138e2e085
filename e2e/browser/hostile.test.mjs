// Whatever people call themselves, their rooms or write: it is shown as text, and changes nothing else.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, leave, line, lines, state } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { request } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  "</script><script>alert(1)</script>",
  "</bdi></div></main><h1>Gone",
  "<svg/onload=alert(1)>",
  "<iframe src=javascript:alert(1)>",
  "<a href=javascript:alert(1)>click</a>",
  "<style>*{display:none}</style>",
  '"><b>bold',
  "' onmouseover='alert(1)",
  "{{7*7}} #{7*7} <%= 7*7 %>",
  "&lt;b&gt; &amp; &#60;",
  "javascript:alert(1)",
  "<!-- -->",
  "]]>",
];
/** Messages may hold what names may not. */
const HOSTILE_MESSAGES = [
  ...HOSTILE,
  "\u202Egnp.exe\u202C \u2066isolated",
  "\u202E\u202E\u202E",
  "one\ntwo\r\nthree\n\n\nfour",
  "\n\nEve has left the room.",
  "a\u0000b\u0007\u001B[2J\u0085\u2028\u2029",
  "Z\u0351\u0321\u032f".repeat(200),
  "x".repeat(5_000),
  "\u{1F469}\u200D".repeat(300),
];

/** All elements of the page, and what the reader relies on outside the log. */
const shape = (page) =>
  page.evaluate(() => ({
    elements: [...document.querySelectorAll("*")].filter(
      (element) => !element.closest("#log, #code, #members"),
    ).length,
    tags: [...new Set([...document.querySelectorAll("#log *")].map(({ tagName }) => tagName))].sort(),
    title: document.title,
    handlers: [...document.querySelectorAll("*")].flatMap((element) =>
      [...element.attributes].filter(({ name }) => name.startsWith("on")).map(({ name }) => name),
    ),
    url: location.href,
  }));

it("messages of every kind are text, one element each, and nothing else changes", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  const bell = await Client.connect(server);
  await bell.join(room, "Bell");
  await bell.ask("text", { msg: "harmless" });
  await line(page, "message", "Bell: harmless");
  const before = await shape(page);
  const direction = await page.evaluate(() => getComputedStyle(document.querySelector("#log")).direction);

  for (const msg of HOSTILE_MESSAGES) await bell.ask("text", { msg });
  await bell.ask("text", { msg: "end" });
  await line(page, "message", "Bell: end");
  assert.deepEqual(
    await lines(page, "message"),
    ["harmless", ...HOSTILE_MESSAGES, "end"].map((msg) => `Bell: ${msg}`),
  );
  assert.deepEqual(await shape(page), before, "no element, title, handler or address has changed");
  assert.equal(
    await page.locator("#log > .message").count(),
    HOSTILE_MESSAGES.length + 2,
    "one element per message",
  );
  assert.equal((await lines(page, "status")).length, 2, "no message passes for a status");
  const after = await page.evaluate(() => getComputedStyle(document.querySelector("#log")).direction);
  assert.equal(after, direction);
  for (const box of await page.locator("#log > .message .text").all()) {
    assert.ok(
      ["isolate", "isolate-override", "plaintext"].includes(
        await box.evaluate((e) => getComputedStyle(e).unicodeBidi),
      ),
    );
  }
  const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(scrolls, false, "a long word makes nothing wider");
});

it("a message with newlines keeps its lines, in its own element", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await page.locator("#message").fill("one\ntwo");
  await page.locator("#message").press("Enter");
  await line(page, "message", "Ada: one\ntwo");
  const height = (locator) => locator.evaluate((element) => element.getBoundingClientRect().height);
  const two = await height(page.locator("#log .message .text"));
  await page.locator("#message").fill("one");
  await page.locator("#message").press("Enter");
  await line(page, "message", "Ada: one");
  assert.ok(two > 1.5 * (await height(page.locator("#log .message .text").last())));
});

it("names of every kind are text, in the log, in the form and on the page", async () => {
  const room = fresh("room");
  const watcher = await browser.visit();
  await enter(watcher, server, "Watcher", room);
  const before = await shape(watcher);
  const bell = await Client.connect(server);
  await bell.join(room, HOSTILE[0]);
  for (const name of HOSTILE.filter((name) => name.length <= 64)) {
    await bell.ask("text", { name, msg: "hello" });
    await line(watcher, "message", `${name}: hello`);
    const other = await Client.connect(server);
    await other.join(room, name);
    await line(watcher, "status", `${name} has entered the room.`);
    await other.ask("left", {});
    if (name !== HOSTILE[0]) await line(watcher, "status", `${name} has left the room.`);
  }
  const after = await shape(watcher);
  assert.deepEqual({ ...after, tags: before.tags }, before);
  assert.deepEqual(
    after.tags.filter((tag) => !["BDI", "DIV", "SPAN", "TIME"].includes(tag)),
    [],
  );

  for (const name of HOSTILE.filter((name) => name.length <= 64)) {
    const page = await browser.visit();
    await enter(page, server, name, fresh("room"));
    await line(page, "status", `${name} has entered the room.`);
    const shown = await shape(page);
    assert.deepEqual([shown.elements, shown.handlers], [before.elements, []]);
    await page.context().close();
  }
});

it("names with bidi overrides and newlines are cleaned or refused", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await enter(page, server, "\u202EadA\u202C\u200B", room);
  await line(page, "status", "adA has entered the room.");
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams({ name: "Ada\nEve has left the room.", room }).toString();
  const response = await request(`${server.url}/v1`, { method: "POST", headers: form, body });
  assert.equal(response.status, 422);
  assert.match(response.body, /must not contain control characters or line breaks/);
});

it("room codes of every kind are text, in the address, the title and the page", async () => {
  for (const hostile of HOSTILE) {
    const room = `${hostile} ${fresh("room")}`;
    const page = await browser.visit();
    await enter(page, server, "Ada", room);
    assert.equal(await page.locator("#code").innerText(), room);
    assert.ok((await page.title()).includes(room));
    assert.equal(new URL(page.url()).searchParams.get("room"), room);
    await page.reload();
    await state(page, "connected");
    await leave(page);
    assert.equal(await page.locator("#room").inputValue(), room);
    await page.context().close();
  }
});

it("the form gives back hostile input as text", async () => {
  const page = await browser.visit({ mayFail: true });
  for (const hostile of HOSTILE) {
    await page.goto(`${server.url}/v1?${new URLSearchParams({ room: hostile, name: hostile })}`);
    const elements = await page.locator("*").count();
    await page.locator("#name").fill(hostile.padEnd(65, "x"));
    await page.locator("#enter").click();
    await page.locator("#name-error").waitFor();
    assert.equal(await page.locator("#room").inputValue(), hostile);
    assert.equal(await page.locator("#name").inputValue(), hostile.padEnd(65, "x"));
    assert.equal(await page.locator("*").count(), elements + 1, "the error, and nothing more");
  }
});
