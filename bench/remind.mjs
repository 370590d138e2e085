// What it costs others to remind everybody of a large room: who is reminded how late, and how late messages of a quiet room are
// meanwhile; and how soon another device of somebody hears that they have confirmed, from when on it is silent.
//
//     ALERT_BIN=target/release/alert node bench/remind.mjs [PEOPLE]
//
// 10,000 people, half of whom confirm, are reminded three times, every 5 s. It ends with 1 where somebody is reminded who has
// confirmed, or somebody is not who has not, or p99 in the quiet room is more than 100 ms, or another device hears after 200 ms.

import { NO_RATES, Server } from "../e2e/harness/server.mjs";
import { BareClient } from "./bare-client.mjs";

const PEOPLE = Number(process.argv[2] ?? 10_000);
const ROUNDS = 3;
/** Between two reminders (s): the shortest there is. */
const INTERVAL = 5;
const ALLOWED = 100;
/** People who have a second device, and until when (ms) it has to know. */
const DEVICES = 200;
const SILENT = 200;
/** Between two messages in the quiet room (ms). */
const PACE = 20;
/** People that connect at a time. */
const AT_A_TIME = 200;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const FREE = [...NO_RATES, "--join-rate", "0", "--room-tries", "0", "--max-connections-per-address", "0"];
const server = await new Server(["--history", "sqlite", ...FREE]).start();

async function enter(room, name, more = {}) {
  const client = new BareClient(server);
  await client.connected;
  await client.ask("join", { room, name, ...more });
  return client;
}

const part = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const inOrder = (numbers) => numbers.sort((one, other) => one - other);

const host = new BareClient(server);
await host.connected;
const { host: key } = await host.ask("make", { room: "R1" });
const people = [];
while (people.length < PEOPLE) {
  const many = Math.min(AT_A_TIME, PEOPLE - people.length);
  const names = Array.from({ length: many }, (_, number) => `Person ${people.length + number}`);
  people.push(...(await Promise.all(names.map((name) => enter("R1", name)))));
}
const [speaker, hearer] = [await enter("QUIET", "Ada"), await enter("QUIET", "Bea")];

const { alert } = await host.ask("alert", {
  ...{ room: "R1", host: key, name: "Ada", action: "raise", text: "Fire", confirm: true, remind: INTERVAL },
});
const confirmed = people.filter((_, number) => number % 2 === 0);
const confirm = (person) => person.ask("alert", { room: "R1", action: "confirm", id: alert.id });
const silent = [];
for (const [number, person] of confirmed.slice(0, DEVICES).entries()) {
  const other = await enter("R1", `Person ${2 * number}`);
  const heard = new Promise((resolve) => {
    other.heard = (event) => event === "confirmed" && resolve(performance.now());
  });
  const begin = performance.now();
  await confirm(person);
  silent.push((await heard) - begin);
}
await Promise.all(confirmed.slice(DEVICES).map(confirm));

/** When each reminder came, by its number (ms). */
const came = new Map();
let wrong = 0;
const hears = (person, is) => {
  person.heard = (event, body) => {
    if (event !== "reminder") return;
    if (!is) wrong += 1;
    const all = came.get(body.number) ?? [];
    all.push(performance.now());
    came.set(body.number, all);
  };
};
for (const [number, person] of people.entries()) hears(person, number % 2 === 1);

const sent = new Map();
const late = [];
hearer.heard = (event, body) => {
  if (event === "message") late.push(performance.now() - sent.get(body.msg.split(" ").at(-1)));
};
const until = performance.now() + (ROUNDS + 1) * INTERVAL * 1000;
for (let number = 0; performance.now() < until; number++) {
  sent.set(String(number), performance.now());
  await speaker.ask("send", { room: "QUIET", msg: String(number) });
  await sleep(PACE);
}
await server.stop();

// The first that is heard may have been under way when the last confirmed.
const heard = [...came].sort(([one], [other]) => one - other).slice(1, 1 + ROUNDS);
const spread = heard.map(([, all]) => (inOrder(all).at(-1) - all[0]).toFixed(0));
const counts = heard.map(([, all]) => all.length);
inOrder(late);
inOrder(silent);
console.log(
  `${PEOPLE} people, of whom ${PEOPLE - confirmed.length} are reminded: ${counts.join(", ")} were, the last ` +
    `${spread.join(", ")} ms after the first; ${wrong} who had confirmed`,
);
console.log(
  `a quiet room meanwhile, ${late.length} messages: p50 ${part(late, 0.5).toFixed(1)} ms, p99 ${part(late, 0.99).toFixed(1)} ms, ` +
    `longest ${part(late, 1).toFixed(1)} ms`,
);
console.log(
  `other devices of ${silent.length} people know that they have confirmed after p50 ${part(silent, 0.5).toFixed(1)} ms, ` +
    `longest ${part(silent, 1).toFixed(1)} ms`,
);
const isRight =
  wrong === 0 && counts.length === ROUNDS && counts.every((count) => count === PEOPLE - confirmed.length);
const isInTime = part(late, 0.99) <= ALLOWED && part(silent, 1) <= SILENT;
process.exit(isRight && isInTime ? 0 : 1);
