// Servers that speak TLS pass requests on to each other where they send http to https.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import https from "node:https";
import { join } from "node:path";
import { after, before, it } from "node:test";
import WebSocket from "ws";
import { request } from "../harness/http.mjs";
import { freePort } from "../harness/port.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { DEADLINE, within } from "../harness/time.mjs";

const redis = new Redis();
const nodes = [];
before(async () => {
  await redis.start();
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(redis.folder, name));
  const subject = ["-subj", "/CN=alert", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    key,
    "-out",
    cert,
  ];
  execFileSync("openssl", ["req", "-x509", ...made, ...subject], { stdio: "ignore" });
  for (let count = 0; count < 2; count++) {
    const port = await freePort();
    const flags = ["--tls-cert", cert, "--tls-key", key, "--redirect-listen", `127.0.0.1:${port}`];
    const node = await new Server(flags, { redis, sessionKey: null }).start();
    nodes.push(Object.assign(node, { plain: `http://127.0.0.1:${port}` }));
  }
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});

const PATH = "/socket.io/?EIO=4&transport=polling";
const trusting = { rejectUnauthorized: false };

async function ask(node, method, path, body) {
  const sent = https.request(`https://${node.host}${path}`, { method, ...trusting });
  sent.end(body);
  const [response] = await within(DEADLINE, `an answer to ${method}`, once(sent, "response"));
  return `${response.statusCode} ${(await response.toArray()).join("")}`;
}

it("a session is polled and upgraded over another server, and nobody else comes in without TLS", async () => {
  const [owner, other] = nodes;
  const { sid } = JSON.parse((await ask(owner, "GET", PATH)).slice(5));
  const path = `${PATH}&sid=${sid}`;
  assert.equal(await ask(other, "POST", path, "40"), "200 ok");
  assert.match(await ask(other, "GET", path), /^200 40\{/);
  const poll = ask(other, "GET", path);
  const ws = new WebSocket(`wss://${other.host}${path.replace("polling", "websocket")}`, trusting);
  const texts = [];
  let upgraded;
  const upgrade = new Promise((resolve) => (upgraded = resolve));
  const heard = new Promise((resolve) => {
    ws.on("message", (data) => {
      texts.push(String(data));
      if (texts.length === 1) ws.send("5", upgraded);
      if (texts.length === 2) resolve();
    });
  });
  await once(ws, "open");
  ws.send("2probe");
  assert.equal(await poll, "200 6");
  // Another way than that of the poll: its answer may come later.
  await within(DEADLINE, "the probe's answer", upgrade);
  ws.send(`420["text",{"headless":true,"name":"${"x".repeat(100_000)}"}]`);
  await within(DEADLINE, "the answer", heard);
  assert.equal(texts[0], "3probe");
  assert.match(texts[1], /^430\[/);
  ws.close();
  await once(ws, "close");
  const redirected = await request(`${owner.plain}${path}`, { headers: { "x-passed-on": "made-up" } });
  assert.equal(redirected.status, 308);
});
