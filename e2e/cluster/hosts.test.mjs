// Rooms with hosts on several servers: what a host does on one holds on all, in one order.

import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const start = () =>
  new Server(["--leave-grace", "100ms", "--admin-listen", "127.0.0.1:0"], {
    redis,
    sessionKey: null,
  }).start();
let one;
let two;
before(async () => {
  await redis.start();
  [one, two] = await Promise.all([start(), start()]);
});
after(async () => {
  await Promise.all([one.stop(), two.stop()]);
  await redis.stop();
});
afterEach(() => Client.closeAll());

const code = (answer) => answer.error?.code;

/** A room with a host on the first server. */
async function hosted(settings) {
  const host = await V2.connect(one);
  const { room, host: key } = await host.ask("make", {});
  assert.ok((await host.join(room, "Ms Ortega", { host: key })).ok);
  host.does = (action, more = {}) => host.ask("moderate", { room, action, ...more });
  if (settings) assert.ok((await host.does("set", { settings })).ok);
  return [host, room, key];
}

async function guest(server, room, name, more) {
  const client = await V2.connect(server);
  return [client, await client.join(room, name, more)];
}

const out = (client) =>
  client.until("to be put out", () => client.events.find(([event]) => event === "put_out"));

it("a change holds on the other server, in order with the messages", async () => {
  const [host, room] = await hosted();
  const [ada] = await guest(two, room, "Ada");
  await host.tell("before");
  assert.ok((await host.does("set", { settings: { announce: true } })).ok);
  await host.tell("after");
  await ada.hears("after");
  const kinds = ada.events.map(([event, { msg }]) => msg ?? event).filter((kind) => kind !== "entered");
  assert.deepEqual(kinds, ["before", "policy", "after"]);
  assert.equal(code(await ada.tell("x")), "not_allowed");
  assert.ok((await ada.ask("hand", { room, up: true })).ok);
  await host.until("the hand", () => host.events.at(-1)[1].policy?.hands.includes("Ada"));
  assert.ok((await host.does("give_word", { name: "Ada" })).ok);
  await ada.until("the word", () => ada.events.at(-1)[1].policy?.words.includes("Ada"));
  assert.ok((await ada.tell("a question")).ok);
});

it("in slow mode a person speaks once, whatever the server", async () => {
  const [host, room] = await hosted({ slow: 60 });
  const [here] = await guest(one, room, "Ada");
  const tooFast = (answer) => assert.match(answer.error?.message ?? "said", /slow mode: wait \d+ s/);
  // Nobody hears the room there yet.
  assert.ok((await here.tell("one")).ok);
  const [there] = await guest(two, room, "Ada");
  tooFast(await there.tell("two"));
  tooFast(await here.tell("two"));
  const [bea, alsoBea] = [(await guest(one, room, "Bea"))[0], (await guest(two, room, "Bea"))[0]];
  const both = await Promise.all([bea.tell("three"), alsoBea.tell("three")]);
  assert.deepEqual(both.map(({ ok }) => ok === true).sort(), [false, true], "at the same moment");
  both.filter(({ ok }) => !ok).forEach(tooFast);
  for (const text of ["four", "five"]) assert.ok((await host.tell(text)).ok, "hosts do not wait");
  await alsoBea.hears("five");
});

it("in slow mode whoever speaks from outside counts by their address, also where nobody hears the room", async () => {
  const [host, room] = await hosted({ slow: 60 });
  const post = async (server, name) => {
    const url = `${server.url}/v1/rooms/${room}?name=${name}`;
    return (await fetch(url, { method: "POST", body: name })).status;
  };
  assert.equal(await post(two, "First"), 202);
  assert.equal(await post(two, "First"), 429);
  assert.equal(await post(one, "Second"), 429);
  const old = await Client.inRoom(one, room, "Old");
  old.say("from the room");
  await host.hears("from the room");
  old.say("again");
  await old.waitFor("status", (msg) => /slow mode/i.test(msg));
  assert.deepEqual(host.texts, ["First", "from the room"]);
});

it("who is kicked, banned or shut out on one server goes on the other", async () => {
  const [host, room] = await hosted();
  const [ada] = await guest(two, room, "Ada");
  const old = await Client.inRoom(two, room, "Old");
  assert.ok((await host.does("kick", { name: "Ada" })).ok);
  assert.equal((await out(ada))[1].reason, "removed");
  assert.ok((await ada.join(room, "Ada")).ok, "and may come again");
  assert.ok((await host.does("ban", { name: "Old" })).ok);
  await old.waitFor("status", "You may not be in this room.");
  assert.equal(code(await old.join(room, "Old")), "not_allowed");
  ada.heard.length = 0;
  assert.ok((await host.does("close")).ok);
  assert.equal((await out(ada))[1].reason, "closed");
  for (const server of [one, two]) assert.equal(code((await guest(server, room, "Bob"))[1]), "not_allowed");
});

