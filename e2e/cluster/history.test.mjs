// `alert history` and `alert backup` where the history is in Redis.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, afterEach, before, it } from "node:test";
import { promisify } from "node:util";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { BINARY, Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
let node;
before(async () => {
  await redis.start();
  node = await new Server([], { redis, sessionKey: null }).start();
});
after(async () => {
  await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

const env = { PATH: process.env.PATH, STATE_DIRECTORY: redis.folder, ALERT_REDIS: redis.url };
const alert = (...args) =>
  promisify(execFile)(BINARY, args, { env }).catch(({ code, stdout, stderr }) => ({ code, stdout, stderr }));

it("export gives what was said in a room, and delete removes it for all servers", async () => {
  const room = fresh("room");
  const ada = await V2.inRoom(node, room, "Ada");
  // More than a page, with long ones among them.
  const texts = Array.from({ length: 600 }, (_, place) =>
    place % 100 === 7 ? "x".repeat(16_000) : `${place}`,
  );
  const sent = [];
  for (const text of texts) sent.push((await ada.tell(text)).position);
  const exported = async (...more) => {
    const { stdout } = await alert("history", "export", room, ...more);
    return stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  const all = await exported();
  assert.deepEqual(
    all.map(({ position, msg }) => [position, msg]),
    texts.map((text, place) => [sent[place], text]),
  );
  assert.deepEqual(await exported("--since", "550"), all.slice(-550));
  assert.deepEqual(await exported("--since", "1h"), all);
  assert.deepEqual(await exported("--since", sent[597]), all.slice(598));
  assert.equal((await alert("history", "delete", room)).code, 2, "it has to be said that this is meant");
  const { stdout } = await alert("history", "delete", room, "--yes");
  assert.equal(stdout, `600 messages of ${room} were deleted.\n`);
  assert.deepEqual(await exported(), []);
  const page = await ada.ask("history", { room, after: sent[0] });
  assert.deepEqual([page.messages, page.gap], [[], { missed: 599 }]);
  const { position } = await ada.tell("after");
  assert.ok(!sent.includes(position), "no place is given twice");
  assert.deepEqual(
    (await exported()).map(({ msg }) => msg),
    ["after"],
  );
});

it("what Redis knows itself is asked there, and said so", async () => {
  const stats = await alert("history", "stats");
  assert.equal(stats.code, 1);
  assert.match(stats.stderr, /in Redis.*redis-cli INFO memory/);
  const backup = await alert("backup", `${redis.folder}/backup.db`);
  assert.equal(backup.code, 1);
  assert.match(backup.stderr, /back up what Redis has/);
});
