// How fast a room confirms an alert: everybody within two seconds, and the hosts are told how many have.
//
//     ALERT_BIN=target/release/alert node bench/confirm.mjs [PEOPLE] [HOSTS] [HISTORY]
//
// 10,000 people and 3 hosts, HISTORY `sqlite` (or `memory`), unless told. It prints how long confirmations took to be answered,
// and how long after the last of them every host knew the right count. It ends with 1 where p99 of the answers is more than
// 100 ms, or a count is wrong.

import { connect } from "node:net";
import { NO_RATES, Server } from "../e2e/harness/server.mjs";

const PEOPLE = Number(process.argv[2] ?? 10_000);
const HOSTS = Number(process.argv[3] ?? 3);
const HISTORY = process.argv[4] ?? "sqlite";
/** Within this time everybody confirms (ms). */
const WITHIN = 2_000;
const ALLOWED = 100;
const ROOM = "R1";
/** People that connect at a time. */
const AT_A_TIME = 200;

/** What begins a packet of Engine.IO or of the namespace, as its first bytes. */
const [OPEN, PING, MESSAGE, CONNECT, EVENT, ACK] = [..."024023"].map((digit) => digit.charCodeAt(0));
const PREFIX = "4x/v2,".length;

/**
 * A client of v2 over a bare socket. Whoever enters is told to everybody, fifty million times in all: what nobody here
 * waits for is passed over unread.
 */
class Client {
  #answers = new Map();
  #asked = 0;
  #rest = Buffer.alloc(0);
  #ready;
  /** Hears events; without it, they are passed over. */
  heard;

  constructor(server) {
    this.socket = connect(server.port, "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.write(
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    this.connected = new Promise((resolve, reject) => {
      this.#ready = resolve;
      this.socket.on("error", reject);
      this.socket.on("close", () => reject(new Error("the server has closed a connection")));
    });
    this.socket.once("data", (head) => {
      this.socket.on("data", (bytes) => this.#frames(bytes));
      const end = head.indexOf("\r\n\r\n") + 4;
      if (head.length > end) this.#frames(head.subarray(end));
    });
  }

  /** The answer, and after how long (ms) it came. */
  ask(event, body) {
    const id = this.#asked++;
    const begin = performance.now();
    this.#send(`42/v2,${id}${JSON.stringify([event, body])}`);
    return new Promise((resolve, reject) => {
      this.#answers.set(id, (answer) => {
        if (answer.ok) resolve({ ...answer, took: performance.now() - begin });
        else reject(new Error(answer.error.message));
      });
    });
  }

  /** A frame whose mask is zeros. */
  #send(text) {
    const payload = Buffer.from(text);
    const { length } = payload;
    const size = length < 126 ? [128 | length] : [128 | 126, length >> 8, length & 255];
    this.socket.write(Buffer.concat([Buffer.from([129, ...size, 0, 0, 0, 0]), payload]));
  }

  #frames(bytes) {
    const data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (data.length - at >= 2) {
      let [begin, length] = [at + 2, data[at + 1]];
      if (length === 126) {
        if (data.length - at < 4) break;
        [begin, length] = [at + 4, data.readUInt16BE(at + 2)];
      } else if (length === 127) {
        if (data.length - at < 10) break;
        [begin, length] = [at + 10, Number(data.readBigUInt64BE(at + 2))];
      }
      if (begin + length > data.length) break;
      this.#packet(data, begin, begin + length);
      at = begin + length;
    }
    this.#rest = data.subarray(at);
  }

  #packet(data, begin, end) {
    const [kind, inner] = [data[begin], data[begin + 1]];
    if (kind === PING) this.#send("3");
    else if (kind === OPEN) this.#send("40/v2,");
    else if (kind === MESSAGE && inner === CONNECT) this.#ready();
    else if (kind === MESSAGE && inner === ACK) {
      const [, id, json] = data.toString("utf8", begin + PREFIX, end).match(/^(\d+)(.*)$/s);
      this.#answers.get(Number(id))(JSON.parse(json)[0]);
      this.#answers.delete(Number(id));
    } else if (kind === MESSAGE && inner === EVENT && this.heard !== undefined)
      this.heard(...JSON.parse(data.toString("utf8", begin + PREFIX, end)));
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const server = await new Server(["--history", HISTORY, ...NO_RATES, "--max-connections", "0"]).start();

async function enter(name, more = {}) {
  const client = new Client(server);
  await client.connected;
  await client.ask("join", { room: ROOM, name, ...more });
  return client;
}

const first = new Client(server);
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
