// Rooms with hosts: who gets one, what hosts do, and what those notice who speak v1, v2 and HTTP.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { Client, fresh } from "../harness/client.mjs";
import { REDIS } from "../harness/redis.mjs";
import { BINARY, Server, serverFor } from "../harness/server.mjs";
import { eventually, within } from "../harness/time.mjs";
import { TLS } from "../harness/tls.mjs";
import { V2 } from "../harness/v2.mjs";

const KEY = /^host_[0-9a-f]{32}$/;
const CODE = /^[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}$/;

const server = serverFor("--history", "memory", "--leave-grace", "100ms");

/** A room with a host, who is in it: `[host, room, key]`. */
async function hosted(settings, at = server) {
  const host = await V2.connect(at);
  const { ok, room, host: key } = await host.ask("make", {});
  assert.ok(ok);
  assert.ok((await host.join(room, "Ms Ortega", { host: key })).ok);
  host.does = (action, more = {}) => host.ask("moderate", { room, action, ...more });
  if (settings) assert.ok((await host.does("set", { settings })).ok);
  return [host, room, key];
}

const code = (answer) => answer.error?.code;
const guest = async (room, name, more, at = server) => {
  const client = await V2.connect(at);
  return [client, await client.join(room, name, more)];
};
const names = (entries) => entries.map(({ name }) => name);

const http = (path, { key, password, at = server, ...options } = {}) =>
  fetch(`${at.url}/v1/rooms${path}`, {
    ...options,
    headers: {
      ...options.headers,
      ...(key && { "alert-host-key": key }),
      ...(password && { "alert-password": password }),
    },
  });
const act = (room, key, action, more = {}) =>
  http(`/${room}/actions`, { method: "POST", key, body: JSON.stringify({ action, ...more }) });

describe("a room gets a host", () => {
  it("whoever makes it gets a key, and is a host with it and a guest without", async () => {
    const host = await V2.connect(server);
    const made = await host.ask("make", {});
    assert.match(made.room, CODE);
    assert.match(made.host, KEY);
    const joined = await host.join(made.room, "Ada", { host: made.host });
    assert.deepEqual(joined.can, ["read", "speak", "alert", "moderate"]);
    assert.deepEqual(
      [joined.policy.hosted, joined.policy.announce, "bans" in joined.policy],
      [true, false, false],
    );
    const [other, theirs] = await guest(made.room, "Bob");
    assert.deepEqual(theirs.can, ["read", "speak"]);
    assert.equal(code(await other.ask("moderate", { room: made.room, action: "close" })), "not_allowed");
    const wrong = await (await V2.connect(server)).join(made.room, "Cy", { host: `host_${"0".repeat(32)}` });
    assert.equal(code(wrong), "not_allowed");
  });

  it("the key counts as well where it comes with CONNECT", async () => {
    const [, room, key] = await hosted();
    const other = await V2.connect(server, "websocket", { auth: { host: key } });
    assert.deepEqual((await other.join(room, "Bea")).can, ["read", "speak", "alert", "moderate"]);
    const [, second, its] = await hosted();
    for (const elsewhere of [second, fresh("without a host")]) {
      assert.deepEqual((await other.join(elsewhere, "Bea")).can, ["read", "speak"], "it is not of that room");
      assert.equal(code(await other.ask("moderate", { room: elsewhere, action: "show" })), "not_allowed");
    }
    assert.ok((await other.ask("moderate", { room: second, action: "show", host: its })).ok);
    const wrong = await other.ask("moderate", { room: second, action: "show", host: key });
    assert.equal(wrong.error.reason, "key_wrong", "shown for this room");
  });

  it("only a room that nobody is in, without history and without a host is made", async () => {
    const [mine, used, said] = [fresh("mine"), fresh("used"), fresh("said")];
    const client = await V2.connect(server);
    assert.equal((await client.ask("make", { room: mine })).room, mine);
    await V2.inRoom(server, used, "Ada");
    await http(`/${said}`, { method: "POST", body: "Class ends" });
    for (const room of [mine, used, said])
      assert.equal(code(await client.ask("make", { room })), "room_in_use", room);
  });

  it("another key makes the one before worthless at once, and another code closes the old one", async () => {
    const [host, room, key] = await hosted();
    const [deputy] = await guest(room, "Deputy", { host: key });
    const { host: next } = await host.does("new_key");
    assert.match(next, KEY);
    assert.equal(code(await deputy.ask("moderate", { room, action: "show" })), "not_allowed");
    const again = { room, action: "new_code", host: next };
    const moved = await host.ask("moderate", again);
    assert.match(moved.room, CODE);
    assert.notEqual(moved.room, room);
    await deputy.until("the end", () => deputy.events.some(([event]) => event === "put_out"));
    assert.equal(code((await guest(room, "Dora"))[1]), "not_allowed");
    assert.ok((await guest(moved.room, "Dora", { host: next }))[1].can.includes("moderate"));
  });
});

