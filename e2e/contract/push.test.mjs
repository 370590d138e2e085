// Web Push: devices of people in a room are told of its alerts by a push service, which decrypts what it gets.

import assert from "node:assert/strict";
import { it } from "node:test";
import { fresh } from "../harness/client.mjs";
import { Hanging, PUSHES, pushServiceFor } from "../harness/pushservice.mjs";
import { Server, serverFor } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory", ...PUSHES);
const service = pushServiceFor();

/** A room with a host, who raises alerts there, and somebody who has a device. */
async function room(device = service.device()) {
  const code = fresh("room");
  const host = await V2.connect(server);
  const { host: key } = await host.ask("make", { room: code });
  await host.join(code, "Ms Ortega", { host: key });
  const ada = await V2.inRoom(server, code, "Ada");
  const does = (action, body = {}) => host.ask("alert", { room: code, action, ...body });
  const hosts = (action, body = {}) => host.ask("moderate", { room: code, action, ...body });
  const push = (action, body = {}) => ada.ask("push", { room: code, action, ...body });
  const subscribe = (more = {}) => push("subscribe", { subscription: device.subscription, ...more });
  assert.deepEqual(await subscribe(), { ok: true });
  return { code, key, host, ada, device, does, hosts, push, subscribe };
}

/** What a device has got when all that was raised before has been sent: `[kind, text]`. */
async function got(device, does) {
  const text = fresh("fence");
  await does("raise", { text, level: "emergency" });
  await device.gets("alert", text);
  return device.taken.map((one) => [one.kind, one.text]).filter(([, words]) => words !== text);
}

it("an alert goes to a device, encrypted and signed, and its end takes its place", async () => {
  const { code, device, does, push } = await room();
  const { key } = await push("key");
  const { alert } = await does("raise", { text: "Ice on the stairs", drill: true, ends_at: "10m" });
  const { headers, by, ...notice } = await device.gets("alert", "Ice on the stairs");
  assert.deepEqual(notice, {
    kind: "alert",
    room: code,
    id: alert.id,
    level: "warning",
    drill: true,
    text: "Ice on the stairs",
    ends_at: alert.ends_at,
  });
  assert.equal(by, key, "the key that browsers subscribe with");
  assert.equal(headers.urgency, "high");
  assert.ok(headers.ttl > 500 && headers.ttl <= 600, `it is of use until it ends: ${headers.ttl}`);
  assert.match(headers.topic, /^[\w-]{32}$/);
  await does("update", { id: alert.id, level: "emergency" });
  await eventually("the change", () => device.taken.find(({ level }) => level === "emergency"));
  await does("end", { id: alert.id, all_clear: "The ice is gone" });
  const over = await device.gets("over", "Ice on the stairs");
  assert.deepEqual(
    [over.all_clear, over.headers.topic, over.headers.urgency],
    ["The ice is gone", headers.topic, "normal"],
  );
});

it("what only informs, and what changes nothing in words, wakes no device; nor does one's own alert", async () => {
  const { code, ada, device, does } = await room();
  await does("raise", { text: "Lunch is late", level: "info" });
  const { alert } = await does("raise", { text: "Ice" });
  await device.gets("alert", "Ice");
  await does("update", { id: alert.id, audience: "Year 7" });
  assert.deepEqual(await got(device, does), [["alert", "Ice"]]);
  const host = await V2.inRoom(server, code, "Ms Ortega");
  const own = service.device();
  await host.ask("push", { room: code, action: "subscribe", subscription: own.subscription });
  await does("raise", { text: "Fire", level: "emergency" });
  await device.gets("alert", "Fire");
  assert.deepEqual(own.taken, []);
  await ada.ask("leave", { room: code });
});

it("in quiet hours only an emergency disturbs", async () => {
  const { device, does, subscribe } = await room();
  await subscribe({ quiet: { from: "08:00", to: "08:00", zone: "Europe/Berlin" } });
  await does("raise", { text: "Ice" });
  await does("raise", { text: "Fire", level: "emergency" });
  assert.deepEqual(await got(device, does), [["alert", "Fire"]]);
});

it("in quiet hours an emergency that is lowered, ends or is confirmed is not left on the device as one", async () => {
  const { ada, code, device, does, subscribe } = await room();
  await subscribe({ quiet: { from: "08:00", to: "08:00", zone: "Europe/Berlin" } });
  const { alert } = await does("raise", { text: "Fire", level: "emergency" });
  await device.gets("alert", "Fire");
  await does("update", { id: alert.id, level: "warning" });
  await eventually("the change", () => device.taken.find(({ level }) => level === "warning"));
  await does("update", { id: alert.id, level: "info", text: "Smoke" });
  await does("end", { id: alert.id });
  await device.gets("over", "Smoke");
  const { alert: ice } = await does("raise", { text: "Ice", level: "emergency", confirm: true });
  await device.gets("alert", "Ice");
  await does("update", { id: ice.id, level: "warning" });
  await ada.ask("alert", { room: code, action: "confirm", id: ice.id });
  await device.gets("confirmed", "Ice");
});

