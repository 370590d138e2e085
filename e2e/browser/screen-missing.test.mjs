// Who has not confirmed an alert, on the big screen: only where a host wants that, how many first, and all names in time; in
// every size, and axe finds nothing. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import { browserFor, looksRight, settled } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { hosted, open } from "../harness/screen.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor();
after(() => Client.closeAll());

const NAMES = ["Ada", "Bea", "Cy", "Barbara with a rather long name", "Grace", "Katherine", "Mary", "Zoë"];
const count = (page, words) => page.locator("#missing-count", { hasText: words }).waitFor();
/** Names that can be read now. */
const seen = (page) =>
  page.locator("#missing-names").evaluate((list) => {
    const { top, bottom } = list.getBoundingClientRect();
    const rows = [...list.children].map((row) => [row.textContent, row.getBoundingClientRect()]);
    return rows.filter(([, box]) => box.top >= top - 1 && box.bottom <= bottom + 1).map(([name]) => name);
  });

it("nobody's name is on the wall unless a host says so; then who is missing stands there as it changes", async () => {
  const { room, raise, does } = await hosted(server);
  const people = new Map();
  for (const name of NAMES.slice(0, 3)) people.set(name, await V2.inRoom(server, room, name));
  const page = await browser.visit();
  await page.clock.install();
  await open(server, page, room);
  const { id } = await raise("emergency", "Leave the building", { answers: ["safe", "need help"] });
  await page.locator("#words", { hasText: "Leave" }).waitFor();
  await page.clock.fastForward(3_000);
  assert.equal(await page.locator("#missing").isVisible(), false);
  await does({ action: "update", id, show_missing: true });
  await count(page, "3 of 4 have not confirmed yet");
  assert.deepEqual(await seen(page), ["Ada", "Bea", "Cy"]);
  await people.get("Bea").ask("alert", { room, action: "confirm", id, answer: "need help" });
  // What was asked just now is answered for a second.
  const confirmed = async (words) => {
    for (let tries = 0; !(await page.locator("#missing-count").innerText()).includes(words); tries += 1) {
      assert.ok(tries < 40, words);
      await page.clock.fastForward(3_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await confirmed("2 of 4 have not confirmed yet");
  assert.deepEqual(await seen(page), ["Ada", "Cy"]);
  assert.ok(!(await page.locator("body").innerText()).includes("need help"), "no answers");
  for (const name of ["Ada", "Cy"])
    await people.get(name).ask("alert", { room, action: "confirm", id, answer: "safe" });
  await confirmed("Everybody has confirmed");
  await does({ action: "end", id });
  await page.locator("#missing").waitFor({ state: "hidden" });
});

it("in every size the count stands and each name is to be read in time, and axe finds nothing", async () => {
  const { room, raise } = await hosted(server);
  for (const name of NAMES) await V2.inRoom(server, room, name);
  for (let number = 0; number < 24; number += 1) await V2.inRoom(server, room, `Pupil ${number}`);
  await raise("emergency", "Leave the building by the nearest exit and gather at the sports field", {
    confirm: true,
    show_missing: true,
    countdown_to: "10m",
  });
  await raise("info", "Lunch is late");
  const all = [...NAMES, ...Array.from({ length: 24 }, (_, number) => `Pupil ${number}`)].sort();
  for (const [width, height, locale, words] of [
    [1920, 1080, "en", "32 of 33"],
    [1280, 720, "de", "32 von 33"],
    [768, 1024, "ar", "من"],
    [360, 640, "fr", "32 sur 33"],
  ]) {
    const page = await browser.visit({ viewport: { width, height }, locale });
    await page.clock.install();
    await open(server, page, room);
    await count(page, words);
    await settled(page);
    await looksRight(page, `${width}x${height}`, "screen-missing");
    const bounds = await page.evaluate(() =>
      ["words", "count", "missing-count", "missing-names"].map((id) => {
        const { top, bottom, height } = document.getElementById(id).getBoundingClientRect();
        return [id, height === 0 || (top >= -1 && bottom <= innerHeight + 1)];
      }),
    );
    assert.deepEqual(
      bounds.filter(([, fits]) => !fits),
      [],
      `${width}x${height}`,
    );
    assert.ok(await page.locator("#missing-names").isVisible(), `${width}x${height}`);
    const read = new Set();
    for (let turns = 0; read.size < all.length && turns < 40; turns += 1) {
      for (const name of await seen(page)) read.add(name);
      await page.clock.fastForward(6_000);
    }
    assert.deepEqual([...read].sort(), all, `${width}x${height}`);
    await page.context().close();
  }
});