describe("settings", () => {
  it("everybody hears of a change, in order with the messages", async () => {
    const [host, room] = await hosted();
    const [bob] = await guest(room, "Bob");
    await host.tell("before");
    const set = await host.does("set", { settings: { announce: true, slow: 5, most: 30, history: "none" } });
    await host.tell("after");
    await bob.hears("after");
    const kinds = bob.events.map(([event, { msg }]) => msg ?? event).filter((kind) => kind !== "entered");
    assert.deepEqual(kinds, ["before", "policy", "after"]);
    const { policy } = bob.events.find(([event]) => event === "policy")[1];
    assert.deepEqual([policy.announce, policy.slow, policy.most, policy.history], [true, 5, 30, "none"]);
    const { bans, ...same } = set.policy;
    assert.deepEqual([same, bans], [policy, []]);
  });

  it("a password is asked for, whatever the way in, and lets in with it", async () => {
    const [, room, key] = await hosted({ password: "blue sky" });
    const [bob, without] = await guest(room, "Bob");
    assert.equal(code(without), "password_required");
    assert.equal(code(await bob.join(room, "Bob", { password: "blue" })), "password_required");
    assert.equal(code(await bob.join(room, "Bob", { listen: true, name: undefined })), "password_required");
    assert.ok((await bob.join(room, "Bob", { password: "blue sky" })).ok);
    const connected = await V2.connect(server, "websocket", { auth: { password: "blue sky" } });
    assert.ok((await connected.join(room, "Cy")).ok);
    const old = await Client.connect(server);
    assert.equal(code(await old.join(room, "Old")), "password_required");
    assert.ok((await old.join(room, "Old", { password: "blue sky" })).ok);
    const oldConnected = await Client.connect(server, "websocket", { auth: { password: "blue sky" } });
    assert.ok((await oldConnected.join(room, "Older")).ok);
    for (const [path, options] of [
      ["", {}],
      ["/messages", {}],
      ["/events", {}],
      ["", { method: "POST", body: "x" }],
    ]) {
      const refused = await http(`/${room}${path}`, options);
      assert.deepEqual([refused.status, (await refused.json()).code], [403, "password_required"], path);
      const right = await http(`/${room}${path}`, { ...options, password: "blue sky" });
      assert.ok(right.ok, path);
      await right.body.cancel();
      const byHost = await http(`/${room}${path}`, { ...options, key });
      assert.ok(byHost.ok, path);
      await byHost.body.cancel();
    }
  });

  it("who is refused stays in the room where they were", async () => {
    const [, room] = await hosted({ password: "blue sky" });
    const first = fresh("first");
    const client = await Client.inRoom(server, first, "Ada");
    assert.equal(code(await client.join(room, "Ada")), "password_required");
    client.say("still here");
    await client.waitFor("message", "Ada: still here");
    assert.ok((await client.join(room, "Ada", { password: "blue sky" })).ok);
  });

  it("passwords are not guessed", async () => {
    const [, room] = await hosted({ password: "7294" });
    const client = await V2.connect(server);
    let answer;
    // Some come back while they are tried.
    for (let guess = 0; guess < 30 && !answer?.error.message.includes("wait"); guess += 1)
      answer = await client.join(room, "Bob", { password: `${1000 + guess}` });
    assert.match(answer.error.message, /too many wrong passwords.*wait \d+ s/);
    assert.match((await client.join(room, "Bob", { password: "7294" })).error.message, /too many/);
    const refused = await http(`/${room}`, { password: "7294" });
    assert.deepEqual([refused.status, Number(refused.headers.get("retry-after")) > 0], [429, true]);
  });

  it("hosts speak only, in v1, v2 and HTTP, until the word is given", async () => {
    const [host, room, key] = await hosted({ announce: true });
    const [ada, joined] = await guest(room, "Ada");
    assert.deepEqual(joined.can, ["read"]);
    assert.equal(code(await ada.tell("x")), "not_allowed");
    const old = await Client.inRoom(server, room, "Old");
    assert.equal(code(await old.ask("text", { msg: "x" })), "not_allowed");
    old.say("x");
    await old.waitFor("status", "Error: only hosts speak in this room: raise your hand to ask for the word.");
    assert.equal((await http(`/${room}`, { method: "POST", body: "x" })).status, 403);
    assert.equal((await http(`/${room}`, { method: "POST", body: "bell", key })).status, 202);
    assert.ok((await ada.ask("hand", { room, up: true })).ok);
    await host.until("the hand", () => host.events.at(-1)?.[1].policy?.hands.includes("Ada"));
    assert.ok((await host.does("give_word", { name: "Ada" })).ok);
    assert.ok((await ada.tell("a question")).ok);
    assert.ok((await host.does("take_word", { name: "Ada" })).ok);
    assert.equal(code(await ada.tell("y")), "not_allowed");
    assert.ok((await ada.ask("hand", { room, up: true })).ok);
    assert.ok((await ada.ask("hand", { room, up: false })).ok);
    assert.deepEqual((await host.does("show")).policy.hands, []);
    await host.hears("a question");
    assert.deepEqual(host.texts, ["bell", "a question"]);
  });

  it("in a locked room those who are there come and go, and nobody else comes", async () => {
    const [host, room] = await hosted();
    const [ada] = await guest(room, "Ada");
    assert.ok((await host.does("set", { settings: { locked: true } })).ok);
    assert.equal(code((await guest(room, "Bob"))[1]), "not_allowed");
    assert.equal((await http(`/${room}/events`)).status, 403);
    assert.equal(code(await (await Client.connect(server)).join(room, "Bob")), "not_allowed");
    ada.close();
    assert.ok((await guest(room, "Ada"))[1].ok);
    assert.ok((await host.does("set", { settings: { locked: false } })).ok);
    assert.ok((await guest(room, "Bob"))[1].ok);
  });

  it("in slow mode a person waits between two messages", async () => {
    const [host, room] = await hosted({ slow: 60 });
    const [ada] = await guest(room, "Ada");
    assert.ok((await ada.tell("one")).ok);
    const soon = await ada.tell("two");
    assert.match(soon.error.message, /slow mode: wait \d+ s/);
    assert.equal(code(await ada.tell("two", { name: "Someone" })), "not_allowed", "in another name");
    for (const text of ["a", "b"]) assert.ok((await host.tell(text)).ok);
  });

  it("no more people enter than the host lets in", async () => {
    const [, room] = await hosted({ most: 2 });
    assert.ok((await guest(room, "Ada"))[1].ok);
    assert.equal(code((await guest(room, "Bob"))[1]), "room_full");
    assert.ok((await guest(room, "Ada"))[1].ok, "a second connection");
  });

  it("a reserved name is nobody's, however it is written", async () => {
    const [host, room] = await hosted({ reserved: ["Ms Ortega"] });
    for (const name of ["Ms Ortega", "ms ortega", "M\u0455 \u041ertega"])
      assert.equal(code((await guest(room, name))[1]), "not_allowed", name);
    const [ada] = await guest(room, "Ada");
    assert.equal(code(await ada.tell("x", { name: "MS ORTEGA" })), "not_allowed");
    const posted = await http(`/${room}?name=Ms%20Ortega`, { method: "POST", body: "x" });
    assert.equal(posted.status, 403);
    assert.ok((await host.tell("it is me")).ok);
  });

  it("who comes later hears nothing of what was said before, where the host wants that", async () => {
    const [host, room, key] = await hosted({ history: "none" });
    const [ada] = await guest(room, "Ada");
    for (const text of ["one", "two"]) await host.tell(text);
    const [late, joined] = await guest(room, "Late", { since: "all" });
    assert.deepEqual([joined.history, joined.gap, joined.more], [[], null, false]);
    await host.tell("three");
    await late.hears("three");
    const read = async (client) => (await client.ask("history", { room })).messages.map(({ msg }) => msg);
    assert.deepEqual(await read(late), ["three"]);
    assert.deepEqual(await read(ada), ["one", "two", "three"]);
    assert.deepEqual(await read(host), ["one", "two", "three"]);
    assert.deepEqual((await (await http(`/${room}/messages`)).json()).messages, []);
    assert.equal((await (await http(`/${room}/messages`, { key })).json()).messages.length, 3);
  });

  it("what is not allowed is said as it is", async () => {
    const [host] = await hosted();
    for (const [action, more, message] of [
      ["dance", {}, /there is no such action; send show, audit/],
      ["set", {}, /settings is required/],
      ["set", { settings: { slow: -1 } }, /slow must be seconds/],
      ["set", { settings: { history: "some" } }, /history must be all or none/],
      ["set", { settings: { password: "" } }, /password must have 1 to 255 bytes/],
      ["mute", {}, /name is required/],
      ["mute", { name: "Ada", for: "soon" }, /for must be a time/],
      ["ban", {}, /a name or an address/],
      ["ban", { address: "0.0.0.0/0" }, /address must be/],
      ["remove", { id: "x" }, /id must be/],
    ]) {
      const { error } = await host.does(action, more);
      assert.deepEqual(
        [error?.code === "invalid_body" || error?.code === "name_required", true],
        [true, true],
        action,
      );
      assert.match(error.message, message);
    }
    assert.equal(code(await host.does("remove", { id: `${"0".repeat(31)}1` })), "no_such_message");
    assert.match((await host.ask("moderate", { room: host.room })).error.message, /action is required/);
  });
});

