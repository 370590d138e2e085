// Whatever changes the layout, whoever reads the newest message goes on reading it, and whoever reads further up stays
// there.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, line, state } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

/** Another size of the window, and the first one again. */
const sizes =
  (...sizes) =>
  async (page, settled) => {
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height });
      await settled();
    }
  };

/** What the browser does when somebody zooms: fewer and larger pixels. */
async function zoom(page, settled) {
  const session = await page.context().newCDPSession(page);
  const { width, height } = page.viewportSize();
  for (const scale of [1.5, 0.8, 1]) {
    await session.send("Emulation.setDeviceMetricsOverride", {
      width: Math.round(width / scale),
      height: Math.round(height / scale),
      deviceScaleFactor: scale,
      mobile: false,
    });
    await settled();
  }
}

const root = (property, ...values) =>
  async function styled(page, settled) {
    for (const value of values) {
      await page.evaluate(
        ([property, value]) => document.documentElement.style.setProperty(property, value),
        [property, value],
      );
      await settled();
    }
  };

async function panel(page, settled) {
  for (const expanded of ["false", "true"]) {
    await page.locator("#people").click();
    await page.locator(`#people[aria-expanded=${expanded}]`).waitFor();
    await settled();
  }
}

async function banner(page, settled) {
  await page.context().setOffline(true);
  await page.locator("#banner").waitFor();
  await settled();
  await page.context().setOffline(false);
  await state(page, "connected");
  await page.locator("#banner").waitFor({ state: "hidden" });
  await settled();
}

async function longText(page, settled) {
  for (const text of ["one\ntwo\nthree\nfour\nfive", ""]) {
    await page.locator("#message").fill(text);
    await settled();
  }
}

/** Name, width and height of the window, and what happens to it. */
const CHANGES = [
  ["a small phone is turned", 360, 740, sizes([740, 360], [360, 740])],
  ["a phone is turned", 412, 915, sizes([915, 412], [412, 915])],
  ["a tablet is turned", 768, 1024, sizes([1024, 768], [768, 1024])],
  ["a window is made smaller and larger", 1920, 1080, sizes([1280, 800], [500, 400], [1920, 1080])],
  ["a keyboard opens and closes", 360, 740, sizes([360, 400], [360, 740])],
  ["a phone with an open keyboard is turned", 360, 400, sizes([740, 200], [360, 400])],
  ["the letters grow and shrink", 1000, 700, root("font-size", "150%", "80%", "100%")],
  ["lines stand further apart", 1000, 700, root("line-height", "2.2", "1.1", "1.45")],
  ["somebody zooms in and out", 1280, 800, zoom],
  ["the panel closes and opens", 1280, 800, panel],
  ["the banner comes and goes", 360, 740, banner],
  ["a long text is typed and deleted", 360, 740, longText],
];

/** A page in a room where much has been said, and somebody who says more. */
async function crowded(width, height) {
  const room = fresh("room");
  const page = await browser.visit({ viewport: { width, height }, mayFail: true });
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  for (let index = 0; index < 60; index += 1)
    bell.say(`number ${index} ${"says more than one line has room for ".repeat(index % 5)}`.trim());
  await line(page, "message", "Bell: number 55");
  await page.waitForFunction(() => document.querySelectorAll("#log .message").length === 60);
  await bell.ask("text", { msg: "the last of them" });
  await line(page, "message", "Bell: the last of them");
  return { page, bell };
}

/** Two frames: what a change of the layout brings about comes in the next one. */
const frames = (page) =>
  page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );

const fromEnd = (page) =>
  page.locator("#log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);

for (const [name, width, height, change] of CHANGES) {
  it(`given a reader of the newest message, when ${name}, they see it and the next one`, async () => {
    const { page, bell } = await crowded(width, height);
    await frames(page);
    let steps = 0;
    await change(page, async () => {
      await frames(page);
      await frames(page);
      steps += 1;
      assert.ok((await fromEnd(page)) <= 2, `step ${steps}: ${await fromEnd(page)} px from the end`);
    });
    await bell.ask("text", { msg: "leave the building" });
    await page.waitForFunction(() => {
      const log = document.querySelector("#log").getBoundingClientRect();
      const newest = document.querySelector("#log .newest");
      const { top, bottom } = newest.getBoundingClientRect();
      return newest.textContent.includes("leave the building") && top >= log.top && bottom <= log.bottom + 1;
    });
    assert.equal(await page.locator("#newer").isVisible(), false);
  });

  it(`given a reader further up, when ${name}, they stay there`, async () => {
    const { page, bell } = await crowded(width, height);
    const place = () =>
      page.evaluate(() => {
        const { top } = document.querySelector("#log").getBoundingClientRect();
        const seen = [...document.querySelectorAll("#log .message")].find(
          (line) => line.getBoundingClientRect().top >= top - 2,
        );
        return { text: seen.querySelector(".said").textContent, top: seen.getBoundingClientRect().top - top };
      });
    await page.locator("#log .message", { hasText: "number 30" }).evaluate((element) => {
      element.scrollIntoView({ block: "start" });
    });
    await page.locator("#log:not(.following)").waitFor();
    await frames(page);
    const before = await place();
    await change(page, async () => {
      await frames(page);
      await frames(page);
      const after = await place();
      assert.equal(after.text, before.text);
      assert.ok(Math.abs(after.top - before.top) <= 2, `${after.top} px from the top, not ${before.top}`);
    });
    await bell.ask("text", { msg: "not yet" });
    await page.locator("#newer").waitFor();
    assert.equal((await place()).text, before.text);
  });
}

it("whoever scrolls up while messages keep coming is not taken back to the end", async () => {
  const { page, bell } = await crowded(412, 915);
  const flood = setInterval(() => bell.say("and another"), 10);
  try {
    await page.locator("#log").hover();
    for (let turn = 0; turn < 10; turn += 1) await page.mouse.wheel(0, -60);
    await page.locator("#newer").waitFor();
  } finally {
    clearInterval(flood);
  }
  assert.ok((await fromEnd(page)) > 100);
});
