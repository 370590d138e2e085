// What the big screen says aloud, and has as a caption: the most urgent first, nothing that is not true any more.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import { browserFor } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { hosted, open } from "../harness/screen.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor("--autoplay-policy=no-user-gesture-required");
after(() => Client.closeAll());

/** A page that keeps what it says. */
async function visit() {
  const page = await browser.visit();
  await page.addInitScript(() => {
    window.said = [];
    window.speechSynthesis.speak = ({ text }) => window.said.push(text);
  });
  return page;
}

const said = (page) => page.evaluate(() => window.said);
const says = (page, words) => page.waitForFunction((words) => window.said.includes(words), words);

it("after joining, the most urgent is said first, and the others follow", async () => {
  const { room, raise } = await hosted(server);
  await raise("info", "Lunch is late");
  await raise("emergency", "Leave");
  await raise("warning", "Ice");
  const page = await visit();
  await open(server, page, room);
  await says(page, "Information: Lunch is late");
  assert.deepEqual(await said(page), ["Emergency: Leave", "Warning: Ice", "Information: Lunch is late"]);
});

it("what a more urgent one has cut is said again after it", async () => {
  const { room, raise } = await hosted(server);
  const page = await visit();
  await open(server, page, room);
  await raise("warning", "Ice");
  await says(page, "Warning: Ice");
  await raise("emergency", "Leave");
  await page.waitForFunction(() => window.said.length === 3);
  assert.deepEqual(await said(page), ["Warning: Ice", "Emergency: Leave", "Warning: Ice"]);
});

it("an end cuts what is said of the alert, and nothing of it is said afterwards", async () => {
  const { room, raise, does } = await hosted(server);
  const page = await visit();
  await open(server, page, room);
  const first = await raise("emergency", "Leave the building by the nearest exit. ".repeat(10));
  const second = await raise("emergency", "A mistake");
  await page.locator("#others li").waitFor();
  await does({ action: "end", id: second.id });
  await page.locator("#others li").waitFor({ state: "detached" });
  await does({ action: "end", id: first.id, all_clear: "All is well" });
  await page.locator("#caption", { hasText: "A mistake" }).waitFor();
  await says(page, (await page.locator("#caption").innerText()).trim());
  await page.locator("#caption", { hasText: "All is well" }).waitFor();
  assert.equal((await said(page)).filter((words) => words === "Emergency: A mistake").length, 0);
});

it("a countdown of exactly 10 s is said at once, and not while something more urgent is said, nor later", async () => {
  const { room, raise } = await hosted(server);
  const page = await visit();
  await open(server, page, room);
  await raise("info", "The bell", { countdown_to: "10s" });
  await says(page, "10 seconds left. Information: The bell");
  await raise("emergency", "Leave");
  await raise("info", "The gate", { countdown_to: "10s" });
  await says(page, "Information: The gate");
  assert.equal((await said(page)).includes("10 seconds left. Information: The gate"), false);
});

it("words that are longer than a caption are turned like pages, and all of them are to be read in time", async () => {
  const { room, raise, does } = await hosted(server);
  const page = await visit();
  await page.clock.install();
  await open(server, page, room);
  const { id } = await raise("warning", "Ice");
  await says(page, "Warning: Ice");
  const all_clear = Array.from({ length: 100 }, (_, place) => `word${place}`).join(" ");
  await does({ action: "end", id, all_clear });
  const caption = page.locator("#caption", { hasText: "word99" });
  await caption.waitFor();
  const place = () =>
    caption.evaluate((one) => ({
      top: one.scrollTop,
      last: one.scrollTop + one.clientHeight >= one.scrollHeight - 1,
    }));
  assert.deepEqual(await place(), { top: 0, last: false });
  for (let seconds = 0; !(await place()).last; seconds += 1) {
    assert.ok(seconds < 46, "the last page comes before its words are over");
    await page.clock.fastForward(1_000);
  }
  assert.ok((await place()).top > 0);
});

it("a countdown that is paused is not said to have so much left any more", async () => {
  const { room, raise, does } = await hosted(server);
  const page = await visit();
  await open(server, page, room);
  const { id } = await raise("info", "The bell", { countdown_to: "1m" });
  await page.locator("#caption", { hasText: "1 minute left" }).waitFor();
  await does({ action: "update", id, paused: true });
  await page.locator("#caption").waitFor({ state: "hidden" });
});