describe("people", () => {
  it("who is muted does not speak under any name, until that ends", async () => {
    const [host, room] = await hosted();
    const [ada] = await guest(room, "Ada");
    assert.ok((await host.does("mute", { name: "Ada", for: "10m" })).ok);
    for (const more of [{}, { name: "Bob" }]) assert.equal(code(await ada.tell("x", more)), "not_allowed");
    const { policy } = await host.does("unmute", { name: "Ada" });
    assert.deepEqual(policy.mutes, []);
    assert.ok((await ada.tell("thanks")).ok);
    await host.does("mute", { name: "Ada", for: 1 });
    const until = Date.now() + 10_000;
    let again;
    do again = await ada.tell("again");
    while (!again.ok && Date.now() < until);
    assert.ok(again.ok);
  });

  for (const [how, v1Says, reason] of [
    ["kick", "A host has removed you from the room.", "removed"],
    ["ban", "You may not be in this room.", "banned"],
  ])
    it(`a ${how} puts out all connections of a person, and says why`, async () => {
      const [host, room] = await hosted();
      const old = await Client.inRoom(server, room, "Ada");
      const [ada] = await guest(room, "Ada");
      const [bob] = await guest(room, "Bob");
      assert.ok((await host.does(how, { name: "Ada" })).ok);
      await old.waitFor("status", v1Says);
      assert.equal(code(await old.ask("text", { msg: "x" })), "not_joined");
      await ada.until("the reason", () => ada.events.some(([event]) => event === "put_out"));
      const [, out] = ada.events.find(([event]) => event === "put_out");
      assert.deepEqual([out.room, out.reason], [room, reason]);
      assert.equal(code(await ada.ask("members", { room })), "not_joined");
      await bob.until("the others hear", () =>
        bob.events.some(([event, { name }]) => event === "left" && name === "Ada"),
      );
      assert.deepEqual((await bob.ask("members", { room })).members, ["Ms Ortega", "Bob"]);
      const back = await ada.join(room, "Ada");
      assert.equal(back.ok, how === "kick");
      if (how === "ban") {
        assert.equal(code((await guest(room, "ada"))[1]), "not_allowed", "another spelling");
        await host.does("unban", { name: "Ada" });
        assert.ok((await ada.join(room, "Ada")).ok);
      }
    });

  it("who is put out does not come back by recovery, and who was not does", async () => {
    const [host, room] = await hosted(undefined, server);
    const clients = [];
    for (const name of ["Ada", "Bob"]) {
      const client = await Client.connect(server, "websocket", { query: { recovery: "1" } });
      await client.join(room, name);
      clients.push(client);
    }
    for (const client of clients) client.socket.io.engine.transport.ws.terminate();
    assert.ok((await host.does("kick", { name: "Ada" })).ok);
    const [ada, bob] = clients;
    await ada.until("back", () => ada.drops.length && ada.socket.connected);
    await bob.until("back", () => bob.drops.length && bob.socket.connected);
    assert.deepEqual([ada.socket.recovered, bob.socket.recovered], [false, true]);
  });

  it("recovery respects a password that was set since, and one that was shown then", async () => {
    const [host, room] = await hosted();
    const recovers = async (name, more, auth) => {
      const client = await Client.connect(server, "websocket", { query: { recovery: "1" }, auth });
      await client.join(room, name, more);
      return client;
    };
    const before = await recovers("Ada");
    assert.ok((await host.does("set", { settings: { password: "blue sky" } })).ok);
    const after = await recovers("Bob", { password: "blue sky" });
    for (const client of [before, after]) client.socket.io.engine.transport.ws.terminate();
    for (const client of [before, after])
      await client.until("back", () => client.drops.length && client.socket.connected);
    assert.deepEqual([before.socket.recovered, after.socket.recovered], [false, true]);
  });

  it("a ban by address keeps everybody from there out, those who listen too", async () => {
    const [host, room, key] = await hosted();
    const [ada] = await guest(room, "Ada");
    const stream = await http(`/${room}/events`);
    assert.ok((await host.does("ban", { name: "Ada", with_address: true, for: "1h" })).ok);
    await ada.until("the reason", () => ada.events.some(([event]) => event === "put_out"));
    await host.until("the address", () =>
      host.events.some(([event, { policy }]) => event === "policy" && policy.revision > 2),
    );
    const banned = (await host.does("show")).policy.bans;
    assert.deepEqual([names(banned)[0], banned[1].address], ["Ada", "127.0.0.1"]);
    await within(5000, "the end of the stream", stream.text());
    assert.equal(code((await guest(room, "Bob"))[1]), "not_allowed", "this machine");
    assert.equal((await http(`/${room}/events`)).status, 403);
    assert.equal((await http(`/${room}/events`, { key })).status, 200, "a host is let in");
  });

  it("a closed room is empty and lets only hosts in, until it is opened", async () => {
    const [host, room] = await hosted();
    const old = await Client.inRoom(server, room, "Old");
    const [ada] = await guest(room, "Ada");
    const stream = await http(`/${room}/events`);
    assert.ok((await host.does("close")).ok);
    await old.waitFor("status", "The room has been closed by its host.");
    await ada.until("the reason", () => ada.events.some(([, { reason }]) => reason === "closed"));
    await within(5000, "the end of the stream", stream.text());
    // With Redis, that somebody is out goes there and back.
    await eventually("the others to be out", async () => {
      const { members } = await host.ask("members", { room });
      return String(members) === "Ms Ortega";
    });
    for (const name of ["Ada", "Old"]) assert.equal(code((await guest(room, name))[1]), "not_allowed");
    assert.equal(code(await old.join(room, "Old")), "not_allowed");
    assert.equal((await http(`/${room}`, { method: "POST", body: "x" })).status, 403);
    assert.ok((await host.does("set", { settings: { closed: false } })).ok);
    assert.ok((await guest(room, "Ada"))[1].ok);
  });
});

