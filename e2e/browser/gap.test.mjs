// The page beside a Redis that loses what it had.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { browserFor, enter, line, lines, say } from "../harness/browser.mjs";
import { fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";

const browser = browserFor();
const redis = new Redis();
let server;
before(async () => {
  await redis.start();
  server = await new Server([], { redis }).start();
});
after(async () => {
  await server.stop();
  await redis.stop();
});

it("the page says where messages are missing that came to nobody here", async () => {
  const page = await browser.visit();
  await enter(page, server, "Ada", fresh("room"));
  await say(page, "before");
  await line(page, "message", "Ada: before");
  await redis.cli("flushall");
  const gap = page.locator("#log .gap");
  await gap.waitFor();
  assert.match(await gap.innerText(), /may be missing here/);
  await say(page, "after");
  await line(page, "message", "Ada: after");
  assert.deepEqual(await lines(page, "message"), ["Ada: before", "Ada: after"]);
  assert.equal(await gap.count(), 1);
});
