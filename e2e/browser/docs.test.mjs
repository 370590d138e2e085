// The documents in a browser: pages that lead to each other, down to the section.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor } from "../harness/browser.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

it("the list leads to a document, its links to a section of another one, and the source is one click away", async () => {
  const page = await browser.visit({ viewport: { width: 1000, height: 500 } });
  await page.goto(`${server.url}/docs/`);
  await page.getByRole("link", { name: "The v1 protocol" }).click();
  assert.equal(await page.locator("h1").innerText(), "The v1 protocol");
  await page.getByRole("link", { name: "configured" }).first().click();
  assert.equal(page.url(), `${server.url}/docs/operations/settings.md#settings`);
  await page.locator("h1:target").waitFor();
  const { y } = await page.locator("#settings").boundingBox();
  assert.ok(y >= 0 && y < 100, `the section is at the top: ${y}`);
  await page.getByRole("link", { name: "Source" }).click();
  assert.match(await page.locator("body").innerText(), /^# /);
});

it("a wide table scrolls by itself, with the keyboard too", async () => {
  const page = await browser.visit({ viewport: { width: 360, height: 640 } });
  await page.goto(`${server.url}/docs/protocol-v1.md`);
  const wide = page.locator(".docs-table").filter({ hasText: "invalid_body" });
  assert.ok(await wide.evaluate((table) => table.scrollWidth > table.clientWidth));
  await wide.focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.activeElement.scrollLeft > 0);
});
