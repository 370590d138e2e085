// What was acknowledged, and what everybody was given: the one checker of all faults.
//
// It promises: everybody has the messages in one order; exactly once, or at least once where a v1 client that knows nothing
// of recovery came back; what was acknowledged is there; what is missing is said; no position is given twice.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { fresh } from "./client.mjs";
import { Keeper } from "./keeper.mjs";
import { Recovering, Rejoining, Stream } from "./listeners.mjs";
import { Plain, Retrying } from "./load.mjs";
import { isUp, Place } from "./place.mjs";
import { eventually } from "./time.mjs";

/** Of each speaker between two messages: nine of them make some 200 messages a second. */
const PAUSE = 40;

/** Those that are not closed yet: of a test that has failed. */
const open = new Set();

export class Ledger {
  speakers = [];
  /** By name: what kind it is, and where. */
  listeners = new Map();

  constructor(nodes) {
    this.nodes = nodes;
    this.room = fresh("room");
  }

  /** Everybody listens, and then everybody speaks. */
  static async open(nodes, { pause = PAUSE } = {}) {
    const ledger = new Ledger(nodes);
    open.add(ledger);
    const { room, listeners } = ledger;
    const places = nodes.map((_, home) => new Place(nodes, home));
    for (const [home, place] of places.entries()) {
      listeners.set(`v2 ${home}`, new Keeper(place, "websocket", room, `v2 ${home}`));
      listeners.set(`recovering ${home}`, new Recovering(place, room, `recovering ${home}`));
      listeners.set(`rejoining ${home}`, new Rejoining(place, room, `rejoining ${home}`));
      listeners.set(`stream ${home}`, new Stream(place, room));
    }
    for (const [name, listener] of listeners) await eventually(`${name} to listen`, () => listener.joins > 0);
    for (const [home, place] of places.entries()) {
      const starts = [
        new Retrying(`keyed ${home}`, room, pause).start(place),
        new Retrying(`keyed too ${home}`, room, pause).start(place),
        new Plain(`plain ${home}`, room, pause).start(place),
      ];
      ledger.speakers.push(...(await Promise.all(starts)));
    }
    return ledger;
  }

  get texts() {
    return this.speakers.flatMap(({ acked }) => acked.map(({ text }) => text));
  }

  /** Waits until this many more messages have been acknowledged to every speaker. */
  async goesOn(count = 5) {
    const before = this.speakers.map(({ acked }) => acked.length);
    const failed = Promise.all(this.speakers.map(({ done }) => done));
    await Promise.race([
      eventually("everybody to be acknowledged", () =>
        this.speakers.every(({ acked }, place) => acked.length >= before[place] + count),
      ),
      failed,
    ]);
  }

  /** Nobody speaks until `goOn`. Waits until all is answered. */
  async pause() {
    for (const speaker of this.speakers) speaker.isPaused = true;
    await eventually("all to be answered", () => this.speakers.every(({ unanswered }) => unanswered === 0));
  }

  goOn() {
    for (const speaker of this.speakers) speaker.isPaused = false;
  }

  /** Says something on every server, and waits until everybody has it all. Gives how long that took, in ms. */
  async inStep(limit) {
    const [began, texts] = [Date.now(), []];
    for (const node of this.nodes.filter(isUp)) {
      const text = fresh("fence");
      texts.push(text);
      const headers = { "idempotency-key": randomUUID() };
      const url = `${node.url}/v1/rooms/${this.room}/messages`;
      await eventually("a message to be taken", async () => {
        const answer = await fetch(url, { method: "POST", body: text, headers });
        return answer.ok;
      });
    }
    const behind = () =>
      [...this.listeners].filter(
        ([, { messages }]) =>
          !texts.every((text) => messages.findLast((message) => textOf(message) === text)),
      );
    await eventually("everybody to be in step", () => behind().length === 0, limit).catch((error) => {
      const who = behind().map(([name, { messages }]) => `${name}: ${JSON.stringify(messages.at(-1))}`);
      throw new Error(`${error.message}; behind are\n${who.join("\n")}`);
    });
    return Date.now() - began;
  }

  /** Ends it and checks what is promised. `loses`: Redis may have lost messages, and then everybody is told. */
  async close({ loses = false, returns = false, rejoins = false } = {}) {
    await Promise.all(this.speakers.map((speaker) => speaker.stop()));
    await this.inStep();
    const history = await this.#history();
    const heard = [...this.listeners].map(([name, { messages, gaps }]) => ({
      name,
      gaps,
      messages: messages.map((message) => ({ ...message, text: textOf(message) })),
    }));
    const lost = this.#check(history, heard, { loses, rejoins });
    if (!returns) this.#nobodyWasAway();
    this.#end();
    const refused = this.speakers.reduce((sum, speaker) => sum + speaker.refused, 0);
    return { said: history.length, acked: this.texts.length, refused, lost: lost.length };
  }

