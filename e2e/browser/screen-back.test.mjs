// A big screen that comes back: to a server with another clock, after a change that it missed, and with what was entered.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import { browserFor } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { address, hosted, open } from "../harness/screen.mjs";
import { Server, serverFor } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor();
after(() => Client.closeAll());

it("an alert in force appears, even if the server's clock is far behind what the screen has measured", async () => {
  const own = await new Server([]).start();
  const { room, raise } = await hosted(own);
  const page = await browser.visit({ mayFail: true });
  await open(own, page, room);
  // For the page it is as if the server's clock had been set back.
  await page.evaluate(() => {
    for (const clock of [performance, Date]) {
      const now = clock.now.bind(clock);
      clock.now = () => now() + 3_600_000;
    }
  });
  await raise("emergency", "Leave the building", { ends_at: "30m" });
  await page.locator("#caption", { hasText: "Leave the building" }).waitFor();
  await own.kill();
  await page.locator("#state").waitFor();
  const next = await own.restarted();
  await page.locator("#words", { hasText: "Leave the building" }).waitFor();
  await next.stop();
});

it("what was entered, with its spaces, wins over what the address still says", async () => {
  const { room, moderate, raise } = await hosted(server);
  await raise("warning", "Ice on the stairs");
  await moderate({ action: "set", settings: { password: " new one " } });
  const page = await browser.visit();
  await page.goto(address(server, room, "#password=old"));
  await page.locator("#state", { hasText: "not the password" }).waitFor();
  await page.reload();
  await page.locator("#state", { hasText: "This room has a password" }).waitFor();
  await page.locator("#key-field").fill(" new one ");
  await page.keyboard.press("Enter");
  await page.locator("#words", { hasText: "Ice" }).waitFor();
  await page.reload();
  await page.locator("#words", { hasText: "Ice" }).waitFor();
  assert.equal(await page.locator("#key").isVisible(), false);
});

it("while the server cannot answer, the screen says so and asks again every few seconds", async () => {
  const own = await new Server(["--history", "memory", "--max-rooms", "1"]).start();
  const first = await V2.inRoom(own, fresh("room"), "Ada");
  const page = await browser.visit({ mayFail: true });
  await page.clock.install();
  const refused = () => own.log.split("server_full").length - 1;
  await page.goto(address(own, fresh("room")));
  await page.locator("#state", { hasText: "The server cannot answer now" }).waitFor();
  for (const count of [2, 3]) {
    assert.ok(refused() < count, "not more often");
    await page.clock.fastForward(3_000);
    await eventually("another question", () => refused() >= count);
  }
  await first.ask("leave", { room: first.room });
  await page.clock.fastForward(3_000);
  await page.locator("#state").waitFor({ state: "hidden" });
  await own.stop();
});

it("a screen that a host keeps out asks again after a while, and is let in when it may", async () => {
  const { room, moderate, raise } = await hosted(server);
  await raise("warning", "Ice on the stairs");
  const page = await browser.visit({ mayFail: true });
  await page.clock.install();
  await open(server, page, room);
  await moderate({ action: "close" });
  await page.locator("#state", { hasText: "The room is closed" }).waitFor();
  await moderate({ action: "set", settings: { closed: false } });
  await page.clock.fastForward(15_000);
  await page.locator("#words", { hasText: "Ice" }).waitFor();
});

/** Keeps what the page says. */
const listen = (page) =>
  page.addInitScript(() => {
    window.said = [];
    window.speechSynthesis.speak = ({ text }) => window.said.push(text);
  });

it("what an alert became while the screen was away is said as it is live", async () => {
  const { room, raise, does } = await hosted(server);
  const page = await browser.visit({ mayFail: true });
  await listen(page);
  await open(server, page, room);
  const { id } = await raise("info", "A smell of gas");
  await page.locator("#words", { hasText: "A smell of gas" }).waitFor();
  await page.context().setOffline(true);
  await page.locator("#state", { hasText: "No connection" }).waitFor();
  await does({ action: "update", id, level: "emergency", text: "Leave the building" });
  await page.context().setOffline(false);
  await page.waitForFunction(() => window.said.includes("Emergency: Leave the building"));
});
