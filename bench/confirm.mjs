// How fast a room confirms an alert: everybody within two seconds, and the hosts are told how many have.
//
//     ALERT_BIN=target/release/alert node bench/confirm.mjs [PEOPLE] [HOSTS] [HISTORY]
//
// 10,000 people and 3 hosts, HISTORY `sqlite` (or `memory`), unless told. It prints how long confirmations took to be answered,
// and how long after the last of them every host knew the right count. It ends with 1 where p99 of the answers is more than
// 100 ms, or a count is wrong.

import { NO_RATES, Server } from "../e2e/harness/server.mjs";
import { BareClient } from "./bare-client.mjs";

const PEOPLE = Number(process.argv[2] ?? 10_000);
const HOSTS = Number(process.argv[3] ?? 3);
const HISTORY = process.argv[4] ?? "sqlite";
/** Within this time everybody confirms (ms). */
const WITHIN = 2_000;
const ALLOWED = 100;
const ROOM = "R1";
/** People that connect at a time. */
const AT_A_TIME = 200;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const FREE = [...NO_RATES, "--join-rate", "0", "--room-tries", "0", "--max-connections-per-address", "0"];
const server = await new Server(["--history", HISTORY, ...FREE]).start();

async function enter(name, more = {}) {
  const client = new BareClient(server);
  await client.connected;
  await client.ask("join", { room: ROOM, name, ...more });
  return client;
}

const first = new BareClient(server);
await first.connected;
const { host: key } = await first.ask("make", { room: ROOM });
await first.ask("join", { room: ROOM, name: "Host 0", host: key });
const hosts = [first];
for (let number = 1; number < HOSTS; number++) hosts.push(await enter(`Host ${number}`, { host: key }));
const people = [];
while (people.length < PEOPLE) {
  const many = Math.min(AT_A_TIME, PEOPLE - people.length);
  const names = Array.from({ length: many }, (_, number) => `Person ${people.length + number}`);
  people.push(...(await Promise.all(names.map(enter))));
}

const does = (client, body) => client.ask("alert", { room: ROOM, host: key, ...body });
const { alert } = await does(first, { action: "raise", text: "Fire", level: "emergency", confirm: true });
const { id } = alert;
/** Whoever has raised it has confirmed it. */
const ALL = PEOPLE + 1;
let last;
/** When each host was first told that everybody had. */
const told = hosts.map(
  (host) =>
    new Promise((resolve) => {
      host.heard = (event, body) => {
        if (event === "roll_call" && body.counts.confirmed === ALL) resolve(performance.now());
      };
    }),
);
for (const host of hosts) await does(host, { action: "roll_call", id, limit: 0 });

const took = await Promise.all(
  people.map(async (person) => {
    await sleep(Math.random() * WITHIN);
    const answer = await person.ask("alert", { room: ROOM, action: "confirm", id });
    last = performance.now();
    return answer.took;
  }),
);
took.sort((one, other) => one - other);
const at = (part) => took[Math.min(took.length - 1, Math.floor(part * took.length))];
const late = (await Promise.all(told)).map((moment) => Math.max(0, moment - last).toFixed(0));
const { counts } = await does(first, { action: "roll_call", id, limit: 0 });
console.log(
  `${PEOPLE} people confirm within ${WITHIN} ms, history ${HISTORY}: answers p50 ${at(0.5).toFixed(1)} ms, ` +
    `p99 ${at(0.99).toFixed(1)} ms, longest ${at(1).toFixed(1)} ms; hosts know of all ${late.join(", ")} ms after the last`,
);
console.log(`counts: ${JSON.stringify(counts)}`);
const isRight = counts.confirmed === ALL && at(0.99) <= ALLOWED;
await server.stop();
process.exit(isRight ? 0 : 1);