describe("messages", () => {
  it("one that is removed is gone for those who read, and those who hear the room are told", async () => {
    const [host, room] = await hosted();
    const old = await Client.inRoom(server, room, "Old");
    const [ada] = await guest(room, "Ada");
    const stream = await http(`/${room}/events`);
    const lines = createInterface({ input: Readable.fromWeb(stream.body) });
    const heard = [];
    lines.on("line", (line) => heard.push(line));
    await ada.tell("one");
    const { id, position } = await ada.tell("something rude");
    await ada.tell("three");
    assert.ok((await host.does("remove", { id })).ok);
    await ada.until("the news", () => ada.events.some(([event]) => event === "removed"));
    const [, { at, ...removed }] = ada.events.find(([event]) => event === "removed");
    assert.deepEqual(removed, { room, id, position });
    await within(
      5000,
      "the stream",
      (async () => {
        while (!heard.includes("event: removed")) await new Promise((resolve) => setTimeout(resolve, 5));
      })(),
    );
    stream.body.cancel().catch(() => {});
    lines.close();
    assert.deepEqual(
      (await ada.ask("history", { room })).messages.map(({ msg }) => msg),
      ["one", "three"],
    );
    const page = await (await http(`/${room}/messages?since=all`)).json();
    assert.deepEqual([page.messages.map(({ msg }) => msg), page.gap], [["one", "three"], null]);
    const [, joined] = await guest(room, "Late", { since: "all" });
    assert.deepEqual([joined.history.map(({ msg }) => msg), joined.gap], [["one", "three"], null]);
    const told = await old.seen();
    assert.deepEqual(
      told.filter(([event]) => event === "message").map(([, msg]) => msg),
      ["Ada: one", "Ada: something rude", "Ada: three"],
      "v1 hears nothing of it",
    );
    assert.equal(code(await host.does("remove", { id })), "no_such_message");
    assert.equal(code(await ada.ask("moderate", { room, action: "remove", id: position })), "not_allowed");
  });

  it("nobody is kicked who is not there, and a mute or a ban waits for whoever comes", async () => {
    const [host, room] = await hosted();
    const kick = () => host.does("kick", { name: "Ada" });
    assert.deepEqual((await kick()).error, {
      code: "no_such_person",
      message: "nobody of this name is in the room.",
    });
    for (const action of ["mute", "ban"])
      assert.equal((await host.does(action, { name: "Ada" })).here, false);
    assert.equal((await host.does("ban", { address: "192.0.2.7" })).here, undefined);
    assert.equal(code((await guest(room, "Ada"))[1]), "not_allowed");
    await host.does("unban", { name: "Ada" });
    const [ada] = await guest(room, "Ada");
    assert.equal(code(await ada.tell("x")), "not_allowed");
    // Whoever looks like it is meant as well.
    for (const name of ["Ada", "\u0410da"]) assert.equal((await host.does("mute", { name })).here, true);
    assert.equal(code(await host.does("kick", { name: "\u0410da" })), "no_such_person");
    assert.equal((await kick()).here, true);
    await ada.until("to be put out", () => ada.events.some(([event]) => event === "put_out"));
    assert.deepEqual(
      (await host.does("audit")).audit.filter(({ action }) => action === "kick").length,
      1,
      "what was not done is not written down",
    );
  });

  it("whoever is expected in a locked room is put out of it by a kick", async () => {
    const [host, room] = await hosted();
    const [ada] = await guest(room, "Ada");
    assert.ok((await host.does("set", { settings: { locked: true } })).ok);
    assert.ok((await ada.ask("leave", { room })).ok);
    assert.equal((await host.does("kick", { name: "Ada" })).here, false);
    assert.equal(code((await guest(room, "Ada"))[1]), "not_allowed");
    assert.equal(code(await host.does("kick", { name: "Ada" })), "no_such_person");
  });

  it("each action is written down, with who and when", async () => {
    const [host] = await hosted({ slow: 5 });
    const { id } = await host.tell("x");
    await guest(host.room, "Bea");
    await host.does("remove", { id });
    await host.does("mute", { name: "Ada", for: "10m" });
    await host.does("kick", { name: "Bea" });
    const { audit } = await host.does("audit", { limit: 9 });
    assert.deepEqual(
      audit.map(({ action, by, to }) => [action, by, to]),
      [
        ["kick", "Ms Ortega", "Bea"],
        ["mute", "Ms Ortega", "Ada"],
        ["remove", "Ms Ortega", id],
        ["set", "Ms Ortega", null],
        ["make", "host", null],
      ],
    );
    assert.match(audit[1].detail, /^until 20/);
    assert.ok(audit.every(({ at }) => Date.now() - Date.parse(at) < 60_000));
  });
});

