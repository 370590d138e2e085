// The page in front of three servers that share their rooms, behind a proxy that sends each request to the next one: it
// is as if there were only one, and a server that dies takes nothing with it.

import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import { browserFor, enter, leave, line, lines, say, state } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { haproxy } from "../harness/proxies.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";

const browser = browserFor();
const redis = new Redis();
const nodes = [];
let proxy;
before(async () => {
  await redis.start();
  for (let count = 0; count < 3; count++)
    nodes.push(await new Server(["--leave-grace", "1s"], { redis, sessionKey: null }).start());
  proxy = await haproxy(nodes);
});
after(async () => {
  await proxy.stop();
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

/** Does what brings a page into a room, and says on which server it is then. */
async function placeAfter(page, does) {
  const from = nodes.map(({ log }) => log.length);
  await does();
  await state(page, "connected");
  const place = await eventually("a server to say that it has joined", () => {
    const found = nodes.findIndex(({ log }, number) => / joined /.test(log.slice(from[number])));
    return found >= 0 && { found };
  });
  return place.found;
}

/** Somebody in a room, on another server than that one. */
async function guest(room, name, other) {
  const page = await browser.visit();
  let place = await placeAfter(page, () => enter(page, proxy, name, room));
  while (place === other) place = await placeAfter(page, () => page.reload());
  return [page, place];
}

/** A fresh room with its host in it: `[page, room, place]`. */
async function hosted() {
  const page = await browser.visit({ viewport: { width: 1200, height: 800 } });
  await page.goto(`${proxy.url}/v1`);
  await page.locator("#name").fill("Ms Ortega");
  await page.locator("#fresh").click();
  const room = await page.locator("#room").inputValue();
  const place = await placeAfter(page, () => page.locator("#enter").click());
  await page.locator("#hosting-button").waitFor();
  return [page, room, place];
}

const dialog = (page, name) => page.getByRole("dialog", { name, exact: true });

/** Opens what can be done about a person, and does it. */
async function does(page, name, what) {
  await page.getByRole("button", { name: `What you can do about ${name}` }).click();
  await dialog(page, name).getByRole("button", { name: what, exact: true }).click();
  await dialog(page, name).waitFor({ state: "hidden" });
}

it("people log in, write, reload and leave, on whichever servers they are", async () => {
  const room = fresh("room");
  const [ada, place] = await guest(room, "Ada");
  const [bob] = await guest(room, "Bob", place);
  const all = [];
  for (const [number, [speaker, name]] of [
    [ada, "Ada"],
    [bob, "Bob"],
    [ada, "Ada"],
  ].entries()) {
    await say(speaker, `${number}`);
    all.push(`${name}: ${number}`);
    for (const page of [ada, bob]) await line(page, "message", all.at(-1));
  }
  for (const page of [ada, bob]) assert.deepEqual(await lines(page, "message"), all);
  // After a reload, perhaps on another server, it shows the same.
  await placeAfter(ada, () => ada.reload());
  await line(ada, "message", all.at(-1));
  assert.deepEqual(await lines(ada, "message"), all);
  await leave(ada);
  await line(bob, "status", "Ada has left the room.");
});

it("what a host does holds for guests on another server", async () => {
  const [host, room, place] = await hosted();
  const [ada, other] = await guest(room, "Ada", place);
  assert.notEqual(other, place);
  await say(ada, "rude");
  await line(host, "message", "Ada: rude");
  const rude = host.locator("#log .message", { hasText: "rude" });
  await rude.hover();
  await rude.locator(".remove").click();
  await dialog(host, "Remove this message?").getByRole("button", { name: "Remove" }).click();
  for (const page of [host, ada])
    await page.locator("#log .message", { hasText: "rude" }).waitFor({ state: "detached" });

  await does(host, "Ada", "Mute");
  await ada.locator("#floor-text", { hasText: /^A host has muted you/ }).waitFor();
  await does(host, "Ada", "Unmute");
  await ada.locator("#message").waitFor();

  await host.locator("#hosting-button").click();
  await dialog(host, "Host controls").getByRole("radio", { name: "Only hosts" }).click();
  await ada.getByRole("button", { name: "Raise your hand" }).click();
  await ada.locator("#floor-text", { hasText: "you are number 1 in line." }).waitFor();
  await host.keyboard.press("Escape");
  await host.getByRole("button", { name: "Give the floor to Ada" }).click();
  await ada.locator("#floor-text", { hasText: "You have the floor" }).waitFor();
  await say(ada, "a question");
  await line(host, "message", "Ada: a question");

  await does(host, "Ada", "Remove");
  await ada.getByRole("heading", { name: "A host has removed you from the room" }).waitFor();
  await line(host, "status", "Ada has left the room.");
  await placeAfter(ada, () => ada.getByRole("button", { name: "Come back in" }).click());
  await line(ada, "message", "Ada: a question");
  assert.deepEqual(await lines(ada, "message"), ["Ada: a question"], "what was removed stays so");
});

it("a page whose server is killed is back on another one by itself, and nothing is missing or said twice", async () => {
  const room = fresh("room");
  const page = await browser.visit({ mayFail: true });
  const place = await placeAfter(page, () => enter(page, proxy, "Ada", room));
  const bell = await Client.inRoom(nodes[(place + 1) % 3], room, "Bell");
  bell.say("before");
  await line(page, "message", "Bell: before");
  // It is on its way when its server dies.
  await say(page, "at the last moment");
  await nodes[place].kill();
  const texts = Array.from({ length: 10 }, (_, number) => `meanwhile ${number}`);
  for (const text of texts) bell.say(text);
  await line(page, "message", "Bell: meanwhile 9");
  await bell.waitFor("message", "Ada: at the last moment");
  await line(page, "message", "Ada: at the last moment");
  await say(page, "after");
  await bell.waitFor("message", "Ada: after");
  await line(page, "message", "Ada: after");
  const heard = bell.heard.filter(([event]) => event === "message").map(([, text]) => text);
  assert.deepEqual(await lines(page, "message"), heard, "the same, in one order");
  assert.deepEqual(
    heard.filter((text) => text.startsWith("Bell")),
    ["before", ...texts].map((text) => `Bell: ${text}`),
  );
  assert.equal(heard.filter((text) => text === "Ada: at the last moment").length, 1, "it is said once");
  assert.equal(await page.locator("#log .gap").count(), 0);
  nodes[place] = await nodes[place].restarted();
});
