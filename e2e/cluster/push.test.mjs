// Web Push from several servers: whichever raises an alert tells the devices of all, once, and all have one key.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { PUSHES, pushServiceFor } from "../harness/pushservice.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const servers = [];
const service = pushServiceFor();

before(async () => {
  await redis.start();
  for (let number = 0; number < 2; number++) {
    // Neither is given a session key: it is that of all.
    const server = new Server(PUSHES, { redis, sessionKey: null });
    await server.start();
    servers.push(server);
  }
});
after(async () => {
  Client.closeAll();
  for (const server of servers) await server.stop();
  await redis.stop();
});

it("an alert that another server raises, by a host or by confirming for somebody, is told once", async () => {
  const [one, other] = servers;
  const room = fresh("room");
  const host = await V2.connect(one);
  const { host: key } = await host.ask("make", { room });
  const ada = await V2.inRoom(other, room, "Ada");
  const device = service.device();
  const push = (action, body) => ada.ask("push", { room, action, ...body });
  const told = await push("key");
  assert.deepEqual(await push("subscribe", { subscription: device.subscription }), { ok: true });
  const does = (action, body) => host.ask("alert", { room, name: "Bell", host: key, action, ...body });
  const { alert } = await does("raise", { text: "Ice", confirm: true, key: "k" });
  assert.equal((await device.gets("alert", "Ice")).by, told.key);
  await does("raise", { text: "Ice", confirm: true, key: "k" });
  await does("confirm", { id: alert.id, person: "Ada" });
  await device.gets("confirmed", "Ice");
  await does("end", { id: alert.id });
  await does("raise", { text: "Fire" });
  await device.gets("alert", "Fire");
  assert.deepEqual(
    device.taken.map(({ kind, text }) => [kind, text]),
    [
      ["alert", "Ice"],
      ["confirmed", "Ice"],
      ["alert", "Fire"],
    ],
  );
  device.answers.push(410);
  await does("raise", { text: "Snow" });
  await eventually("the answer", () => device.requests === 4);
  await one.logged(/a device is told no more/);
  await does("raise", { text: "Hail" });
  const again = service.device();
  await push("subscribe", { subscription: again.subscription });
  await does("raise", { text: "Rain" });
  await again.gets("alert", "Rain");
  assert.equal(device.requests, 4, "it is forgotten on every server");
});

it("what has failed is not tried again when another server has told the device something newer", async () => {
  const [one, other] = servers;
  const room = fresh("room");
  const host = await V2.connect(one);
  const { host: key } = await host.ask("make", { room });
  const bell = await V2.connect(other);
  const does = (by, action, body) => by.ask("alert", { room, name: "Bell", host: key, action, ...body });
  const [device, late] = [service.device(), service.device()];
  const ada = await V2.inRoom(other, room, "Ada");
  for (const { subscription } of [device, late])
    assert.ok((await ada.ask("push", { room, action: "subscribe", subscription })).ok);
  device.answers.push([503, 5], [503, 5]);
  const { alert: fire } = await does(host, "raise", { text: "Fire" });
  const { alert: ice } = await does(host, "raise", { text: "Ice", confirm: true });
  await eventually("the failures", () => device.requests === 2);
  await does(bell, "end", { id: fire.id });
  await device.gets("over", "Fire");
  await ada.ask("alert", { room, action: "confirm", id: ice.id });
  for (const one of [device, late]) await one.gets("confirmed", "Ice");
  // Later than all the others.
  late.answers.push([429, 7]);
  await does(host, "raise", { text: "Snow" });
  await late.gets("alert", "Snow");
  assert.deepEqual(
    device.taken.map(({ kind, text }) => [kind, text]),
    [
      ["over", "Fire"],
      ["confirmed", "Ice"],
      ["alert", "Snow"],
    ],
  );
});