describe("over HTTP", () => {
  it("a room is made, and its host acts by the key", async () => {
    const made = await http("", { method: "POST" });
    assert.equal(made.status, 201);
    const { room, host: key } = await made.json();
    assert.match(key, KEY);
    const [ada] = await guest(room, "Ada");
    const set = await act(room, key, "set", { settings: { announce: true } });
    assert.deepEqual([set.status, (await set.json()).policy.announce], [200, true]);
    assert.equal(code(await ada.tell("x")), "not_allowed");
    for (const [shown, status] of [
      [undefined, 403],
      [`host_${"1".repeat(32)}`, 403],
    ]) {
      const refused = await act(room, shown, "close");
      assert.deepEqual([refused.status, (await refused.json()).code], [status, "not_allowed"]);
    }
    assert.equal((await act(room, key, "dance")).status, 400);
    assert.equal((await http(`/${room}/actions`, { method: "POST", key, body: "x" })).status, 400);
    assert.equal((await act(room, key, "remove", { id: "0".repeat(32) })).status, 404);
    const again = await http("", { method: "POST", body: JSON.stringify({ room }) });
    assert.deepEqual([again.status, (await again.json()).code], [409, "room_in_use"]);
    const { audit } = await (await act(room, key, "audit")).json();
    assert.deepEqual(
      audit.map(({ action, by }) => [action, by]),
      [
        ["set", "host"],
        ["make", "http"],
      ],
    );
  });
});