it("whoever has confirmed is told that on each of their devices, and not of the alert any more", async () => {
  const { code, ada, device, does, push } = await room();
  const phone = service.device();
  await push("subscribe", { subscription: phone.subscription });
  const { alert } = await does("raise", { text: "Leave", confirm: true });
  await device.gets("alert", "Leave");
  await ada.ask("alert", { room: code, action: "confirm", id: alert.id });
  await device.gets("confirmed", "Leave");
  await phone.gets("confirmed", "Leave");
  await does("update", { id: alert.id, level: "emergency" });
  await does("end", { id: alert.id });
  assert.deepEqual(await got(device, does), [
    ["alert", "Leave"],
    ["confirmed", "Leave"],
  ]);
});

it("whoever has put it away, was put out or is banned is told nothing, and a device that is gone is forgotten", async () => {
  const { code, device, does, hosts, push, subscribe } = await room();
  const other = service.device();
  const bea = await V2.inRoom(server, code, "Bea");
  await bea.ask("push", { room: code, action: "subscribe", subscription: other.subscription });
  const raise = async (text) => {
    await does("raise", { text });
    await other.gets("alert", text);
  };
  await push("unsubscribe", { endpoint: device.endpoint });
  await raise("one");
  await subscribe();
  await hosts("kick", { name: "Ada" });
  await raise("two");
  assert.equal(device.requests, 0);
  other.answers.push(410);
  await does("raise", { text: "three" });
  await eventually("the answer", () => other.requests === 3);
  await does("raise", { text: "four" });
  const third = service.device();
  const cem = await V2.inRoom(server, code, "Cem");
  await cem.ask("push", { room: code, action: "subscribe", subscription: third.subscription });
  await does("raise", { text: "five" });
  await third.gets("alert", "five");
  await hosts("ban", { name: "Cem" });
  await does("raise", { text: "six" });
  assert.equal(other.requests, 3, "410 is for good");
  assert.equal(third.requests, 1);
});

it("whoever a ban of an address puts out is told nothing more on their devices", async () => {
  const { ada, code, key, device, host, hosts } = await room();
  const other = service.device();
  await host.ask("push", { room: code, action: "subscribe", subscription: other.subscription });
  assert.ok((await hosts("ban", { address: "127.0.0.1" })).ok);
  await ada.until("the reason", () => ada.events.some(([event]) => event === "put_out"));
  const bell = await V2.connect(server);
  const raised = async () => {
    const text = fresh("ice");
    await bell.ask("alert", { room: code, name: "Bell", host: key, action: "raise", text });
    await other.gets("alert", text);
    return text;
  };
  // They are forgotten a moment after the reason is told.
  await eventually("silence", async () => {
    const text = await raised();
    await raised();
    return !device.taken.some((one) => one.text === text);
  });
});

it("whoever is banned is not told either that somebody has confirmed for them", async () => {
  const { code, device, does, hosts } = await room();
  const { alert } = await does("raise", { text: "Leave", confirm: true });
  await device.gets("alert", "Leave");
  await hosts("ban", { name: "Ada" });
  assert.ok((await does("confirm", { id: alert.id, person: "Ada" })).ok);
  const bea = await V2.inRoom(server, code, "Bea");
  const other = service.device();
  await bea.ask("push", { room: code, action: "subscribe", subscription: other.subscription });
  await does("confirm", { id: alert.id, person: "Bea" });
  await other.gets("confirmed", "Leave");
  assert.equal(device.requests, 1);
});

it("with a new password a device is told no more, until its page has renewed it", async () => {
  const { code, device, does, hosts, subscribe } = await room();
  assert.ok((await hosts("set", { settings: { password: "secret" } })).ok);
  const other = service.device();
  const bea = await V2.connect(server);
  await bea.join(code, "Bea", { password: "secret" });
  await bea.ask("push", { room: code, action: "subscribe", subscription: other.subscription });
  for (const text of ["one", "two"]) {
    await does("raise", { text });
    await other.gets("alert", text);
  }
  assert.equal(device.requests, 0);
  await subscribe();
  await does("raise", { text: "three" });
  await device.gets("alert", "three");
});

