// Buttons and the focus: what can be read in every state, and where the keyboard is after something is gone.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, host, line, say } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor("--history", "memory", "--leave-grace", "100ms");
const browser = browserFor();

/** A fresh room with its host in it: `[page, room]`. */
async function hosted(options) {
  const page = await browser.visit({ viewport: { width: 1200, height: 800 }, ...options });
  return [page, await host(page, server)];
}

/** The label of what has the focus. */
const focused = (page) =>
  page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.id);

/** Waits until this has the focus, for good: nothing that is still to come takes it away. */
async function focusOn(page, label) {
  await page.waitForFunction(
    (label) =>
      (document.activeElement.getAttribute("aria-label") ?? document.activeElement.id) === label &&
      document.querySelector("dialog[open]") === null,
    label,
  );
}

const about = (name) => `What you can do about ${name}`;

it("no rule gives the colours of hovering to a finger or to what is disabled", async () => {
  const page = await browser.visit();
  await page.goto(`${server.url}/v1`);
  const wrong = await page.evaluate(() => {
    const found = [];
    const walk = (rules, isForPointers) => {
      for (const rule of rules) {
        if (rule instanceof CSSMediaRule)
          walk(rule.cssRules, isForPointers || /hover:\s*hover/.test(rule.conditionText));
        else if (rule.selectorText?.includes(":hover")) {
          const hidesWhatIsNotHovered = rule.selectorText.includes(":not(:hover)");
          if (!isForPointers || !(hidesWhatIsNotHovered || rule.selectorText.includes(":not(:disabled)")))
            found.push(rule.selectorText);
        }
      }
    };
    for (const sheet of document.styleSheets) walk(sheet.cssRules, false);
    return found;
  });
  assert.deepEqual(wrong, []);
});

for (const [kind, options] of [
  ["mouse", { viewport: { width: 1280, height: 800 } }],
  ["finger", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ["mouse in the dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
]) {
  it(`in slow mode Send can be read while it waits, after a ${kind} has pressed it`, async () => {
    const [host, room] = await hosted();
    const page = await browser.visit(options);
    await enter(page, server, "Ada", room);
    await host.locator("#hosting-button").click();
    await host.getByLabel("Slow mode").selectOption({ label: "1 minute" });
    await line(page, "status", "Slow mode: wait 1 minute between two messages.");
    await page.locator("#message").fill("one");
    await (options.hasTouch ? page.locator("#send").tap() : page.locator("#send").click());
    await page.locator("#send:disabled").waitFor();
    const ratio = await page.locator("#send").evaluate((button) => {
      const luminance = (colour) => {
        const [r, g, b] = colour.map((part) => {
          const value = part / 255;
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
      let under = button;
      const ground = () => numbers(getComputedStyle(under).backgroundColor);
      while (ground().length === 4 && ground()[3] === 0) under = under.parentElement;
      const [a, b] = [luminance(numbers(getComputedStyle(button).color)), luminance(ground())];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
    assert.ok(ratio >= 4.5, `${ratio.toFixed(2)}:1`);
    const start = (id) =>
      page.locator(id).evaluate((element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        return range.getBoundingClientRect().left;
      });
    await page.locator("#wait", { hasText: "Slow mode" }).waitFor();
    const waiting = await start("#wait");
    const row = (await page.locator("#compose-row").boundingBox()).x;
    assert.ok(Math.abs(waiting - row) <= 1, `the hint begins ${waiting - row} px beside the input`);
  });
}

for (const [name, action] of [
  ["Remove", "Remove"],
  ["Ban", "Ban"],
]) {
  it(`after ${name} the focus is on the next person, on the one before, and at last on Invite`, async () => {
    const [page, room] = await hosted();
    for (const who of ["Ada", "Bob", "Cyd"]) await Client.inRoom(server, room, who);
    await page.getByRole("button", { name: about("Cyd") }).waitFor();
    for (const [who, next] of [
      ["Bob", about("Cyd")],
      ["Cyd", about("Ada")],
      ["Ada", "invite"],
    ]) {
      await page.getByRole("button", { name: about(who) }).focus();
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name: who, exact: true });
      await dialog.getByRole("button", { name: action, exact: true }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: about(who) }).waitFor({ state: "detached" });
      await focusOn(page, next);
    }
  });
}

it("whoever leaves takes the focus of nobody else", async () => {
  const [page, room] = await hosted();
  const people = {};
  for (const who of ["Ada", "Bob", "Cyd"]) people[who] = await Client.inRoom(server, room, who);
  await page.getByRole("button", { name: about("Cyd") }).focus();
  people.Ada.socket.close();
  await page.getByRole("button", { name: about("Ada") }).waitFor({ state: "detached" });
  assert.equal(await focused(page), about("Cyd"));
  people.Cyd.socket.close();
  await page.getByRole("button", { name: about("Cyd") }).waitFor({ state: "detached" });
  await focusOn(page, about("Bob"));
  await say(page, "still here");
  await line(page, "message", "Ms Ortega: still here");
});