describe("alert room", () => {
  const alert = (env, ...args) =>
    promisify(execFile)(BINARY, args, {
      env: { PATH: process.env.PATH, ALERT_URL: server.url, ...TLS.env, ...env },
    })
      .then(({ stdout }) => ({ code: 0, stdout }))
      .catch(({ code: exit, stdout, stderr }) => ({ code: exit, stdout, stderr }));

  it("makes a room, sets its rules, and says what was done", async () => {
    const made = await alert({}, "room", "make");
    const [, room, key] = made.stdout.match(/^room {2}(\S+)\nhost key {2}(host_[0-9a-f]{32})\n$/);
    const env = { ALERT_HOST_KEY: key };
    const [ada] = await guest(room, "Ada");
    const set = await alert(
      env,
      "room",
      "set",
      room,
      "--announce",
      "on",
      "--slow",
      "10s",
      "--reserved",
      "Ms Ortega",
    );
    assert.deepEqual([set.code, set.stdout], [0, "done\n"]);
    assert.equal(code(await ada.tell("x")), "not_allowed");
    const folder = mkdtempSync(join(tmpdir(), "alert-room-"));
    const files = { key: join(folder, "key"), password: join(folder, "password") };
    writeFileSync(files.key, `${key}\n`);
    writeFileSync(files.password, "blue sky\n");
    const byFile = ["--host-key-file", files.key];
    assert.equal(
      (await alert({}, "room", "set", room, "--password-file", files.password, ...byFile)).code,
      0,
    );
    assert.ok((await guest(room, "Bob", { password: "blue sky" }))[1].ok);
    assert.equal((await alert(env, "room", "kick", room, "Ada")).code, 0);
    await ada.until("the reason", () => ada.events.some(([event]) => event === "put_out"));
    const again = await alert(env, "room", "kick", room, "Ada");
    assert.deepEqual([again.code, /nobody of this name is in the room/.test(again.stderr)], [1, true]);
    const ban = await alert(env, "room", "ban", room, "Ada", "--for", "1h");
    assert.deepEqual([ban.code, /^done; nobody of that name is in the room now/.test(ban.stdout)], [0, true]);
    assert.equal((await alert(env, "room", "mute", room, "Bob")).stdout, "done\n");
    const shown = JSON.parse((await alert(env, "room", "show", room, "--json")).stdout).policy;
    assert.deepEqual(
      [shown.announce, shown.slow, names(shown.bans), names(shown.mutes)],
      [true, 10, ["Ada"], ["Bob"]],
    );
    assert.match((await alert(env, "room", "show", room)).stdout, /^who can write {2,}hosts/m);
    assert.equal((await alert(env, "room", "unban", room, "Ada")).code, 0);
    assert.equal((await alert(env, "room", "close", room)).code, 0);
    const audit = (await alert(env, "room", "audit", room, "--limit", "3")).stdout;
    assert.match(audit, /^\S+ {2}host {2}close\n\S+ {2}host {2}unban {2}Ada\n\S+ {2}host {2}mute {2}Bob\n$/);
    rmSync(folder, { recursive: true });
  });

  it("says what is wrong, with its exit code", async () => {
    const { room } = await (await V2.connect(server)).ask("make", {});
    const refused = await alert({}, "room", "close", room);
    assert.deepEqual([refused.code, /only a host of the room/.test(refused.stderr)], [1, true]);
    for (const args of [
      ["set", room],
      ["ban", room],
      ["kick", room],
      ["set", room, "--slow", "2h"],
    ])
      assert.equal((await alert({}, "room", ...args)).code, 2, args);
    assert.equal((await alert({}, "room", "show", room, "--host-key-file", "/nowhere")).code, 2);
    assert.equal((await alert({ ALERT_URL: "http://127.0.0.1:1" }, "room", "show", room)).code, 3);
  });
});

