// Connection state recovery with official clients as they are: what was missed comes, in order and once.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { io as io48 } from "socket.io-client";
import { io as io46 } from "socket.io-client-4.6";
import { io as io47 } from "socket.io-client-4.7";
import { fresh } from "../harness/client.mjs";
import { login, RawSocket } from "../harness/http.mjs";
import { REDIS } from "../harness/redis.mjs";
import { Relay } from "../harness/relay.mjs";
import { Server } from "../harness/server.mjs";
import { DEADLINE, within } from "../harness/time.mjs";

const VERSIONS = { 4.6: io46, 4.7: io47, 4.8: io48 };
const WAYS = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

const closing = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(...flags) {
  const server = await new Server(flags).start();
  closing.push(() => server.stop());
  return server;
}

/** A display: a page that joins at every `connect` which is not recovered, and shows what it hears. */
class Display {
  heard = [];
  connects = [];
  #watchers = new Set();

  constructor(
    url,
    room,
    { io = io48, way = "polling", name = "Board", auth, joins = true, ...options } = {},
  ) {
    this.socket = io(url, {
      transports: WAYS[way],
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
      auth: auth ?? (way === "websocket" ? { recovery: true } : undefined),
      ...options,
    });
    for (const event of ["message", "status"]) {
      this.socket.on(event, ({ msg }) => this.note(() => this.heard.push(msg)));
    }
    this.socket.on("disconnect", () => this.note(() => {}));
    this.socket.on("connect", () => {
      const { recovered, id } = this.socket;
      this.note(() => this.connects.push({ recovered, id, heard: this.heard.length }));
      if (!recovered && joins) this.join(name, room);
    });
    closing.push(() => this.socket.disconnect());
  }

  join(name, room) {
    this.socket.emit("joined", { headless: true, name, room }, (answer) => {
      this.note(() => {
        this.joined = answer;
      });
    });
  }

