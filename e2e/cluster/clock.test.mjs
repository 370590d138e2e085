// A server whose clock is set while people hear it: they are told, and what they measure is the new time.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { SetClock } from "../harness/clock.mjs";
import { Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const HOUR = 3600;
/** A clock is right that is right to this (ms): what is asked for is more by far. */
const RIGHT = 5_000;

const clock = new SetClock();
const server = new Server(["--history", "memory"], { env: clock.env });
before(() => server.start());
after(() => server.stop());
after(() => Client.closeAll());

/** The shortest time (s) between two reminders, and until an alert is passed on. */
const SHORTEST = 5;

/** By how many hours the server's clock says that it is ahead, to the hour. */
const hours = (at) => {
  const ahead = Date.parse(at) - Date.now();
  // Without the sign of zero.
  const hours = Math.round(ahead / (HOUR * 1000)) + 0;
  assert.ok(Math.abs(ahead - hours * HOUR * 1000) < RIGHT, `${at}: ${ahead} ms`);
  return hours;
};

/** The data of the next event `time` of a stream. */
async function nextTime(events) {
  for (let text = ""; ; ) {
    const { value, done } = await events.read();
    assert.ok(!done, "the stream has ended");
    text += value;
    const found = text.match(/^event: time\ndata: (.*)\n\n/m);
    if (found) return JSON.parse(found[1]);
  }
}

it("those who hear a room are told, over v2 and a stream, and the time that they measure is the new one", async () => {
  const room = fresh("room");
  const ada = await V2.connect(server);
  const joined = await ada.join(room, "Ada");
  assert.equal(hours(joined.at), 0);
  const stream = await fetch(`${server.url}/v1/rooms/${room}/events`);
  const events = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  for (const ahead of [1, -1, 0]) {
    const known = ada.events.length;
    clock.set(ahead * HOUR);
    const told = () => ada.events.slice(known).find(([event]) => event === "time");
    await ada.until("the event time", () => told() !== undefined);
    const [, { room: where, at }] = told();
    assert.deepEqual([where, hours(at), hours((await nextTime(events)).at)], [room, ahead, ahead]);
    const { ok, received, sent } = await ada.ask("time", {});
    const http = await (await fetch(`${server.url}/v1/time`)).json();
    assert.deepEqual(
      [ok, hours(received), hours(sent), hours(http.received), hours(http.sent)],
      [true, ahead, ahead, ahead, ahead],
    );
    await server.logged(/the clock of this machine was set/);
  }
  await events.cancel();
});

it("people are reminded at their interval, and an alert is passed on after its time, however the clock is set", async () => {
  clock.set(0);
  const office = fresh("office");
  const host = await V2.connect(server);
  const { room, host: key } = await host.ask("make", {});
  const [bea, lind] = await Promise.all([
    V2.inRoom(server, room, "Bea"),
    V2.inRoom(server, office, "Mr Lind"),
  ]);
  const alert = { text: "Ice", remind: SHORTEST, escalate_after: SHORTEST, escalate_to: office };
  const raised = await host.ask("alert", { room, host: key, name: "Ada", action: "raise", ...alert });
  assert.ok(raised.ok, JSON.stringify(raised));
  const numbers = () => bea.events.filter(([event]) => event === "reminder").map(([, { number }]) => number);
  clock.set(-HOUR);
  await lind.until("what is passed on", () => lind.texts.length > 0);
  await bea.until("the first reminder", () => numbers().length >= 1);
  clock.set(HOUR);
  await bea.until("the second reminder", () => numbers().length >= 2);
  assert.deepEqual(numbers(), [1, 2]);
  clock.set(0);
});