  #end() {
    open.delete(this);
    for (const speaker of this.speakers) {
      speaker.goes = false;
      speaker.client.close();
    }
    for (const listener of this.listeners.values()) listener.close();
  }

  /** Everybody goes, for a test's end. */
  static endAll() {
    for (const ledger of open) ledger.#end();
  }

  /** The room's messages, which are the same on every server. */
  async #history() {
    const all = await Promise.all(this.nodes.filter(isUp).map((node) => historyOf(node, this.room)));
    for (const other of all) assert.deepEqual(other, all[0], "the history of every server");
    return all[0];
  }

  #check(history, heard, { loses, rejoins }) {
    const acked = this.speakers.flatMap((speaker) => speaker.acked);
    notTwice([...history, ...acked, ...heard.flatMap(({ messages }) => messages)]);
    const places = new Map(history.map(({ text }, place) => [text, place]));
    assert.equal(places.size, history.length, "each is said once");
    for (const { name } of this.speakers) inOrder(name, history);
    const lost = acked.filter(({ text }) => !places.has(text));
    if (!loses) assert.deepEqual(lost, [], "what was acknowledged is there");
    const areLost =
      lost.length > 0 || heard.some(({ messages }) => messages.some(({ text }) => !places.has(text)));
    for (const { name, messages, gaps } of heard) {
      const kept = messages.filter(({ text }) => places.has(text));
      const extra = messages.length - kept.length;
      if (!loses) assert.equal(extra, 0, `${name} has heard what is not there`);
      const mayRepeat = rejoins && name.startsWith("rejoining");
      const once = mayRepeat ? first(kept) : kept;
      const [order, from] = [once.map(({ text }) => places.get(text)), places.get(once[0].text)];
      const wrong = order.findIndex((place, index) => place !== from + index);
      const around = () => JSON.stringify(once.slice(Math.max(0, wrong - 2), wrong + 3));
      if (wrong >= 0) {
        assert.ok(order[wrong] > order[wrong - 1], `${name} hears a message late or twice: ${around()}`);
        assert.ok(gaps.length > 0, `${name} misses messages and is not told: ${around()}`);
      }
      assert.equal(order.at(-1), history.length - 1, `${name} has the last one`);
      if (lost.length > 0 || extra > 0) assert.ok(gaps.length > 0, `${name} is told that messages are lost`);
      else if (!areLost) assert.deepEqual(gaps, [], `${name} is told of gaps that are none`);
    }
    return lost;
  }

  /** Everybody was connected all the time, and nobody was said to leave. */
  #nobodyWasAway() {
    for (const [name, { drops = [], presence = [] }] of this.listeners) {
      assert.deepEqual(drops, [], `${name} stays connected`);
      assert.deepEqual(
        presence.filter((msg) => msg.endsWith("left the room.")),
        [],
        `what ${name} hears`,
      );
    }
  }
}

const textOf = ({ text, msg }) => text ?? msg;

export async function historyOf(node, room) {
  const all = [];
  for (let since = "all", more = true; more; ) {
    const url = `${node.url}/v1/rooms/${room}/messages?limit=1000&since=${since}`;
    const answer = await (await fetch(url)).json();
    all.push(...answer.messages.map(({ position, msg }) => ({ position, text: msg })));
    ({ more } = answer);
    since = answer.messages.at(-1)?.position;
  }
  return all;
}

/** A position is one message's, for ever. */
function notTwice(messages) {
  const given = new Map();
  for (const { position, text } of messages) {
    if (position === undefined) continue;
    const before = given.get(position) ?? text;
    assert.equal(text, before, `the position ${position} was given twice`);
    given.set(position, text);
  }
}

/** What one says comes in the order in which it was said. */
function inOrder(name, history) {
  const own = history.filter(
    ({ text }) => text.startsWith(`${name} `) && /^\d+$/.test(text.slice(name.length + 1)),
  );
  const numbers = own.map(({ text }) => Number(text.slice(name.length + 1)));
  const wrong = numbers.findIndex((number, place) => place > 0 && number <= numbers[place - 1]);
  assert.equal(
    wrong,
    -1,
    `${name} is heard in another order: ${numbers.slice(Math.max(0, wrong - 2), wrong + 3)}`,
  );
}

/** Without what comes again. */
function first(messages) {
  const seen = new Set();
  return messages.filter(({ text }) => !seen.has(text) && seen.add(text));
}