  until(what, condition) {
    let watcher;
    const happened = new Promise((resolve) => {
      watcher = () => condition() && resolve();
      this.#watchers.add(watcher);
      watcher();
    });
    const detail = () => JSON.stringify({ heard: this.heard.slice(-30), connects: this.connects });
    return within(DEADLINE, what, happened, detail).finally(() => this.#watchers.delete(watcher));
  }

  hears(msg) {
    return this.until(`"${msg}"`, () => this.heard.includes(msg));
  }

  /** Waits for the connect number `count`. */
  back(count) {
    return this.until(`connect number ${count}`, () => this.connects.length >= count);
  }

  /** Waits until everything has come that was said before; leaves no trace of it. */
  async fence(server, room) {
    const fence = fresh("fence");
    await say(server, room, fence);
    await this.hears(`Ada: ${fence}`);
    this.heard = this.heard.filter((msg) => msg !== `Ada: ${fence}`);
  }

  /** The messages that came, without who came and went. */
  get messages() {
    return this.heard.filter((msg) => msg.startsWith("Ada: ")).map((msg) => msg.slice(5));
  }

  note(apply) {
    apply();
    for (const watcher of this.#watchers) watcher();
  }
}

/** An event as a packet, with the number of its ack if it asks for one. */
const packet = (name, body, ack = "") => `42${ack}${JSON.stringify([name, body])}`;

/** Somebody who speaks over plain HTTP, and so needs no connection. */
async function say(server, room, ...texts) {
  for (const msg of texts) {
    const response = await fetch(`${server.url}/v1/rooms/${room}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "Ada", msg }),
    });
    assert.ok(response.ok, `${response.status} ${await response.text()}`);
  }
}

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** A server, a relay before it and a display in a room that has heard "1". */
async function scene({ flags = [], ...options } = {}) {
  const server = await start(...flags);
  const relay = await Relay.to(server);
  closing.push(() => relay.close());
  const room = fresh("room");
  const display = new Display(relay.url, room, options);
  await display.until("the ack of joined", () => display.joined);
  await say(server, room, "1");
  await display.hears("Ada: 1");
  if (options.way === "upgrade") {
    const { engine } = display.socket.io;
    await within(
      DEADLINE,
      "the upgrade",
      new Promise((done) => {
        if (engine.transport.name === "websocket") done();
        else engine.once("upgrade", done);
      }),
    );
  }
  return { server, relay, room, display };
}

/** What is said while `away` is done reaches the display once, in order, before its `connect`. */
async function recovers(at, away) {
  const { room, display } = at;
  const count = display.connects.length + 1;
  const { id } = display.connects.at(-1);
  await away();
  await display.back(count);
  const back = display.connects.at(-1);
  assert.equal(back.recovered, true, "it is recovered");
  assert.equal(back.id, id, "its id is the same");
  await display.fence(at.server, room);
  return back;
}

for (const [version, io] of Object.entries(VERSIONS)) {
  for (const way of Object.keys(WAYS)) {
    it(`socket.io-client ${version} over ${way} recovers after a TCP cut`, async () => {
      const at = await scene({ io, way });
      const { server, relay, room, display } = at;
      const back = await recovers(at, async () => {
        relay.down = true;
        relay.cut();
        await display.until("the disconnect", () => !display.socket.connected);
        await say(server, room, ...numbers(2, 40));
        relay.down = false;
      });
      assert.deepEqual(display.messages, [...numbers(1, 40)]);
      const before = display.heard.slice(0, back.heard).filter((msg) => msg.startsWith("Ada: "));
      assert.equal(before.length, 40, "what was missed comes before `connect`");
    });
  }
}

/** A raw client: the test handles each packet. Connects with `auth`, and returns the answer with the client. */
async function raw(server, auth = { recovery: true }, options = {}) {
  const socket = await RawSocket.open(server, { connect: false, ...options });
  closing.push(() => socket.ws.terminate());
  socket.ws.send(auth ? `40${JSON.stringify(auth)}` : "40");
  const answer = await socket.until((packet) => packet.startsWith("40"));
  return { socket, answer: JSON.parse(answer.slice(2)) };
}

async function rawInRoom(server, room, options) {
  const { socket, answer } = await raw(server, { recovery: true }, options);
  socket.ws.send(packet("joined", options?.joined ?? { headless: true, name: "Board", room }, 0));
  await socket.until((text) => text.startsWith("430[") && text.includes('"ok":true'));
  return { socket, answer };
}

/** The events among packets, without offsets; each must have one. */
function events(packets) {
  return packets
    .filter((text) => text.startsWith("42"))
    .map((text) => {
      const [, body, offset, ...more] = JSON.parse(text.slice(2));
      assert.match(offset, /^[0-9a-f]+-\d+$/, text);
      assert.deepEqual(more, []);
      return body.msg;
    });
}

it("the packets are those of connection state recovery", async () => {
  const server = await start();
  const room = fresh("room");
  await say(server, room, "before it came");
  const first = await rawInRoom(server, room);
  assert.deepEqual(Object.keys(first.answer), ["sid", "pid"]);
  await say(server, room, "live");
  await first.socket.until((text) => text.includes("Ada: live"));
  assert.deepEqual(events(first.socket.packets), ["Board has entered the room.", "Ada: live"]);
  const offset = JSON.parse(first.socket.packets.at(-1).slice(2)).at(-1);
  first.socket.ws.terminate();
  await say(server, room, "a", "b");
  const { pid } = first.answer;
  const second = await raw(server, { pid, offset, recovery: true });
  assert.deepEqual(second.answer, first.answer);
  assert.deepEqual(
    second.socket.packets.map((text) => text.slice(0, 2)),
    ["0{", "42", "42", "40"],
  );
  assert.deepEqual(events(second.socket.packets), ["Ada: a", "Ada: b"]);
  // It is in its room, and to join that again changes nothing.
  second.socket.ws.send(packet("joined", { headless: true, name: "Other", room }, 1));
  const joined = await second.socket.until((text) => text.startsWith("431"));
  assert.deepEqual(JSON.parse(joined.slice(3)), [{ ok: true, room, members: ["Board"], count: 1 }]);
  second.socket.ws.send(packet("text", { msg: "mine" }));
  await second.socket.until((text) => text.includes("Board: mine"));
});

it("a client that has seen no event yet recovers what came after it joined", async () => {
  const server = await start();
  const room = fresh("room");
  await say(server, room, "before it came");
  const first = await rawInRoom(server, room);
  first.socket.ws.terminate();
  await say(server, room, "a", "b");
  const second = await raw(server, { pid: first.answer.pid, recovery: true });
  assert.deepEqual(second.answer, first.answer);
  assert.deepEqual(events(second.socket.packets), ["Ada: a", "Ada: b"]);
});

it("an offset that stems from another room does not count", async () => {
  const server = await start();
  const [old, room] = [fresh("room"), fresh("room")];
  const other = await rawInRoom(server, old);
  await say(server, old, ...numbers(1, 9));
  await other.socket.until((text) => text.includes("Ada: 9"));
  const offset = JSON.parse(other.socket.packets.at(-1).slice(2)).at(-1);
  await say(server, room, "before it came");
  const first = await rawInRoom(server, room);
  first.socket.ws.terminate();
  await say(server, room, "a", "b");
  const second = await raw(server, { pid: first.answer.pid, offset, recovery: true });
  assert.deepEqual(second.answer, first.answer);
  assert.deepEqual(events(second.socket.packets), ["Ada: a", "Ada: b"]);
});

it("a half-open connection is taken over, and nobody hears of it", async () => {
  const at = await scene({ way: "websocket", flags: ["--leave-grace", "0s"] });
  const { server, relay, room, display } = at;
  const other = new Display(server.url, room, { name: "Carl" });
  await other.until("its entry", () => other.joined);
  await recovers(at, async () => {
    relay.lose();
    await display.until("the disconnect", () => !display.socket.connected);
    await say(server, room, "2", "3");
  });
  assert.deepEqual(display.messages, ["1", "2", "3"]);
  await server.logged(/a half-open connection was taken over/);
  await other.fence(server, room);
  assert.deepEqual(
    other.heard.filter((msg) => msg.includes("Board")),
    [],
  );
});

it("beyond the grace the others hear that the person left and entered again", async () => {
  const at = await scene({ way: "websocket", flags: ["--leave-grace", "0s"] });
  const { server, relay, room, display } = at;
  const other = new Display(server.url, room, { name: "Carl" });
  await other.until("its entry", () => other.joined);
  await recovers(at, async () => {
    relay.down = true;
    relay.cut();
    await other.hears("Board has left the room.");
    await say(server, room, "2");
    relay.down = false;
  });
  assert.deepEqual(display.messages, ["1", "2"]);
  await other.fence(server, room);
  assert.deepEqual(
    other.heard.filter((msg) => msg.includes("Board")),
    ["Board has left the room.", "Board has entered the room."],
  );
});

for (const way of ["polling", "upgrade"]) {
  it(`a half-open connection over ${way} is taken over`, async () => {
    const at = await scene({ way });
    const { server, relay, room, display } = at;
    await recovers(at, async () => {
      relay.down = true;
      relay.lose();
      await display.until("the disconnect", () => !display.socket.connected);
      await say(server, room, "2", "3");
      relay.down = false;
    });
    assert.deepEqual(display.messages, ["1", "2", "3"]);
    await server.logged(/a half-open connection was taken over/);
  });
}

it("a client that sleeps until everybody has given it up recovers", async () => {
  const heartbeat = ["--ping-interval", "200ms", "--ping-timeout", "300ms", "--leave-grace", "100ms"];
  const at = await scene({ way: "websocket", flags: heartbeat });
  const { server, relay, room, display } = at;
  const other = new Display(server.url, room, { name: "Carl" });
  await other.until("its entry", () => other.joined);
  await recovers(at, async () => {
    relay.down = true;
    relay.sleep();
    await other.hears("Board has left the room.");
    await say(server, room, ...numbers(2, 200));
    await display.until("the disconnect", () => !display.socket.connected);
    relay.down = false;
  });
  assert.deepEqual(display.messages, numbers(1, 200));
});

/** Another server in place of the one that has ended, for the same relay. */
async function restart(at) {
  at.server = await at.server.restarted();
  const { server } = at;
  closing.push(() => server.stop());
}

for (const way of Object.keys(WAYS)) {
  for (const [what, end] of [
    ["a restart of the server", (server) => server.stop()],
    ["kill -9", (server) => server.kill()],
  ]) {
    it(`a client over ${way} recovers after ${what}, as often as that happens`, async () => {
      const at = await scene({ way });
      for (let round = 1; round <= 3; round += 1) {
        await recovers(at, async () => {
          await say(at.server, at.room, `${round}a`, `${round}b`);
          await end(at.server);
          await restart(at);
          await say(at.server, at.room, `${round}c`);
        });
      }
      const rounds = [1, 2, 3].flatMap((round) => [`${round}a`, `${round}b`, `${round}c`]);
      assert.deepEqual(at.display.messages, ["1", ...rounds]);
    });
  }
}

it("kill -9 under load: what was acknowledged comes once and in order", async () => {
  const at = await scene({ way: "websocket" });
  const { display, relay, room } = at;
  const speaker = new Display(relay.url, room, { way: "websocket", name: "Ada" });
  await speaker.until("its entry", () => speaker.joined);
  const acked = [];
  let next = 1;
  const talk = setInterval(() => {
    if (!speaker.socket.connected) return;
    next += 1;
    const msg = String(next);
    speaker.socket.emit("text", { headless: true, msg }, ({ ok }) =>
      speaker.note(() => ok && acked.push(msg)),
    );
  }, 2);
  closing.push(() => clearInterval(talk));
  for (let round = 1; round <= 5; round += 1) {
    const before = acked.length;
    await speaker.until("100 more acks", () => acked.length >= before + 100);
    await at.server.kill();
    await restart(at);
    await display.back(round + 1);
    await speaker.back(round + 1);
    assert.equal(display.connects.at(-1).recovered, true, `round ${round}: ${at.server.log}`);
  }
  clearInterval(talk);
  await display.fence(at.server, room);
  const heard = display.messages.slice(1);
  assert.deepEqual(
    heard,
    [...new Set(heard)].sort((a, b) => a - b),
    "once and in order",
  );
  const missing = acked.filter((msg) => !heard.includes(msg));
  assert.deepEqual(missing, []);
});

it("20 recoveries in a row lose nothing and repeat nothing, while somebody speaks all the time", async () => {
  const at = await scene({ way: "websocket" });
  const { server, relay, room, display } = at;
  const speaker = new Display(server.url, room, { name: "Ada", io: io48 });
  await speaker.until("its entry", () => speaker.joined);
  let spoken = 1;
  const talk = setInterval(() => {
    for (let more = 0; more < 5; more += 1) {
      spoken += 1;
      speaker.socket.emit("text", { headless: true, msg: String(spoken) });
    }
  }, 5);
  closing.push(() => clearInterval(talk));
  for (let round = 1; round <= 20; round += 1) {
    const before = display.messages.length;
    await display.until("more messages", () => display.messages.length > before + 5);
    relay.cut();
    await display.back(round + 1);
    assert.equal(display.connects.at(-1).recovered, true, `round ${round}`);
  }
  clearInterval(talk);
  await display.hears(`Ada: ${spoken}`);
  assert.deepEqual(display.messages, numbers(1, spoken));
  assert.equal(new Set(display.connects.map(({ id }) => id)).size, 1);
});

it("more than a client's queue may hold is recovered too", async () => {
  const at = await scene({ way: "websocket", flags: ["--room-byte-rate", "0", "--byte-rate", "0"] });
  const { server, relay, room, display } = at;
  const texts = numbers(2, 300).map((number) => `${number} ${"x".repeat(16_000)}`);
  await recovers(at, async () => {
    relay.down = true;
    relay.cut();
    await say(server, room, ...texts);
    relay.down = false;
  });
  assert.deepEqual(display.messages, ["1", ...texts]);
});

// A Redis that several servers share has what they have forgotten.
it("a client whose polling request has failed says that it closes, and recovers all the same", async () => {
  const at = await scene();
  await recovers(at, async () => {
    // As the official client does after an answer like 502: packet 1, without a 41 before it.
    at.display.socket.io.engine.transport.onError("as from a proxy");
    await say(at.server, at.room, "2");
  });
  assert.deepEqual(at.display.messages, ["1", "2"]);
});

describe("what cannot be recovered", { skip: REDIS !== undefined }, () => {
  /** The display comes back without its state; gives what it heard from then on. */
  async function doesNot(at, away) {
    const { room, display } = at;
    const { id } = display.connects.at(-1);
    const count = display.connects.length + 1;
    await away();
    await display.back(count);
    const { recovered, id: other, heard } = display.connects.at(-1);
    assert.deepEqual([recovered, other === id], [false, false]);
    await display.until("its entry", () => display.heard.length > heard);
    await display.fence(at.server, room);
    return display.heard.slice(heard);
  }

  async function cut({ server, relay, room, display }, ...texts) {
    relay.down = true;
    relay.cut();
    await display.until("the disconnect", () => !display.socket.connected);
    await say(server, room, ...texts);
    relay.down = false;
  }

  it("is told after the next joined: messages that are no longer kept", async () => {
    const at = await scene({ flags: ["--history-messages", "5"] });
    const heard = await doesNot(at, () => cut(at, ...numbers(2, 13)));
    assert.deepEqual(heard, ["Board has entered the room.", "12 messages were missed."]);
    // From then on it recovers again.
    await recovers(at, () => cut(at, "2", "3"));
  });

  it("is told where no history is kept, and what was not said was not missed", async () => {
    const at = await scene({ flags: ["--history", "off"] });
    await recovers(at, () => cut(at));
    const heard = await doesNot(at, () => cut(at, "2"));
    assert.deepEqual(heard, ["Board has entered the room.", "1 message was missed."]);
  });

  it("is told after a restart of a server whose history is in memory", async () => {
    const at = await scene({ flags: ["--history", "memory"] });
    const heard = await doesNot(at, async () => {
      await at.server.stop();
      await restart(at);
    });
    assert.deepEqual(heard, ["Board has entered the room.", "Messages may have been missed."]);
  });

  it("is silent about what the client gave up itself", async () => {
    const at = await scene();
    const disconnected = await doesNot(at, async () => {
      at.display.socket.disconnect();
      await say(at.server, at.room, "2");
      at.display.socket.connect();
    });
    assert.deepEqual(disconnected, ["Board has entered the room."]);
    const overWebSocket = await scene({ way: "websocket" });
    const closed = await doesNot(overWebSocket, async () => {
      overWebSocket.display.socket.io.engine.close();
      await say(overWebSocket.server, overWebSocket.room, "3");
    });
    assert.deepEqual(closed, ["Board has entered the room."]);
    const gone = await doesNot(at, async () => {
      await new Promise((done) => at.display.socket.emit("left", { headless: true }, done));
      await cut(at, "3");
    });
    assert.deepEqual(gone, ["Board has entered the room."]);
  });

  it("is a place that a login fixed when the login has ended", async () => {
    const server = await start();
    const room = fresh("room");
    const cookie = await login(server, "Board", room);
    const first = await rawInRoom(server, room, { headers: { cookie }, joined: { room } });
    first.socket.ws.terminate();
    await say(server, room, "2");
    const { pid } = first.answer;
    const without = await raw(server, { pid, recovery: true });
    assert.notEqual(without.answer.pid, pid);
    assert.deepEqual(events(without.socket.packets), []);

    const again = await rawInRoom(server, room, { headers: { cookie }, joined: { room } });
    again.socket.ws.terminate();
    const same = await raw(server, { pid: again.answer.pid, recovery: true }, { headers: { cookie } });
    assert.deepEqual(same.answer, again.answer);
  });

  for (const pid of ["", "x", "0-0", "\u{e4}", 7, null, { a: 1 }, "A".repeat(100), "A".repeat(10_000)]) {
    it(`is a pid that nobody made: ${JSON.stringify(pid).slice(0, 20)}`, async () => {
      const server = await start();
      const { answer, socket } = await raw(server, { pid, offset: "x", recovery: true });
      assert.deepEqual(Object.keys(answer), ["sid", "pid"]);
      assert.notEqual(answer.pid, pid);
      assert.equal(socket.packets.length, 2);
    });
  }
});

describe("who gets a pid", () => {
  const key = (answer) => Object.keys(answer).join();

  it("is not a client that says nothing, unless recovery is on", async () => {
    const [auto, on, off] = [
      await start(),
      await start("--recovery", "on"),
      await start("--recovery", "off"),
    ];
    const wants = { recovery: true };
    const refuses = { recovery: false };
    for (const [server, auth, keys] of [
      [auto, null, "sid"],
      [auto, {}, "sid"],
      [auto, wants, "sid,pid"],
      [auto, refuses, "sid"],
      [on, null, "sid,pid"],
      [on, refuses, "sid"],
      [off, wants, "sid"],
    ]) {
      assert.equal(key((await raw(server, auth)).answer), keys, JSON.stringify(auth));
    }
  });

  it("is an official client over polling, unless recovery is off, and then events have one argument", async () => {
    for (const [flags, wanted] of [
      [[], 2],
      [["--recovery", "off"], 1],
    ]) {
      const server = await start(...flags);
      for (const [version, io] of Object.entries(VERSIONS)) {
        const room = fresh("room");
        const display = new Display(server.url, room, { io });
        const args = new Promise((done) => display.socket.on("status", (...all) => done(all.length)));
        assert.equal(await within(DEADLINE, "its entry", args), wanted, `${version} ${flags}`);
      }
    }
  });
});

it("a display that was away is told which alerts have ended meanwhile, once", async () => {
  const server = await start();
  const relay = await Relay.to(server);
  closing.push(() => relay.close());
  const room = fresh("room");
  const ask = async (method, path, body, key) => {
    const headers = { "content-type": "application/json", "alert-name": "Ada" };
    if (key !== undefined) headers["alert-host-key"] = key;
    const answer = await fetch(`${server.url}/v1/rooms${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
  };
  const { host } = await ask("POST", "", { room });
  const display = new Display(relay.url, room, {});
  await display.until("the ack of joined", () => display.joined);
  const { alert } = await ask("POST", `/${room}/alerts`, { text: "Ice" }, host);
  await display.hears("Ada: WARNING: Ice");
  const at = { server, relay, room, display };
  const cut = async (meanwhile) => {
    relay.down = true;
    relay.cut();
    await display.until("the disconnect", () => !display.socket.connected);
    await meanwhile();
    relay.down = false;
  };
  await recovers(at, () => cut(() => ask("DELETE", `/${room}/alerts/${alert.id}`, {}, host)));
  await display.hears("Ended: WARNING: Ice");
  await recovers(at, () => cut(() => say(server, room, "2")));
  assert.equal(display.heard.filter((msg) => msg === "Ended: WARNING: Ice").length, 1);
});
