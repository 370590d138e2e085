// axe finds nothing in what a host has and a guest is shown, in light and dark, on a wide page and on a phone.
// SCREENSHOTS=folder keeps a picture of each.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, line, say, settled, state, violations } from "../harness/browser.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor();

for (const [colorScheme, size, viewport, locale] of [
  ["light", "wide", { width: 1280, height: 800 }, "en"],
  ["dark", "wide", { width: 1280, height: 800 }, "en"],
  ["light", "narrow", { width: 360, height: 640 }, "en"],
  ["dark", "narrow", { width: 360, height: 640 }, "ar"],
]) {
  const check = async (page, what) => {
    assert.deepEqual(await violations(page), [], what);
    const wide = await page.evaluate(() => [
      document.documentElement.scrollWidth - innerWidth,
      ...[...document.querySelectorAll("dialog[open], .gate, .hands")].map(
        (one) => one.scrollWidth - one.clientWidth,
      ),
    ]);
    assert.ok(
      wide.every((excess) => excess <= 0),
      `${what}: something is too wide: ${wide}`,
    );
    if (process.env.SCREENSHOTS === undefined) return;
    await settled(page);
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${size}-${colorScheme}-${what}.png` });
  };

  it(`in ${colorScheme}, ${size}, ${locale}: host and guest`, async () => {
    const visit = () => browser.visit({ colorScheme, viewport, locale });
    const host = await visit();
    await host.goto(`${server.url}/v1`);
    await host.locator("#name").fill("Ms Ortega");
    await host.locator("#fresh").click();
    const room = await host.locator("#room").inputValue();
    await check(host, "login");
    await host.locator("#enter").click();
    await host.locator("#hosting-button").waitFor();
    const key = await host.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
    const deputy = await V2.connect(server);
    const does = async (action, more = {}) => {
      const answer = await deputy.ask("moderate", { room, action, host: key, ...more });
      assert.ok(answer.ok, JSON.stringify(answer));
    };
    const ada = await visit();
    await enter(ada, server, "Ada", room);
    await say(host, "Good morning! Open the book at page 42, please.");
    await say(ada, "Is the second exercise homework?");
    await line(host, "message", "Ada: Is the second exercise homework?");

    await does("set", { settings: { slow: 30 } });
    await say(ada, "I mean the one on the right");
    await ada.locator("#wait:not(:empty)").waitFor();
    await check(ada, "guest-slow");
    await does("set", { settings: { slow: 0, announce: true } });
    await ada.locator("#hand").waitFor();
    await check(ada, "guest-hosts-only");
    await ada.locator("#hand").click();
    await ada.locator("#hand[aria-pressed=true]").waitFor();
    await check(ada, "guest-hand");
    for (const name of ["Grace", "Barbara with a rather long name", "Katherine", "Mary"]) {
      const other = await V2.connect(server);
      await other.join(room, name);
      await other.ask("hand", { room, up: true });
    }
    await host.locator("#hands .hand").nth(4).waitFor();
    await host.locator("#log .message").last().hover();
    await check(host, "host-room");
    await does("mute", { name: "Mary", for: "10m" });
    await does("ban", { name: "Mallory", for: "1d" });
    await host.locator("#hosting-button").click();
    await host.locator(".kept li").nth(1).waitFor();
    await check(host, "host-controls");
    await host.locator("#hosting").evaluate((dialog) => dialog.scrollTo(0, 520));
    await check(host, "host-controls-middle");
    await host.locator("#hosting").evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    await check(host, "host-controls-end");
    await host.locator("#hosting .danger").click();
    await host.locator("#asking[open]").waitFor();
    await check(host, "host-asks");
    await host.keyboard.press("Escape");
    await host.keyboard.press("Escape");
    if (size === "narrow") await host.locator("#people").click();
    await host.locator("#members .more").first().waitFor();
    await check(host, "host-people");
    await host.locator("#members .more").first().click();
    await host.locator("#person[open]").waitFor();
    await check(host, "host-person");

    await does("give_word", { name: "Ada" });
    await ada.locator('#floor[data-kind="word"]').waitFor();
    await check(ada, "guest-word");
    await does("mute", { name: "Ada", for: "10m" });
    await ada.locator('#floor[data-kind="muted"]').waitFor();
    await check(ada, "guest-muted");
    await does("ban", { name: "Ada", for: "1h" });
    await ada.locator("#gate-title").waitFor();
    await check(ada, "guest-banned");
    await does("set", { settings: { password: "blue sky" } });
    const bob = await visit();
    await bob.goto(`${server.url}/v1`);
    await bob.locator("#name").fill("Bob");
    await bob.locator("#room").fill(room);
    await bob.locator("#enter").click();
    await bob.locator("#gate-password").fill("green");
    await bob.keyboard.press("Enter");
    await bob.locator("#gate-problem:not(:empty)").waitFor();
    await check(bob, "guest-password");
    await bob.locator("#gate-password").fill("blue sky");
    await bob.keyboard.press("Enter");
    await state(bob, "connected");
    deputy.close();
  });
}
