// Alerts that people have not confirmed, on two servers of which the one that raised them is killed: the other reminds those who
// are there, and passes the alert on, once.

import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

/** The shortest time (s) between two reminders, and until an alert is passed on. */
const SHORTEST = 5;

const redis = new Redis();
const start = () => new Server([], { redis, sessionKey: null }).start();
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

it("what the server that raised an alert does not do any more, the other does, and the first not again", async () => {
  const office = fresh("office");
  const host = await V2.connect(one);
  const { room, host: key } = await host.ask("make", {});
  const [bea, cy, lind] = await Promise.all([
    V2.inRoom(two, room, "Bea"),
    V2.inRoom(two, room, "Cy"),
    V2.inRoom(two, office, "Mr Lind"),
  ]);
  const alert = { text: "Ice", remind: SHORTEST, escalate_after: SHORTEST, escalate_to: office };
  const raised = await host.ask("alert", { room, host: key, name: "Ada", action: "raise", ...alert });
  assert.ok(raised.ok, JSON.stringify(raised));
  const { id } = raised.alert;
  assert.ok((await cy.ask("alert", { room, action: "confirm", id })).ok);
  await one.kill();
  await lind.until("what is passed on", () => lind.texts.length > 0);
  await bea.until("a reminder", () => bea.events.some(([event]) => event === "reminder"));
  one = await one.restarted();
  const back = await V2.inRoom(one, room, "Dan");
  const end = await back.ask("alert", { room, host: key, action: "end", id });
  assert.ok(end.ok, JSON.stringify(end));
  const isEnd = ([event, { state }]) => event === "alert" && state === "ended";
  for (const member of [bea, cy]) await member.until("its end", () => member.events.some(isEnd));
  const reminded = (member) => member.events.filter(([event]) => event === "reminder").length;
  assert.ok(reminded(bea) > 0 && reminded(cy) === 0, "nobody is reminded who has confirmed");
  await lind.tell("the last");
  await lind.hears("the last");
  assert.deepEqual(lind.texts, [
    `Not confirmed by 1 of 2 people after 5s: Bea. Ada raised it in ${room}: WARNING: Ice`,
    "the last",
  ]);
});
