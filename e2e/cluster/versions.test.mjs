// Servers of versions that cannot work with each other, and entries that a server does not know.

import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
let node;
const start = () => new Server([], { redis, sessionKey: null }).start();
before(async () => {
  await redis.start();
  node = await start();
  const key = (name) => redis.cli("keys", `alert:{*}:${name}`);
  leases = await eventually("its lease", () => key("leases"));
  [abouts, wire] = [await key("about"), await key("wire")];
});
after(async () => {
  await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

const STRANGER = "0000000000ff";
/** The keys of what all servers have in common. */
let leases;
let abouts;
let wire;

/** A server that says this of itself, alive for ten minutes. */
async function stranger(about, name = STRANGER) {
  await redis.cli("zadd", leases, Date.now() + 600_000, name);
  await redis.cli("hset", abouts, name, about);
}

async function buried(name = STRANGER) {
  await redis.cli("zrem", leases, name);
  await redis.cli("hdel", abouts, name);
}

const readyz = async () => (await fetch(`${node.url}/readyz`)).text();

it("a server does not start beside one that it cannot work with, and says what to do", async () => {
  for (const [about, name, words] of [
    ['{"version":"9.0.0","wire":7,"address":"10.0.0.2:5000"}', STRANGER, /9\.0\.0", wire version 7/],
    ['{"version":"0.0.1"}', STRANGER, /0\.0\.1", wire version 0/],
    ["not JSON", STRANGER, /does not say which version it is/],
    ['{"version":"9.0.0","wire":4}', "a-name-of-tomorrow", /a-name-of-tomorrow/],
  ]) {
    await stranger(about, name);
    const refused = await start().then(
      () => assert.fail(`it started beside ${about}`),
      (error) => error.message,
    );
    assert.match(refused, /alert ended with 1:/);
    assert.match(refused, words);
    assert.match(refused, /stop all servers of the other version first.*--redis-prefix/);
    await buried(name);
  }
  const alive = (await redis.cli("zrange", leases, 0, -1)).split("\n");
  assert.equal(alive.length, 1, "none of them has been alive");
  const other = await start();
  await other.stop();
});

it("a server that runs says so when such a one appears, until it is gone", async () => {
  const from = node.log.length;
  await stranger('{"version":"9.0.0","wire":7}');
  await node.logged(/ERROR.*wire version 7.*stop one of them/, from);
  assert.match(await readyz(), /^ok\n.*wire version 7.*stop one of them/);
  await buried();
  await eventually("all to be well again", async () => (await readyz()) === "ok\n");
  const lines = node.log.slice(from).match(/wire version 7/g);
  assert.equal(lines.length, 1, "once");
});

it("a server does not start on what was written by a version that it cannot read", async () => {
  const mine = await redis.cli("get", wire);
  await redis.cli("set", wire, "7");
  await assert.rejects(start(), /was written by a version of Alert with wire version 7.*--redis-prefix/);
  await redis.cli("set", wire, mine);
  const other = await start();
  await other.stop();
});

it("an event of a kind that is not known is logged, and the room asks where it stands", async () => {
  const room = fresh("room");
  const ada = await V2.inRoom(node, room, "Ada");
  const { position } = await ada.tell("before");
  const [epoch, number] = position.split("-");
  const channel = await eventually("the room's channel", async () =>
    (await redis.cli("pubsub", "shardchannels", `alert:*:${room}:events`)).trim(),
  );
  const from = node.log.length;
  for (const event of [`9 sang ${epoch} ${number} ${Date.now()} 0 3\nAda`, "tomorrow's form", ""])
    await redis.cli("spublish", channel, event);
  await node.logged(/ERROR.*a version of Alert that this one does not know.*asking Redis/, from);
  await ada.tell("after");
  await ada.hears("after");
  assert.deepEqual(ada.texts, ["before", "after"]);
});

it("a message in a form that is not known is a gap for whoever reads", async () => {
  const room = fresh("room");
  const ada = await V2.inRoom(node, room, "Ada");
  const { position: first } = await ada.tell("one");
  for (const msg of ["two", "three"]) await ada.tell(msg);
  const log = await redis.cli("keys", `alert:*:${room}:log`);
  const ids = (await redis.cli("xrange", log, "-", "+")).match(/^\d+-\d+$/gm);
  assert.equal(ids.length, 3);
  // A stream takes nothing in between, so it is written anew.
  await redis.cli("del", log);
  for (const [id, text, at] of [
    [ids[0], "one", Date.now()],
    [ids[1], "two", "tomorrow's form of time"],
    [ids[2], "three", Date.now()],
  ])
    await redis.cli("xadd", log, id, "name", "Ada", "text", text, "at", at);
  const from = node.log.length;
  const bob = await V2.connect(node);
  const { history, gap } = await bob.join(room, "Bob", { since: first });
  assert.deepEqual([history.map(({ msg }) => msg), gap], [["three"], { missed: 1 }]);
  await node.logged(/ERROR.*messages in a form that this version of Alert does not know/, from);
});
