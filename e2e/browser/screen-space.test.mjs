// Where there is little space on the big screen, the first alert and its countdown have it; the rest gives way.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import { browserFor, settled } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { hosted, open } from "../harness/screen.mjs";
import { serverFor } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor();
after(() => Client.closeAll());

const SIZES = [
  [1920, 1080],
  [1280, 720],
  [1024, 1024],
  [768, 1024],
  [640, 360],
  [360, 640],
];
const EXIT = "Leave the building by the nearest exit and gather at the sports field";
const PLACE = "Year 7 and everybody in the east wing, also the kitchen and the library on the second floor";
const CASES = {
  several: { others: 3, text: EXIT, audience: PLACE },
  many: { others: 5, text: EXIT },
  long: { others: 4, text: `${EXIT}. `.repeat(25), audience: PLACE },
  unbroken: { others: 1, text: EXIT, audience: `https://intranet.example.org/${"a/page/".repeat(22)}` },
};

/** What covers what, or is outside of the view. */
const faults = (page) =>
  page.evaluate(() => {
    const parts = [
      "level",
      "words",
      "count",
      "about",
      "others",
      "messages",
      "qr",
      "link",
      "caption",
      "clock",
      "code",
    ]
      .map((id) => document.getElementById(id))
      .filter((part) => part.checkVisibility());
    /** The text itself, which may be wider than its box. */
    const place = (part) => {
      const range = document.createRange();
      range.selectNodeContents(part);
      const box = part.getBoundingClientRect();
      return part.id === "about" && getComputedStyle(part).overflow === "visible"
        ? range.getBoundingClientRect()
        : box;
    };
    const found = [];
    for (const [index, one] of parts.entries()) {
      const a = place(one);
      if (a.bottom > innerHeight + 1 || a.right > innerWidth + 1 || a.top < -1 || a.left < -1)
        found.push(`${one.id} is outside`);
      for (const other of parts.slice(index + 1)) {
        const b = place(other);
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (width > 3 && height > 3) found.push(`${one.id} and ${other.id}`);
      }
    }
    const main = document.getElementById("in-force").getBoundingClientRect();
    for (const id of ["words", "count", "about"])
      if (document.getElementById(id).getBoundingClientRect().bottom > main.bottom + 1)
        found.push(`${id} is cut`);
    return found;
  });

for (const [name, { others, text, ...more }] of Object.entries(CASES))
  it(`with ${name}, the first alert and its countdown are covered by nothing in any size`, async () => {
    const { room, host, raise } = await hosted(server);
    for (let count = 0; count < others; count += 1) await raise("warning", `Ice on the stairs ${count}`);
    for (const msg of ["Good morning", "Lunch is at noon"]) await host.tell(msg);
    await raise("emergency", text, { countdown_to: "10m", ...more });
    const page = await browser.visit();
    await open(server, page, room);
    await page.locator("#count").waitFor();
    await page.locator("#qr svg").waitFor({ state: "attached" });
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await settled(page);
      if (process.env.SCREENSHOTS !== undefined)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/space-${name}-${width}x${height}.png` });
      // What stands where follows the size with a frame of its own.
      let found = [];
      const fits = async () => {
        found = await faults(page);
        return found.length === 0;
      };
      await eventually("a place for each", fits).catch(() =>
        assert.deepEqual(found, [], `${width}x${height}`),
      );
      assert.equal(await page.locator("#count").isVisible(), true);
      const rows = await page.locator("#others li:not(.more)").count();
      const rest = await page.locator("#others .more").allInnerTexts();
      const left = others - rows;
      assert.deepEqual(rest, left === 0 ? [] : [left === 1 ? "1 more alert" : `${left} more alerts`]);
    }
  });
