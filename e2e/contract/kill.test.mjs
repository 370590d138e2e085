// kill -9 under load: a ledger of what 20 clients of /v2 said and what was acknowledged, and of what each of them saw.
// Twice here; KILL_ROUNDS=20 (`make proof`) for the whole proof.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, fresh } from "../harness/client.mjs";
import { Keeper } from "../harness/keeper.mjs";
import { Server } from "../harness/server.mjs";
import { DEADLINE, within } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2);
const CLIENTS = 20;
/** Messages of all of them a second. */
const RATE = 200;
/** Messages that are acknowledged in a round before the server is killed. */
const ACKED = 250;

/** Says what it is told to until that is acknowledged, however often it takes. */
class Speaker extends Keeper {
  constructor(server, transport, room, name, ledger) {
    super(server, transport, room, name);
    Object.assign(this, { name, ledger, room });
  }

  async say(msg) {
    const entry = { msg, sender: this.name, tries: 0 };
    this.ledger.push(entry);
    const message = { room: this.room, name: this.name, msg, key: randomUUID() };
    while (!entry.acked) {
      entry.tries += 1;
      await this.connected();
      const answer = await this.socket
        .timeout(2000)
        .emitWithAck("send", message)
        .catch(() => undefined);
      if (!answer) continue;
      assert.deepEqual([answer.ok, answer.stored], [true, true], JSON.stringify(answer));
      entry.acked = answer;
    }
  }
}

/** Waits until something is so. */
async function until(what, condition, detail) {
  let is = false;
  const so = (async () => {
    while (!is && !condition()) await sleep(5);
  })();
  await within(DEADLINE, what, so, detail).finally(() => {
    is = true;
  });
}

/** All messages of a room as the server has them, oldest first. */
async function stored(server, room) {
  const reader = await V2.connect(server);
  const { history, position, more, gap } = await reader.ask("join", { room, listen: true, since: "all" });
  assert.equal(gap, null);
  const all = [...history];
  for (let next = more; next; ) {
    const page = await reader.ask("history", { room, after: all.at(-1).position, limit: 200 });
    assert.equal(page.gap, null);
    all.push(...page.messages);
    next = page.more;
  }
  assert.equal(all.at(-1).position, position);
  return all;
}

function check(ledger, all, speakers) {
  const byId = new Map(all.map((message) => [message.id, message]));
  assert.equal(byId.size, all.length, "an id was given twice");
  assert.equal(new Set(all.map(({ position }) => position)).size, all.length, "a position was given twice");
  const said = all.map(({ name, msg }) => `${name}: ${msg}`);
  assert.equal(new Set(said).size, said.length, "a message is stored twice");
  const lost = ledger.filter(({ acked, msg, sender }) => {
    const kept = byId.get(acked.id);
    return kept?.msg !== msg || kept.name !== sender || kept.position !== acked.position;
  });
  assert.deepEqual(lost, [], "acknowledged and lost");
  assert.equal(all.length, ledger.length, "something that nobody said");
  const seen = { deliveries: 0, gaps: 0, unstored: 0, again: 0 };
  for (const { name, messages, gaps } of speakers) {
    // Whoever was told of a gap is given what is there from the beginning, and knows messages by their ids.
    const once = new Map(messages.map((message) => [message.id, message]));
    if (gaps.length === 0) assert.equal(once.size, messages.length, `${name} saw a message twice`);
    const kept = [...once.keys()].filter((id) => byId.has(id));
    assert.deepEqual(
      kept,
      all.map(({ id }) => id),
      `${name} saw everything once, in order`,
    );
    // A gap is explained by a message that was delivered, and lost before it was stored or acknowledged.
    for (const { after } of gaps) assert.ok(!byId.has(after.id), `${name}: a gap behind ${after.position}`);
    seen.deliveries += messages.length;
    seen.gaps += gaps.length;
    seen.unstored += once.size - kept.length;
    seen.again += messages.length - once.size;
  }
  return seen;
}

afterEach(() => Client.closeAll());

it(`a server that is killed under load ${ROUNDS} times loses nothing that it acknowledged`, async (t) => {
  const flags = [
    "--history",
    "sqlite",
    "--history-messages",
    "1000000",
    "--room-tries",
    "0",
    "--join-rate",
    "0",
  ];
  let server = await new Server(flags).start();
  const room = fresh("room");
  const ledger = [];
  const speakers = Array.from({ length: CLIENTS }, (_, number) => {
    const transport = number % 5 === 4 ? "polling" : "websocket";
    return new Speaker(server, transport, room, `Speaker ${number}`, ledger);
  });
  for (const speaker of speakers) await until("its entry", () => speaker.joins > 0);
  const saying = [];
  let next = 0;
  const talk = setInterval(() => {
    saying.push(speakers[next % CLIENTS].say(`number ${next}`));
    next += 1;
  }, 1000 / RATE);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const before = ledger.filter(({ acked }) => acked).length;
      const acked = () => ledger.filter((entry) => entry.acked).length - before;
      await until(
        `${ACKED} acks`,
        () => acked() >= ACKED,
        () => `${acked()} came`,
      );
      await server.kill();
      server = await server.restarted();
    }
  } finally {
    clearInterval(talk);
  }
  await within(4 * DEADLINE, "the last acks", Promise.all(saying));
  const all = await stored(server, room);
  for (const speaker of speakers)
    await until("the last message", () => speaker.messages.some(({ id }) => id === all.at(-1).id));
  const seen = check(ledger, all, speakers);
  const again = ledger.filter(({ tries }) => tries > 1).length;
  t.diagnostic(
    `${ROUNDS} kills: ${ledger.length} said and acknowledged, 0 lost, 0 twice; ${again} needed more than one try; ` +
      `${seen.deliveries} deliveries, ${seen.gaps} gaps, all explained; ` +
      `${seen.unstored} deliveries of messages that were lost unacknowledged and said again; ` +
      `${seen.again} told again behind a gap`,
  );
  await server.stop();
});
