// A page that listens with EventSource: what docs/http-api.md promises to it, in a real browser.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { browserFor } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { Server, serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

/** Listens in the page to a room; what comes is kept in `window.heard`, every opening in `window.opened`. */
async function listen(page, room, origin = "") {
  await page.evaluate((url) => {
    window.heard = [];
    window.opened = 0;
    window.failed = 0;
    window.source = new EventSource(url);
    window.source.addEventListener("open", () => {
      window.opened += 1;
    });
    window.source.addEventListener("error", () => {
      window.failed += 1;
    });
    for (const name of ["message", "status", "gap"]) {
      window.source.addEventListener(name, ({ type, data }) => {
        window.heard.push([type, { msg: JSON.parse(data).msg }]);
      });
    }
  }, `${origin}/v1/rooms/${room}/events`);
}

const isOpen = (page, times = 1) => page.waitForFunction((times) => window.opened >= times, times);
const heard = (page) => page.evaluate(() => window.heard);

/** Waits until the page has heard this message, the last that was said, and returns all that it heard. */
async function heardUntil(page, msg) {
  await page.waitForFunction((msg) => window.heard.some(([, body]) => body.msg === msg), msg);
  return heard(page);
}

const status = (msg) => ["status", { msg }];
const message = (msg) => ["message", { msg }];

it("it hears message and status in order, and nobody hears of it", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await page.goto(`${server.url}/docs/`);
  const ada = await Client.inRoom(server, room, "Ada");
  await listen(page, room);
  await isOpen(page);
  const bell = await Client.connect(server);
  const { members, count } = await bell.join(room, "Bell");
  assert.deepEqual([members, count], [["Ada", "Bell"], 2], "who listens is not in the list");
  const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
  for (const text of texts) bell.say(text);
  bell.say("line one\nline two\r\n<b>\u2028 data: x");
  bell.send("left", {});
  await ada.waitFor("status", "Bell has left the room.");
  ada.say("the end");

  const expected = [
    status("Bell has entered the room."),
    ...texts.map((text) => message(`Bell: ${text}`)),
    message("Bell: line one\nline two\r\n<b>\u2028 data: x"),
    status("Bell has left the room."),
    message("Ada: the end"),
  ];
  assert.deepEqual(await heardUntil(page, "Ada: the end"), expected);
  const shown = await (await fetch(`${server.url}/v1/rooms/${room}`)).json();
  assert.deepEqual(shown, { room, members: ["Ada"], count: 1 });
  const all = [status("Ada has entered the room."), ...expected].map(([event, { msg }]) => [event, msg]);
  await ada.waitFor("message", "Ada: the end");
  assert.deepEqual(ada.heard, all, "the room heard of Ada and Bell only");

  await page.evaluate(() => window.source.close());
  await page.close();
  // Who comes after the listener went and leaves without a word: its grace ends later than a listener's would.
  const eve = await Client.inRoom(server, room, "Eve");
  eve.close();
  await ada.waitFor("status", "Eve has left the room.");
  const rest = ada.heard.slice(all.length);
  assert.deepEqual(rest, [
    ["status", "Eve has entered the room."],
    ["status", "Eve has left the room."],
  ]);
});

for (const [history, gap] of [
  ["sqlite", []],
  ["memory", [["gap", { msg: "Messages may be missing here." }]]],
]) {
  it(`after a restart of a server with --history ${history} it comes back by itself and misses nothing`, async () => {
    const room = fresh("room");
    const say = async (msg) => {
      const answer = await fetch(`${restarting.url}/v1/rooms/${room}`, { method: "POST", body: msg });
      assert.equal((await answer.json()).stored, history === "sqlite");
    };
    let restarting = await new Server(["--history", history]).start();
    try {
      const page = await browser.visit({ mayFail: true });
      await page.goto(`${restarting.url}/docs/`);
      await listen(page, room);
      await isOpen(page);
      await say("before");
      await heardUntil(page, "http: before");
      await restarting.stop();
      await page.waitForFunction(() => window.failed > 0);
      restarting = await restarting.restarted();
      // It waits for some seconds before it comes back.
      for (let number = 0; number < 100; number++) await say(`while away ${number}`);
      await isOpen(page, 2);
      await say("after");
      const away = Array.from({ length: 100 }, (_, number) => message(`http: while away ${number}`));
      const expected = [message("http: before"), ...gap, ...away, message("http: after")];
      assert.deepEqual(await heardUntil(page, "http: after"), expected);
    } finally {
      await restarting.stop();
    }
  });
}

describe("a page of another site", () => {
  /** The other site: one empty page. */
  const elsewhere = createServer((_, response) => response.setHeader("content-type", "text/html").end("<p>"));
  let origin;
  let allowing;
  before(async () => {
    await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${elsewhere.address().port}`;
    allowing = await new Server(["--allow-origin", origin]).start();
  });
  after(async () => {
    elsewhere.closeAllConnections();
    elsewhere.close();
    await allowing.stop();
  });

  it("may not listen", async () => {
    const page = await browser.visit({ mayFail: /blocked by CORS policy/ });
    await page.goto(origin);
    const refused = await page.evaluate(
      async (url) => {
        const source = new EventSource(url);
        await new Promise((resolve, reject) => {
          source.onerror = resolve;
          source.onopen = () => reject(new Error("it opened"));
        });
        return source.readyState === EventSource.CLOSED;
      },
      `${server.url}/v1/rooms/${fresh("room")}/events`,
    );
    assert.equal(refused, true, "refused for good, not to be tried again");
  });

  it("may where --allow-origin lists it", async () => {
    const room = fresh("room");
    const page = await browser.visit();
    await page.goto(origin);
    await listen(page, room, allowing.url);
    await isOpen(page);
    const ada = await Client.inRoom(allowing, room, "Ada");
    ada.say("to all sites");
    assert.deepEqual(await heardUntil(page, "Ada: to all sites"), [
      status("Ada has entered the room."),
      message("Ada: to all sites"),
    ]);
  });
});
