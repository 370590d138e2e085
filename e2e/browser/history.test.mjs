// Nothing is missed: what was said before, while the page was away, and while a message was on its way.

import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { browserFor, enter, leave, line, lines, say, state, violations } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server, serverFor } from "../harness/server.mjs";
import { DEADLINE } from "../harness/time.mjs";

const server = serverFor();
const browser = browserFor();

/** A room in which a program has said this many messages. */
async function roomWith(count) {
  const room = fresh("room");
  const bell = await Client.inRoom(server, room, "Bell");
  for (let index = 0; index < count; index += 1) bell.say(`number ${index}`);
  await bell.seen();
  return { room, bell };
}
const texts = (page) => page.locator("#log .message .said").allTextContents();
const numbers = (from, to) => Array.from({ length: to - from }, (_, index) => `number ${from + index}`);
const withoutFences = (texts) => texts.filter((text) => !text.startsWith("fence-"));
const marked = (page) => page.locator("#log .new + .message .said").allInnerTexts();

it("whoever comes in sees what was said before, and further back on scrolling up, without a jump", async () => {
  const { room, bell } = await roomWith(120);
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await line(page, "message", "Bell: number 119");
  const first = withoutFences(await texts(page));
  assert.deepEqual(first, numbers(120 - first.length, 120));
  assert.ok(first.length >= 49 && first.length <= 50, String(first.length));
  const jumps = () =>
    page.evaluate(async () => {
      const log = document.querySelector("#log");
      log.scrollTo(0, 150);
      // What is read now, and where on the screen it is from frame to frame while older lines come above it.
      const reading = [...log.querySelectorAll(".message")].find(
        (line) => line.getBoundingClientRect().top > log.getBoundingClientRect().top + 20,
      );
      const frame = () => new Promise(requestAnimationFrame);
      await frame();
      const [top, count] = [reading.getBoundingClientRect().top, log.childElementCount];
      let farthest = 0;
      for (let after = 0; after < 20; ) {
        await frame();
        farthest = Math.max(farthest, Math.abs(reading.getBoundingClientRect().top - top));
        if (log.childElementCount > count) after += 1;
      }
      return farthest;
    });
  assert.ok((await jumps()) < 2, "the line that is read stays where it is");
  assert.ok((await jumps()) < 2, "and again");
  await page.locator("#log .earlier").waitFor({ state: "hidden" });
  assert.deepEqual(withoutFences(await texts(page)), numbers(0, 120));
  const names = page.locator("#log .message:not(.continued)");
  assert.ok((await names.count()) < 10, "the pages are one group where they meet");
  await bell.ask("text", { msg: "live" });
  await page.locator("#newer").click();
  await line(page, "message", "Bell: live");
});

it("the button above the oldest line does the same without a mouse, and says how many came", async () => {
  const { room } = await roomWith(70);
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  const button = page.getByRole("button", { name: "Earlier messages" });
  await button.focus();
  await page.keyboard.press("Enter");
  await line(page, "message", "Bell: number 0");
  await page.waitForFunction(() =>
    /^\d+ earlier messages$/m.test(document.querySelector("#heard").textContent),
  );
  assert.equal(await button.count(), 0, "there are no others");
  assert.equal(await page.evaluate(() => document.activeElement.id), "log", "the focus is not lost");
});

it("a reload loses nothing: neither what was said nor what is being typed", async () => {
  const { room } = await roomWith(3);
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await say(page, "mine");
  await line(page, "message", "Ada: mine");
  await page.locator("#message").fill("half a thought");
  await page.reload();
  await state(page, "connected");
  await line(page, "message", "Ada: mine");
  assert.deepEqual(withoutFences(await texts(page)), [...numbers(0, 3), "mine"]);
  assert.equal(await page.locator("#log .message.own").count(), 1);
  assert.equal(await page.locator("#message").inputValue(), "half a thought");
  assert.equal(await page.locator("#log .new").count(), 0, "nothing of it is new");
});

it("after a visit the next one says where the new begins, and leaving forgets where that was", async () => {
  const { room, bell } = await roomWith(2);
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await say(page, "bye");
  await line(page, "message", "Ada: bye");
  await page.goto("about:blank");
  await bell.ask("text", { msg: "while away 1" });
  await bell.ask("text", { msg: "while away 2" });
  await page.goto(`${server.url}/v1/chat?room=${room}`);
  await state(page, "connected");
  await line(page, "message", "Bell: while away 2");
  assert.deepEqual(await marked(page), ["while away 1"]);
  await leave(page);
  assert.equal(await page.evaluate(() => localStorage.getItem("alert.seen")), null);
  await bell.ask("text", { msg: "after leaving" });
  await enter(page, server, "Ada", room);
  await line(page, "message", "Bell: after leaving");
  assert.deepEqual(await marked(page), []);
});

