// A rolling restart: three servers are stopped and started one after the other while people speak. Nothing is lost, the
// order is the same for everybody, and nobody leaves or enters for it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { after, afterEach, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, fresh } from "../harness/client.mjs";
import { Keeper } from "../harness/keeper.mjs";
import { Redis } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const path = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const PYTHON = [path(".venv/bin/python"), path("../docs/clients/python/client_async.py")];
/** python-socketio takes up to 1.5 s until it tries again. */
const GRACE = 4000;
/** Messages that are acknowledged before the next server is stopped. */
const ACKED = 150;

const redis = new Redis();
const nodes = [];
const relays = [];
const programs = [];
before(async () => {
  await redis.start();
  const flags = ["--leave-grace", `${GRACE}ms`, "--history-messages", "100000"];
  for (let count = 0; count < 3; count++)
    nodes.push(await new Server(flags, { redis, sessionKey: null }).start());
});
after(async () => {
  for (const relay of relays) relay.close();
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(async () => {
  Client.closeAll();
  for (const program of programs) await program.kill();
});

/** Each connection goes to the next server, whether it is there or not. */
async function roundRobin() {
  let turn = 0;
  return relayTo(() => nodes[turn++ % nodes.length]);
}

/** All connections go to one server, until it is stopped: long-polling and its upgrade find their session. */
async function sticky(first) {
  let place = first;
  return relayTo(() => {
    while (nodes[place].isStopping) place = (place + 1) % nodes.length;
    return nodes[place];
  });
}

async function relayTo(next) {
  const relay = await Relay.to({
    get port() {
      return next().port;
    },
  });
  relays.push(relay);
  return relay;
}

/** The program of docs/clients: v1, and it knows nothing of recovery. */
class Python {
  lines = [];
  complaints = "";

  constructor({ url }, room, name) {
    const [command, ...args] = [...PYTHON, url, room, name];
    this.child = spawn(command, args, { stdio: "pipe" });
    const kill = () => this.child.kill("SIGKILL");
    process.once("exit", kill);
    this.ended = once(this.child, "exit").then(() => process.off("exit", kill));
    let open = "";
    this.child.stdout.on("data", (chunk) => {
      const lines = (open + chunk).split("\n");
      open = lines.pop();
      this.lines.push(...lines);
    });
    this.child.stderr.on("data", (chunk) => {
      this.complaints += chunk;
    });
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

/** Says numbers and has each repeated by the official client's own retries until it is acknowledged. */
class Speaker extends V2 {
  acked = new Map();
  goes = true;

  constructor(server, room, name) {
    super(server, "websocket", { retries: 1000, ackTimeout: 1000 });
    this.name = name;
    this.done = this.#speak(room);
  }

  async #speak(room) {
    for (let number = 0; this.goes; number++) {
      const msg = `${this.name}.${number}`;
      const answer = await this.socket.emitWithAck("send", { room, name: this.name, msg, key: randomUUID() });
      assert.deepEqual([answer.ok, answer.stored], [true, true], JSON.stringify(answer));
      this.acked.set(answer.position, `${this.name}: ${msg}`);
      await sleep(20);
    }
  }
}

/** What a room has, oldest first. */
async function stored({ url }, room) {
  const all = [];
  for (let more = true; more; ) {
    const since = all.at(-1)?.position ?? "all";
    const page = await (await fetch(`${url}/v1/rooms/${room}/messages?since=${since}&limit=1000`)).json();
    assert.equal(page.gap, null);
    all.push(...page.messages);
    more = page.more;
  }
  return all;
}

it("three servers are restarted under load, and nobody notices", async (t) => {
  const room = fresh("room");
  const entry = await roundRobin();
  const keepers = nodes.map((_, place) => new Keeper(entry, "websocket", room, `Keeper ${place}`));
  const boards = [];
  for (let count = 0; count < 3; count++) {
    const board = await Client.connect(entry, "websocket", { auth: { recovery: true } });
    await board.join(room, `Board ${count}`);
    boards.push(board);
  }
  for (const place of nodes.keys()) programs.push(new Python(await sticky(place), room, `Program ${place}`));
  const everybody = keepers.length + boards.length + programs.length;
  const count = async (node) => (await (await fetch(`${node.url}/v1/rooms/${room}`)).json()).count;
  await eventually("everybody to be there", async () => (await count(nodes[0])) === everybody);
  for (const board of boards)
    for (const place of nodes.keys()) await board.waitFor("status", `Program ${place} has entered the room.`);
  const comings = () =>
    boards.map((board) => board.heard.filter(([event]) => event !== "message").map(([, text]) => text));
  const before = comings();

  const speakers = nodes.map((_, place) => new Speaker(entry, room, `Speaker ${place}`));
  const acked = () => speakers.reduce((sum, speaker) => sum + speaker.acked.size, 0);
  const progress = async () => {
    const goal = acked() + ACKED;
    await eventually(`${ACKED} acks`, () => acked() >= goal);
  };
  const began = Date.now();
  for (const place of nodes.keys()) {
    await progress();
    nodes[place].isStopping = true;
    await nodes[place].stop();
    nodes[place] = await nodes[place].restarted();
    const ready = async () => (await fetch(`${nodes[place].url}/readyz`)).status === 200;
    await eventually("the server to be ready", ready);
  }
  const took = Date.now() - began;
  await progress();
  for (const speaker of speakers) speaker.goes = false;
  await Promise.all(speakers.map(({ done }) => done));
  // Whoever should leave for the last restart would leave now.
  await sleep(GRACE);

  const ledger = new Map(speakers.flatMap((speaker) => [...speaker.acked]));
  const messages = await stored(nodes[0], room);
  const order = messages.map(({ name, msg }) => `${name}: ${msg}`);
  assert.equal(new Set(order).size, order.length, "nothing is said twice");
  const inOrder = messages.map(({ position }) => ledger.get(position));
  assert.deepEqual(inOrder, order, "what was acknowledged is there, and nothing else");
  assert.equal(ledger.size, order.length);
  const last = order.at(-1);
  for (const keeper of keepers) {
    await eventually("its last message", () => keeper.messages.at(-1)?.position === messages.at(-1).position);
    const kept = keeper.messages.map(({ name, msg }) => `${name}: ${msg}`);
    assert.deepEqual([kept, keeper.gaps], [order, []], "v2 has everything once and in order");
  }
  for (const board of boards) {
    await board.waitFor("message", last);
    const heard = board.heard.filter(([event]) => event === "message").map(([, text]) => text);
    assert.deepEqual(heard, order, "who recovers has everything once and in order");
    assert.equal(board.socket.recovered, true);
  }
  let again = 0;
  for (const program of programs) {
    await eventually("its last message", () => program.lines.at(-1) === last);
    const heard = program.lines.filter((line) => !line.startsWith("* "));
    again += heard.length - new Set(heard).size;
    assert.deepEqual([...new Set(heard)], order, "who knows nothing of recovery has everything, in order");
    assert.match(program.complaints, /disconnected/, "it was there for a restart");
  }
  assert.deepEqual(comings(), before, "nobody has come or gone");
  for (const node of nodes) assert.equal(await count(node), everybody);
  t.diagnostic(
    `3 restarts in ${took} ms: ${order.length} said, acknowledged and heard by ${everybody}; ` +
      `v1 without recovery heard ${again} of ${programs.length * order.length} twice`,
  );
});
