// axe finds nothing in what only the chat page has: an empty room, who is here, the invitation, the past, Arabic.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, leave, line, say, violations } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport] of [
    ["wide", { width: 1200, height: 800 }],
    ["narrow", { width: 360, height: 640 }],
  ]) {
    it(`in ${colorScheme}, ${size}: an empty room, who is here, the invitation`, async () => {
      const page = await browser.visit({ colorScheme, viewport });
      await enter(page, server, "Ada", fresh("room"));
      await page.locator("#log .qr svg").waitFor();
      assert.deepEqual(await violations(page), []);
      if (size === "narrow") await page.locator("#people").click();
      await page.locator("#members li").waitFor();
      assert.deepEqual(await violations(page), []);
      await page.locator("#invite").click();
      await page.locator("#inviting .qr svg").waitFor();
      assert.deepEqual(await violations(page), []);
    });

    it(`in ${colorScheme}, ${size}: from right to left, with a past and something new`, async () => {
      const room = fresh("room");
      const bell = await Client.inRoom(server, room, "Bell");
      for (let index = 0; index < 60; index += 1) bell.say(`number ${index}, https://example.org/${index}`);
      await bell.waitFor("message", "Bell: number 59, https://example.org/59");
      const page = await browser.visit({ colorScheme, viewport, locale: "ar" });
      await page.goto(`${server.url}/v1`);
      assert.deepEqual(await violations(page), []);
      await enter(page, server, "Ada", room);
      await say(page, "hello");
      await line(page, "message", "Ada: hello");
      await page.goto("about:blank");
      await bell.ask("text", { msg: "new" });
      await page.goto(`${server.url}/v1/chat?room=${room}`);
      await page.locator("#log .new + .message").waitFor();
      await page.locator("#log").evaluate((log) => log.scrollTo(0, 0));
      assert.deepEqual(await violations(page), []);
      await leave(page);
    });
  }
}
