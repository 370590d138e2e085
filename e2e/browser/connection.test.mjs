// The page's connection: reload, leave, a closed page, a server that restarts.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, leave, line, lines, say, state } from "../harness/browser.mjs";
import { Client, entered, fresh, left, said } from "../harness/client.mjs";
import { Server, serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

it("a reload rejoins, and nobody else notices", async () => {
  const room = fresh("room");
  const bell = await Client.inRoom(server, room, "Bell");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await page.reload();
  await state(page, "connected");
  await line(page, "status", "Ada has entered the room.");
  await say(page, "back again");
  await bell.waitFor("message", "Ada: back again");
  // Who comes after the reload and leaves in the same way: its grace ends after Ada's would have.
  const eve = await Client.inRoom(server, room, "Eve");
  eve.close();
  await bell.waitFor("status", "Eve has left the room.");
  const all = [entered("Bell"), entered("Ada"), said("Ada", "back again"), entered("Eve"), left("Eve")];
  assert.deepEqual(await bell.seen(), all);
});

it("leaving is immediate, and leads to the login with the room filled in", async () => {
  const room = fresh("room");
  const bell = await Client.inRoom(server, room, "Bell");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await leave(page);
  assert.equal(page.url(), `${server.url}/v1?room=${room}`);
  await bell.waitFor("status", "Ada has left the room.");
  assert.deepEqual(await bell.seen(), [entered("Bell"), entered("Ada"), left("Ada")]);
  assert.equal(await page.locator("#name").inputValue(), "Ada");
});

it("leaving is asked about, and whoever stays was never away", async () => {
  const room = fresh("room");
  const bell = await Client.inRoom(server, room, "Bell");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  const dialog = page.locator("#leaving");
  for (const stay of [
    () => page.keyboard.press("Enter"),
    () => page.keyboard.press("Escape"),
    () => dialog.getByRole("button", { name: "Stay" }).click(),
  ]) {
    await page.locator("#leave").click();
    await dialog.waitFor();
    await stay();
    await dialog.waitFor({ state: "hidden" });
  }
  await say(page, "still here");
  await bell.waitFor("message", "Ada: still here");
  assert.deepEqual(await bell.seen(), [entered("Bell"), entered("Ada"), said("Ada", "still here")]);
});

it("a closed page is a leave after the grace", async () => {
  const room = fresh("room");
  const bell = await Client.inRoom(server, room, "Bell");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  await page.close();
  await bell.waitFor("status", "Ada has left the room.");
  assert.deepEqual(await bell.seen(), [entered("Bell"), entered("Ada"), left("Ada")]);
});

it("after a restart of the server the page is back by itself, and nothing is missing", async () => {
  const room = fresh("room");
  let restarting = await new Server().start();
  try {
    const page = await browser.visit({ mayFail: true });
    await enter(page, restarting, "Ada", room);
    await say(page, "before");
    await line(page, "message", "Ada: before");
    await restarting.stop();
    await state(page, "reconnecting");
    restarting = await restarting.restarted();
    const bell = await Client.inRoom(restarting, room, "Bell");
    bell.say("meanwhile");
    await line(page, "message", "Bell: meanwhile");
    assert.deepEqual(await lines(page, "message"), ["Ada: before", "Bell: meanwhile"]);
    assert.equal(await page.locator("#log .gap").count(), 0);
  } finally {
    Client.closeAll();
    await restarting.stop();
  }
});

it("after a restart that forgot what was said the page is back by itself and says so", async () => {
  const room = fresh("room");
  let restarting = await new Server(["--history", "memory"]).start();
  try {
    const page = await browser.visit({ mayFail: true });
    await enter(page, restarting, "Ada", room);
    await say(page, "before");
    await line(page, "message", "Ada: before");
    await restarting.stop();
    await state(page, "reconnecting");
    await page.locator("#message").fill("typed while away");
    assert.equal(await page.locator("#send").isDisabled(), true, "nothing can be sent into the void");
    restarting = await restarting.restarted();
    await state(page, "connected");
    const gap = page.locator("#log .gap");
    await gap.waitFor();
    assert.equal(await gap.count(), 1);
    assert.match(await gap.innerText(), /miss/);
    assert.deepEqual(await lines(page, "message"), ["Ada: before"], "what was there is there");
    assert.equal(await page.locator("#message").inputValue(), "typed while away");
    const bell = await Client.inRoom(restarting, room, "Bell");
    await page.locator("#send").click();
    await bell.waitFor("message", "Ada: typed while away");
    const order = await page.locator("#log > *").evaluateAll((lines) => lines.map((line) => line.className));
    const [gapAt, lastMessage] = [order.findIndex((name) => name.includes("gap")), order.length - 1];
    assert.ok(gapAt > 0 && gapAt < lastMessage, order.join());
  } finally {
    Client.closeAll();
    await restarting.stop();
  }
});

it("a session that the server does not know any more: the page says so, leads to the login, and keeps what was typed", async () => {
  const first = await new Server().start();
  const page = await browser.visit({ mayFail: true });
  await enter(page, first, "Ada", "engine");
  await page.locator("#message").fill("not lost");
  await first.stop();
  const second = await new Server([], { port: first.port }).start();
  try {
    await state(page, "lost");
    const link = page.locator("#problem a");
    await link.waitFor();
    assert.match(await page.locator("#problem").innerText(), /no longer knows your login/);
    await page.reload();
    assert.equal(page.url(), `${second.url}/v1?room=engine&why=login-unknown`);
    assert.match(await page.locator("#trouble").innerText(), /no longer knows your login/);
    await page.locator("#name").fill("Ada");
    await page.locator("#enter").click();
    await state(page, "connected");
    assert.equal(await page.locator("#message").inputValue(), "not lost");
  } finally {
    await second.stop();
  }
});