it("a server where nobody hears the room knows its policy, whatever the way in", async () => {
  const [, room, key] = await hosted({ password: "blue sky" });
  const http = (path, headers = {}, options = {}) =>
    fetch(`${two.url}/v1/rooms/${room}${path}`, { headers, ...options });
  for (const [path, options] of [
    ["", {}],
    ["/messages", {}],
    ["", { method: "POST", body: "x" }],
  ]) {
    assert.equal((await http(path, {}, options)).status, 403, path);
    assert.ok((await http(path, { "alert-password": "blue sky" }, options)).ok, path);
    assert.ok((await http(path, { "alert-host-key": key }, options)).ok, path);
  }
  assert.equal(code((await guest(two, room, "Bob"))[1]), "password_required");
  const old = await Client.connect(two);
  assert.equal(code(await old.join(room, "Old")), "password_required");
  assert.ok((await guest(two, room, "Bob", { password: "blue sky" }))[1].ok);
  const acted = await http(
    "/actions",
    { "alert-host-key": key },
    {
      method: "POST",
      body: JSON.stringify({ action: "set", settings: { password: null } }),
    },
  );
  assert.equal(acted.status, 200);
  assert.ok((await old.join(room, "Old")).ok);
});

it("whoever comes in on another server while the room is being locked may come back", async () => {
  const names = ["Ada", "Bea", "Cy", "Dee", "Eve", "Flo"];
  for (let round = 0; round < 10; round += 1) {
    const [host, room] = await hosted();
    const guests = await Promise.all(names.map(() => V2.connect(two)));
    const joins = guests.map((guest, place) => guest.join(room, names[place]));
    await joins[0];
    assert.ok((await host.does("set", { settings: { locked: true } })).ok);
    for (const [place, guest] of guests.entries()) {
      if ((await joins[place]).ok !== true) continue;
      assert.ok((await guest.ask("leave", { room })).ok);
      const back = await guest.join(room, names[place]);
      assert.equal(code(back), undefined, names[place]);
    }
    await Promise.all(guests.map((guest) => guest.close()));
  }
});

it("who is there is known on a server where they are not", async () => {
  const [host, room, key] = await hosted();
  const kick = (server) =>
    fetch(`${server.url}/v1/rooms/${room}/actions`, {
      method: "POST",
      headers: { "alert-host-key": key },
      body: JSON.stringify({ action: "kick", name: "Ada" }),
    });
  const missing = await kick(two);
  assert.deepEqual([missing.status, (await missing.json()).code], [404, "no_such_person"]);
  assert.equal((await host.does("ban", { name: "Ada" })).here, false);
  await host.does("unban", { name: "Ada" });
  const [ada] = await guest(one, room, "Ada");
  assert.equal((await (await kick(two)).json()).here, true, "nobody hears the room there");
  assert.equal((await out(ada))[1].reason, "removed");
  const [bea] = await guest(two, room, "Bea");
  assert.equal((await host.does("ban", { name: "Bea" })).here, true);
  assert.equal((await out(bea))[1].reason, "banned");
});

it("a message that is removed is gone on both, and both are told", async () => {
  const [host, room] = await hosted();
  const [ada] = await guest(two, room, "Ada");
  const ids = [];
  for (const text of ["one", "two", "three"]) ids.push((await ada.tell(text)).id);
  for (const id of ids.slice(0, 2)) assert.ok((await host.does("remove", { id })).ok);
  await ada.until("the news", () => ada.events.filter(([event]) => event === "removed").length === 2);
  for (const server of [one, two]) {
    const [, joined] = await guest(server, room, fresh("late"), { since: "all" });
    assert.deepEqual([joined.history.map(({ msg }) => msg), joined.gap], [["three"], null]);
  }
  const { audit } = await host.does("audit");
  assert.deepEqual(
    audit.map(({ action }) => action),
    ["remove", "remove", "make"],
  );
});

it("of many changes on both servers at once none is lost", async () => {
  const [host, room, key] = await hosted({ announce: true });
  const [deputy] = await guest(two, room, "Deputy", { host: key });
  const names = Array.from({ length: 20 }, (_, index) => `P${index}`);
  const answers = await Promise.all(
    names.map((name, index) => (index % 2 ? host : deputy).ask("moderate", { room, action: "mute", name })),
  );
  assert.ok(answers.every(({ ok }) => ok));
  const { policy } = await host.does("show");
  assert.deepEqual(policy.mutes.map(({ name }) => name).sort(), names.sort());
});

it("what was decided is there for a server that starts later", async () => {
  const [host, room] = await hosted({ announce: true });
  await host.does("ban", { name: "Ada" });
  const three = await start();
  try {
    assert.equal(code((await guest(three, room, "Ada"))[1]), "not_allowed");
    const [bob, joined] = await guest(three, room, "Bob");
    assert.deepEqual([joined.can, joined.policy.announce], [["read"], true]);
    assert.equal(code(await bob.tell("x")), "not_allowed");
  } finally {
    await three.stop();
  }
});

it("whoever runs the servers sees on each who is banned in which room, and lifts it", async () => {
  const [host, room] = await hosted();
  const admin = async (server, path, body) => {
    const line = await server.logged(/a page at \/admin/);
    const url = `${line.match(/http:\/\/[\d.:]+/)[0]}/admin/${path}`;
    const post = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const answer = await fetch(url, body && post);
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  const mine = async (server) => (await admin(server, "bans")).bans.filter((ban) => ban.room === room);
  assert.ok((await host.does("ban", { name: "Mallory" })).ok);
  for (const server of [one, two])
    assert.deepEqual(await mine(server), [{ room, name: "Mallory", address: null, until: null }]);
  await admin(two, "lift", { room, name: "Mallory" });
  for (const server of [one, two]) assert.deepEqual(await mine(server), []);
  assert.ok((await guest(one, room, "Mallory"))[1].ok);
});