it("after a cut of the network everything is there, in order, once, under a line, and is one word for a screen reader", async () => {
  const { room, bell } = await roomWith(1);
  const relay = await Relay.to(server);
  try {
    const page = await browser.visit({ mayFail: true });
    await enter(page, relay, "Ada", room);
    await line(page, "message", "Bell: number 0");
    relay.down = true;
    relay.cut();
    await state(page, "reconnecting");
    assert.match(await page.locator("#banner-text").innerText(), /shows what you missed/);
    for (let index = 1; index < 451; index += 1) bell.say(`number ${index}`);
    await bell.waitFor("message", "Bell: number 450", 30_000);
    relay.down = false;
    await state(page, "connected");
    await line(page, "message", "Bell: number 450");
    assert.deepEqual(withoutFences(await texts(page)), numbers(0, 451));
    assert.deepEqual(await marked(page), ["number 1"]);
    assert.equal(await page.locator("#log .gap").count(), 0);
    await page.waitForFunction(() => document.querySelector("#heard").textContent === "450 new messages");
  } finally {
    relay.close();
  }
});

it("a message that was on its way when the network broke is said once, by itself", async () => {
  const room = fresh("room");
  const bell = await Client.inRoom(server, room, "Bell");
  const relay = await Relay.to(server);
  try {
    const page = await browser.visit({ mayFail: true });
    await enter(page, relay, "Ada", room);
    await line(page, "status", "Ada has entered the room.");
    // The server hears it and the page does not hear the answer; then one that not even the server hears.
    for (const [text, silent] of [
      ["heard", "receive"],
      ["unheard", "send"],
    ]) {
      if (silent === "receive") relay.deaf = true;
      else {
        await page.evaluate(() => {
          const { send } = WebSocket.prototype;
          window.restore = () => {
            WebSocket.prototype.send = send;
          };
          WebSocket.prototype.send = () => {};
        });
      }
      await say(page, text);
      if (silent === "receive") await bell.waitFor("message", `Ada: ${text}`);
      await page.evaluate(() => window.restore?.());
      relay.deaf = false;
      relay.cut();
      await line(page, "message", `Ada: ${text}`);
      await page.waitForFunction(() => document.querySelector("#why").textContent === "");
    }
    await bell.waitFor("message", "Ada: unheard");
    await bell.ask("text", { msg: "a fence" });
    await line(page, "message", "Bell: a fence");
    assert.deepEqual(await lines(page, "message"), ["Ada: heard", "Ada: unheard", "Bell: a fence"]);
    const said = bell.heard.filter(([event]) => event === "message").map(([, text]) => text);
    assert.deepEqual(said, ["Ada: heard", "Ada: unheard", "Bell: a fence"]);
    assert.equal(await page.locator("#message").inputValue(), "");
    assert.equal(await page.locator("#problem").innerText(), "");
  } finally {
    relay.close();
  }
});

it("a message that could not be stored says so, quietly, until one is stored again", async () => {
  const server = await new Server().start();
  const page = await browser.visit({ viewport: { width: 360, height: 640 } });
  const why = page.locator("#why");
  const note =
    "Everyone here has your message, but it could not be stored: people who come later may not see it.";
  try {
    await enter(page, server, "Ada", fresh("room"));
    await say(page, "stored");
    await line(page, "message", "Ada: stored");
    assert.equal(await why.textContent(), "");
    const file = join(server.state, "alert.db");
    renameSync(file, `${file}.away`);
    await say(page, "not stored");
    await page.waitForFunction((note) => document.querySelector("#why").textContent === note, note);
    assert.equal(await page.locator("#problem").textContent(), "", "nothing that alarms");
    assert.equal(await page.locator("#message").inputValue(), "", "it was said, and is not given back");
    assert.equal(await why.getAttribute("role"), "status", "a screen reader says it when it is free");
    assert.deepEqual(await violations(page), []);
    renameSync(`${file}.away`, file);
    // The server looks for its file now and then.
    for (const until = Date.now() + DEADLINE; (await why.textContent()) !== ""; ) {
      assert.ok(Date.now() < until, "no message is stored");
      await say(page, "again");
    }
  } finally {
    await page.context().close();
    await server.stop();
  }
});

it("a server that keeps its history elsewhere than on disk does not call that a failure", async () => {
  const server = await new Server(["--history", "memory"]).start();
  const page = await browser.visit();
  try {
    await enter(page, server, "Ada", fresh("room"));
    await say(page, "hi");
    await line(page, "message", "Ada: hi");
    await page.waitForFunction(() => document.querySelector("#why").textContent === "");
    assert.equal(await page.locator("#chat").getAttribute("data-durable"), null);
  } finally {
    await page.context().close();
    await server.stop();
  }
});