describe("a room of more than 1,000 people", () => {
  it("lets the last of them come back when it is locked", async () => {
    const large = await new Server([
      "--leave-grace",
      "100ms",
      "--join-rate",
      "0",
      "--max-connections-per-address",
      "0",
    ]).start();
    const [host, room] = await hosted(undefined, large);
    let last;
    for (let n = 0; n < 1050; n += 50) {
      const some = Array.from({ length: 50 }, (_, m) => guest(room, `n${n + m}`, {}, large));
      for (const [client, joined] of await Promise.all(some)) {
        assert.ok(joined.ok);
        last = client;
      }
    }
    assert.ok((await host.does("set", { settings: { locked: true } })).ok);
    assert.ok((await last.ask("leave", { room })).ok);
    assert.equal(code((await guest(room, "somebody else", {}, large))[1]), "not_allowed");
    assert.ok((await last.join(room, "n1049")).ok);
    await large.stop();
  });
});

describe("a network that does too much", () => {
  it("makes 200 rooms and then one every 30 s, over v2 and HTTP, and its rooms are kept", async () => {
    const busy = await new Server(["--history", "memory", "--event-rate", "0", "--room-tries", "0"]).start();
    const [host, room, key] = await hosted({ password: "blue sky" }, busy);
    const made = [];
    for (let n = 0; n < 199; n++) made.push(host.ask("make", {}));
    assert.ok((await Promise.all(made)).every(({ ok }) => ok));
    const { error } = await host.ask("make", {});
    assert.equal(error.code, "too_many_rooms");
    assert.match(error.message, /^too many rooms with a host were made from your address; wait \d+ s\.$/);
    const answer = await http("", { method: "POST", body: "{}", at: busy });
    assert.deepEqual([answer.status, (await answer.json()).code], [429, "too_many_rooms"]);
    assert.ok(Number(answer.headers.get("retry-after")) >= 29);
    assert.equal(code(await host.does("new_code")), "too_many_rooms");
    const old = await Client.connect(busy);
    assert.equal(code(await old.ask("joined", { room, name: "Ada", headless: true })), "password_required");
    assert.ok((await host.join(room, "Ms Ortega", { host: key })).ok);
    await busy.stop();
  });

  it("sets 30 passwords at once, and waits then", async () => {
    const busy = await new Server(["--history", "memory", "--event-rate", "0"]).start();
    const [host] = await hosted(undefined, busy);
    const sets = [];
    for (let n = 0; n < 40; n++) sets.push(host.does("set", { settings: { password: `password ${n}` } }));
    const answers = await Promise.all(sets);
    assert.ok(answers.filter(({ ok }) => ok).length >= 28);
    const refused = answers.find(({ error }) => error);
    assert.deepEqual([refused.error.code, refused.error.reason], ["not_allowed", "actions_wait"]);
    assert.match(refused.error.message, /^hosts at your address do too much at once: wait \d s\.$/);
    await busy.stop();
  });

  it("has no list that is too long", async () => {
    const [host] = await hosted();
    const reserved = Array.from({ length: 600 }, (_, n) => `${n} ${"n".repeat(56)}`);
    const { error } = await host.does("set", { settings: { reserved } });
    assert.deepEqual(
      [error.code, /up to 1000 entries, and 32 KiB of names/.test(error.message)],
      ["not_allowed", true],
    );
    assert.ok((await host.does("set", { settings: { reserved: reserved.slice(0, 500) } })).ok);
  });
});

describe("after a kill", { skip: REDIS !== undefined }, () => {
  it("what was answered holds, and what was removed is gone", async () => {
    const first = await new Server(["--leave-grace", "100ms"]).start();
    const [host, room, key] = await hosted({ announce: true, password: "blue sky" }, first);
    const { id } = await host.tell("gone");
    await host.tell("kept");
    assert.ok((await host.does("remove", { id })).ok);
    assert.ok((await host.does("ban", { name: "Ada" })).ok);
    const { state, sessionKey } = first;
    await first.kill();
    host.close();
    const next = await new Server(["--leave-grace", "100ms"], { state, sessionKey }).start();
    assert.equal(code((await guest(room, "Bea", {}, next))[1]), "password_required");
    assert.equal(code((await guest(room, "Ada", { password: "blue sky" }, next))[1]), "not_allowed");
    const [, joined] = await guest(room, "Ms Ortega", { host: key, since: "all" }, next);
    assert.deepEqual([joined.history.map(({ msg }) => msg), joined.gap], [["kept"], null]);
    assert.ok(joined.policy.announce && joined.can.includes("moderate"));
    await next.stop();
  });
});
