// kill -9 while people confirm alerts and are reminded of them: a ledger of what was acknowledged to whom. Whatever was is in the
// roll call, and nobody hears of it again; whoever has not confirmed is reminded by the next server too.
// Twice here; KILL_ROUNDS=20 (`make proof`) for the whole proof.

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../harness/client.mjs";
import { Server } from "../harness/server.mjs";
import { DEADLINE, eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2);
const PEOPLE = 12;
const ALERTS = 6;
/** The shortest time (s) between two reminders. */
const REMIND = 5;
/** Of all people and alerts, so many are not confirmed. */
const LEFT_OUT = 0.3;

/** A connection of a person, which comes back by itself. */
class Device extends V2 {
  /** Alerts of which it is not to hear any more. */
  knows = new Set();
  reminded = [];

  constructor(server, person, room) {
    super(server);
    this.person = person;
    this.socket.on("connect", () => {
      this.isIn = false;
      this.knows = new Set(person.acked);
      this.reminded = [];
      this.enter(room).catch(() => {}); // disconnected meanwhile
    });
    this.socket.on("confirmed", ({ id }) => this.knows.add(id));
    this.socket.on("reminder", ({ id }) => {
      this.reminded.push(id);
      if (this.knows.has(id)) person.wrongly.push(id);
    });
  }

  async enter(room) {
    for (;;) {
      const { ok } = await this.socket.emitWithAck("join", { room, name: this.person.name });
      if (ok) break;
      await sleep(50);
    }
    this.isIn = true;
  }
}

class Person {
  acked = new Set();
  /** Reminders of what they had confirmed. */
  wrongly = [];

  constructor(server, name, room, devices) {
    this.name = name;
    this.room = room;
    this.devices = Array.from({ length: devices }, () => new Device(server, this, room));
  }

  /** Confirms one until that is acknowledged, on whichever device. */
  async confirm(id) {
    for (let tries = 0; !this.acked.has(id); tries++) {
      const device = this.devices[tries % this.devices.length];
      if (!device.isIn) {
        await sleep(20);
        continue;
      }
      const answer = await device.socket
        .timeout(2_000)
        .emitWithAck("alert", { room: this.room, action: "confirm", id })
        .catch(() => undefined);
      if (!answer?.ok) continue;
      assert.equal(answer.person.stage, "confirmed");
      this.acked.add(id);
      device.knows.add(id);
    }
  }
}

afterEach(() => Client.closeAll());

it(`a server that is killed ${ROUNDS} times while people confirm forgets none of them, and reminds the others`, async (t) => {
  let server = await new Server(["--room-tries", "0", "--join-rate", "0"]).start();
  const host = await V2.connect(server);
  const { room, host: key } = await host.ask("make", {});
  const people = Array.from({ length: PEOPLE }, (_, number) => {
    return new Person(server, `Person ${number}`, room, 1 + (number % 3 === 0));
  });
  for (const { devices } of people)
    for (const device of devices) await eventually("an entry", () => device.isIn);
  const alerts = [];
  for (let number = 0; number < ALERTS; number++) {
    const raise = { room, host: key, name: "Host", action: "raise", text: `alert ${number}`, remind: REMIND };
    const { alert } = await host.ask("alert", raise);
    alerts.push(alert.id);
  }
  const left = [];
  const confirming = [];
  for (const person of people)
    for (const id of alerts) {
      if (Math.random() < LEFT_OUT) left.push({ person, id });
      else confirming.push(sleep(Math.random() * 1_200 * ROUNDS).then(() => person.confirm(id)));
    }
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(200 + Math.random() * 1_000);
    await server.kill();
    server = await server.restarted();
  }
  await Promise.all(confirming);
  // Each of their connections to the last server has heard of all that they have not confirmed.
  for (const { person, id } of left)
    for (const device of person.devices)
      await eventually(
        `a reminder of ${id} for ${person.name}`,
        () => device.reminded.includes(id),
        DEADLINE,
      );
  const wrongly = people.flatMap(({ name, wrongly }) => wrongly.map((id) => [name, id]));
  assert.deepEqual(wrongly, [], "reminded of what they had confirmed");
  await host.connected();
  for (const id of alerts) {
    const called = await host.ask("alert", {
      room,
      host: key,
      name: "Host",
      action: "roll_call",
      id,
      limit: 99,
    });
    const confirmed = called.people.filter(({ stage }) => stage === "confirmed").map(({ name }) => name);
    const acked = people.filter((person) => person.acked.has(id)).map(({ name }) => name);
    assert.deepEqual(confirmed.sort(), acked.sort(), "the roll call is what was acknowledged");
  }
  t.diagnostic(
    `${ROUNDS} kills: ${confirming.length} confirmations acknowledged, 0 lost; ${left.length} left out and reminded, nobody else`,
  );
  await server.stop();
});
