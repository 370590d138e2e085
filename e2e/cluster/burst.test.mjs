// More than comes in at other times, and more than is kept.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, fresh } from "../harness/client.mjs";
import { Keeper } from "../harness/keeper.mjs";
import { historyOf } from "../harness/ledger.mjs";
import { Recovering, Rejoining, Stream } from "../harness/listeners.mjs";
import { Place, startNodes } from "../harness/place.mjs";
import { Redis } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { NO_RATES } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
before(() => redis.start());
after(() => redis.stop());
afterEach(() => Client.closeAll());

describe("a burst", () => {
  const ALL = process.env.ALERT_PROOF ? 50_000 : 10_000;
  /** Who speaks: two on each server. */
  const SPEAKERS = 6;
  let nodes;
  before(async () => {
    nodes = await startNodes(redis, { flags: [...NO_RATES, "--history-messages", `${2 * ALL}`] });
  });
  after(async () => {
    for (const node of nodes) await node.stop();
  });

  /** Says them all at once, and again what is refused. Gives how many were refused. */
  async function speaks(speaker, name, texts, acked) {
    let refused = 0;
    const say = async (msg) => {
      const key = randomUUID();
      for (;;) {
        const answer = await speaker.socket.emitWithAck("send", { room: speaker.room, name, msg, key });
        if (answer.ok) return acked.set(msg, answer.position);
        assert.equal(answer.error.code, "unavailable");
        refused += 1;
        await sleep(100);
      }
    };
    await Promise.all(texts.map(say));
    return refused;
  }

  it(`of ${ALL} messages comes to everybody, in one order, each once`, async (test) => {
    const room = fresh("room");
    const keepers = nodes.map((node, place) => new Keeper(node, "websocket", room, `Keeper ${place}`));
    for (const keeper of keepers) await eventually("a keeper to join", () => keeper.joins > 0);
    const acked = new Map();
    const began = Date.now();
    const speakers = Array.from({ length: SPEAKERS }, async (_, place) => {
      const name = `Speaker ${place}`;
      // It hears nothing: those who listen have enough to do.
      const speaker = await V2.connect(nodes[place % nodes.length]);
      speaker.room = room;
      const count = Math.floor(ALL / SPEAKERS) + (place < ALL % SPEAKERS ? 1 : 0);
      const texts = Array.from({ length: count }, (_, number) => `${name} ${number}`);
      return speaks(speaker, name, texts, acked);
    });
    const refused = (await Promise.all(speakers)).reduce((sum, one) => sum + one, 0);
    assert.equal(acked.size, ALL);
    for (const keeper of keepers)
      await eventually("a keeper to have them all", () => keeper.messages.length >= ALL, 60_000);
    test.diagnostic(`${refused} were refused; ${Date.now() - began} ms`);
    const history = await historyOf(nodes[0], room);
    assert.deepEqual(
      history.map(({ text }) => text),
      keepers[0].messages.map(({ msg }) => msg),
    );
    assert.equal(new Set(history.map(({ text }) => text)).size, ALL);
    assert.ok(history.every(({ text, position }) => acked.get(text) === position));
    const order = (keeper) => keeper.messages.map(({ position }) => position).join();
    for (const keeper of keepers) {
      assert.equal(order(keeper), order(keepers[0]));
      assert.deepEqual([keeper.gaps, keeper.drops], [[], []]);
    }
  });
});

describe("a room that keeps 50 messages", () => {
  const KEPT = 50;
  let nodes;
  before(async () => {
    nodes = await startNodes(redis, { flags: ["--history-messages", `${KEPT}`] });
  });
  after(async () => {
    for (const node of nodes) await node.stop();
  });

  it("tells whoever slept through more how many are gone, on whichever server they come back", async () => {
    const room = fresh("room");
    const relay = await Relay.to(nodes[0]);
    const away = new Place([{ url: relay.url }], 0);
    const sleepers = {
      v2: new Keeper(away, "websocket", room, "v2"),
      recovering: new Recovering(away, room, "recovering"),
      rejoining: new Rejoining(away, room, "rejoining"),
      stream: new Stream(away, room),
    };
    for (const sleeper of Object.values(sleepers))
      await eventually("a sleeper to listen", () => sleeper.joins > 0);
    const speaker = await V2.inRoom(nodes[1], room, "Speaker");
    await speaker.tell("before");
    const textOf = ({ text, msg }) => text ?? msg;
    const has = (sleeper, text) => textOf(sleeper.messages.at(-1) ?? {}) === text;
    for (const sleeper of Object.values(sleepers))
      await eventually("it to hear", () => has(sleeper, "before"));
    relay.down = true;
    relay.cut();
    for (let number = 0; number < 3 * KEPT; number++) await speaker.tell(`${number}`);
    relay.target = nodes[2];
    relay.down = false;
    for (const sleeper of Object.values(sleepers)) await eventually("it to be back", () => sleeper.joins > 1);
    await speaker.tell("after");
    const { v2, recovering, rejoining, stream } = sleepers;
    for (const sleeper of Object.values(sleepers))
      await eventually("it to hear", () => has(sleeper, "after"));
    const missed = 2 * KEPT;
    const rest = Array.from({ length: KEPT }, (_, number) => `${missed + number}`);
    for (const [name, sleeper] of Object.entries({ v2, rejoining, stream }))
      assert.deepEqual(sleeper.messages.map(textOf), ["before", ...rest, "after"], name);
    assert.deepEqual(
      v2.gaps.map((gap) => gap.missed),
      [missed],
    );
    assert.deepEqual(
      stream.gaps.map((gap) => gap.missed),
      [missed],
    );
    assert.match(rejoining.gaps.join(), /50 messages, and some before that are no longer kept/);
    // It is not recovered, but joins again: all that was said meanwhile is missed.
    assert.deepEqual(recovering.messages.map(textOf), ["before", "after"]);
    assert.deepEqual(recovering.gaps, [`${3 * KEPT} messages were missed.`]);
    stream.close();
    relay.close();
  });
});