it("a service that is busy is asked again when it says, but not for what is outdated; one that refuses is not", async () => {
  const { device, does, push } = await room();
  const other = service.device();
  await push("subscribe", { subscription: other.subscription });
  // What is newer does not wait for that.
  device.answers.push([503, 60]);
  const { alert } = await does("raise", { text: "Fire", level: "emergency" });
  await eventually("the failure", () => device.requests === 1);
  await does("update", { id: alert.id, text: "Fire in B, not in A" });
  await device.gets("alert", "Fire in B, not in A");
  await does("end", { id: alert.id });
  for (const one of [device, other]) await one.gets("over", "Fire in B, not in A");
  const given = service.device();
  await push("subscribe", { subscription: given.subscription });
  const before = other.requests;
  device.answers.push(503);
  given.answers.push([503, 5]);
  other.answers.push([429, 7]);
  await does("raise", { text: "Ice" });
  await eventually("the failures", () => given.requests === 1);
  await push("unsubscribe", { endpoint: given.endpoint });
  await device.gets("alert", "Ice");
  // Two seconds after that of the device that was given up.
  await other.gets("alert", "Ice");
  assert.deepEqual([other.requests, given.requests], [before + 2, 1]);
  device.answers.push(413);
  await does("raise", { text: "Snow" });
  await eventually("its refusal", () => device.requests === 6);
  assert.deepEqual(await got(device, does), [
    ["alert", "Fire in B, not in A"],
    ["over", "Fire in B, not in A"],
    ["alert", "Ice"],
  ]);
  assert.equal(device.requests, 7);
});

it("push services that do not answer hold up nobody else's emergency", async (t) => {
  const hanging = new Hanging();
  await hanging.start();
  t.after(() => hanging.stop());
  const { code, does } = await room();
  const people = Array.from({ length: 7 }, (_, number) => `Person ${number}`);
  for (const name of people) {
    const person = await V2.inRoom(server, code, name);
    for (let number = 0; number < 5; number++) {
      const { subscription } = service.device();
      const endpoint = `${hanging.origin}/${name[7]}/${number}`;
      const body = { room: code, action: "subscribe", subscription: { ...subscription, endpoint } };
      assert.deepEqual(await person.ask("push", body), { ok: true });
    }
  }
  await does("raise", { text: "Fire", level: "emergency" });
  await eventually("a request that hangs", () => hanging.requests > 0);
  const { device, does: elsewhere } = await room();
  await elsewhere("raise", { text: "Leave", level: "emergency" });
  await device.gets("alert", "Leave");
});

it("a person has five devices in a room, and the one that was there longest ago goes", async () => {
  const { does, push, device } = await room();
  const devices = [device, ...Array.from({ length: 5 }, () => service.device())];
  for (const { subscription } of devices.slice(1)) await push("subscribe", { subscription });
  await does("raise", { text: "Ice" });
  for (const one of devices.slice(1)) await one.gets("alert", "Ice");
  assert.equal(devices[0].requests, 0);
});

it("whoever is not in the room, or has no subscription, is refused and told why", async () => {
  const { code, push } = await room();
  const stranger = await V2.connect(server);
  const refused = async (answer) => {
    const { error } = await answer;
    return [error.code, error.message];
  };
  assert.equal((await refused(stranger.ask("push", { room: code, action: "key" })))[0], "not_joined");
  const { subscription } = service.device();
  for (const [endpoint, words] of [
    ["http://192.168.0.1/x", /^subscription: the address of this push service has to begin with https/],
    [
      "https://10.0.0.1/x",
      /^subscription: the address of this push service does not lead to a public address/,
    ],
    ["ftp://push.example/x", /^subscription: the address of this push service has to begin with https/],
  ]) {
    const [errorCode, message] = await refused(
      push("subscribe", { subscription: { ...subscription, endpoint } }),
    );
    assert.equal(errorCode, "invalid_body", endpoint);
    assert.match(message, words);
  }
  const keys = { ...subscription.keys, p256dh: `BA${"A".repeat(85)}` };
  assert.match(
    (await refused(push("subscribe", { subscription: { ...subscription, keys } })))[1],
    /no point of P-256/,
  );
});

it("without a contact nothing is sent, and whoever asks is told who can change that", async (t) => {
  const quiet = new Server(["--history", "memory"]);
  await quiet.start();
  t.after(() => quiet.stop());
  const ada = await V2.inRoom(quiet, "room", "Ada");
  const { error } = await ada.ask("push", { room: "room", action: "key" });
  assert.equal(error.code, "push_off");
  assert.match(error.message, /web_push_contact/);
});

it("devices outlive a server that is killed, and so does the key", async (t) => {
  if (process.env.ALERT_TEST_REDIS) return t.skip("a file is meant");
  const first = new Server(PUSHES);
  await first.start();
  const device = service.device();
  const host = await V2.connect(first);
  const { host: key } = await host.ask("make", { room: "room" });
  const ada = await V2.inRoom(first, "room", "Ada");
  const before = await ada.ask("push", { room: "room", action: "key" });
  await ada.ask("push", { room: "room", action: "subscribe", subscription: device.subscription });
  // Behind it in the file, so that it is there.
  await host.ask("alert", { room: "room", name: "Bell", host: key, action: "raise", text: "Ice" });
  await device.gets("alert", "Ice");
  await first.kill();
  const { state, sessionKey } = first;
  const second = new Server(PUSHES, { state, sessionKey });
  await second.start();
  t.after(() => second.stop());
  const bell = await V2.connect(second);
  await bell.ask("alert", { room: "room", name: "Bell", host: key, action: "raise", text: "Fire" });
  const { by } = await device.gets("alert", "Fire");
  assert.equal(by, before.key);
});
