// What it costs to pass a long-polling request on to the server of its session:
//
//     ALERT_BIN=target/release/alert node bench/passed-on.mjs [SECONDS]
//
// Two servers with one Redis. The same sessions of the first are led directly, and then through the second: each says
// something wrong, and fetches the answer. CPU time is that of all threads, from /proc.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { Redis } from "../e2e/harness/redis.mjs";
import { NO_RATES, Server } from "../e2e/harness/server.mjs";

const SESSIONS = 16;
const SECONDS = Number(process.argv[2] ?? 5);
const TICKS = 100;

const cpu = ({ pid }) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
};

function ask(agent, server, method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = http.request({ agent, host: "127.0.0.1", port: server.port, method, path }, async (response) => {
      const text = (await response.toArray()).join("");
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`${response.statusCode} ${text}`));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const PATH = "/socket.io/?EIO=4&transport=polling";
const redis = await new Redis().start();
const start = () => new Server([...NO_RATES, "--workers", "1"], { redis, sessionKey: null }).start();
const [owner, relay] = [await start(), await start()];

const agent = new http.Agent({ keepAlive: true });
const sids = [];
for (let count = 0; count < SESSIONS; count++) {
  const { sid } = JSON.parse((await ask(agent, owner, "GET", PATH)).slice(1));
  await ask(agent, owner, "POST", `${PATH}&sid=${sid}`, "40");
  assert.match(await ask(agent, owner, "GET", `${PATH}&sid=${sid}`), /^40/);
  sids.push(sid);
}

async function lead(server, sid, end) {
  const path = `${PATH}&sid=${sid}`;
  let requests = 0;
  while (Date.now() < end) {
    await ask(agent, server, "POST", path, '421["text",{"headless":true}]');
    const answer = await ask(agent, server, "GET", path);
    assert.match(answer, /^431|^2$/);
    if (answer === "2") await ask(agent, server, "POST", path, "3");
    requests += 2;
  }
  return requests;
}

const microseconds = (time, requests) => `${Math.round((time / requests) * 1e6)} us`;
for (let round = 0; round < 3; round++) {
  for (const [way, server] of [
    ["directly", owner],
    ["passed on", relay],
  ]) {
    const before = [owner, relay].map(cpu);
    const end = Date.now() + SECONDS * 1000;
    const counts = await Promise.all(sids.map((sid) => lead(server, sid, end)));
    const requests = counts.reduce((sum, count) => sum + count, 0);
    const used = [owner, relay].map((server, place) => cpu(server) - before[place]);
    const [own, other] = used.map((time) => microseconds(time, requests));
    console.log(`${way}: ${requests / SECONDS} requests/s, CPU per request: owner ${own}, relay ${other}`);
  }
}
for (const server of [owner, relay]) await server.stop();
await redis.stop();
