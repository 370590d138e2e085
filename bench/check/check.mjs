// Drives a server through the v1 events with the official client, and fails where it answers otherwise than Alert.
// Usage: node check.mjs URL websocket|polling|upgrade

import assert from "node:assert/strict";
import { io } from "socket.io-client";

const [url, way] = process.argv.slice(2);
const transports = way === "upgrade" ? ["polling", "websocket"] : [way];

setTimeout(() => assert.fail("not done after 10 s"), 10_000).unref();

async function connect() {
  const socket = io(url, { transports, forceNew: true, reconnection: false });
  const heard = [];
  const waiting = [];
  const hear = (event) => (body) => {
    heard.push([event, body]);
    for (const check of waiting.splice(0)) check();
  };
  socket.on("status", hear("status"));
  socket.on("message", hear("message"));
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  if (way === "upgrade" && socket.io.engine.transport.name !== "websocket")
    await new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
  const next = async () => {
    while (heard.length === 0) await new Promise((resolve) => waiting.push(resolve));
    return heard.shift();
  };
  return { socket, heard, next };
}

const [ada, bob, eve] = await Promise.all([connect(), connect(), connect()]);
const says = async (who, event, msg) => {
  for (const one of who) assert.deepEqual(await one.next(), [event, { msg }]);
};

ada.socket.emit("joined", { name: "Ada", headless: true, room: "one" });
await says([ada], "status", "Ada has entered the room.");
eve.socket.emit("joined", { name: "Eve", headless: true, room: "two" });
await says([eve], "status", "Eve has entered the room.");
bob.socket.emit("joined", { name: "Bob", headless: true, room: "one" });
await says([ada, bob], "status", "Bob has entered the room.");

// Not more than 16: python-engineio refuses a polled payload with more packets.
const COUNT = 10;
for (let number = 0; number < COUNT; number++) ada.socket.emit("text", { name: "Ada", headless: true, msg: `${number} <ö>` });
const order = [];
for (let number = 0; number < COUNT; number++) {
  const heard = await ada.next();
  assert.deepEqual(await bob.next(), heard, "both hear the same");
  order.push(heard);
}
const sent = order.map((_, number) => ["message", { msg: `Ada: ${number} <ö>` }]);
const compare = (a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b));
assert.deepEqual(order.toSorted(compare), sent.toSorted(compare), "every message comes once");
const ordered = JSON.stringify(order) === JSON.stringify(sent);

bob.socket.emit("left", { name: "Bob", headless: true });
await says([ada], "status", "Bob has left the room.");
ada.socket.emit("text", { name: "Ada", headless: true, msg: "alone" });
await says([ada], "message", "Ada: alone");
eve.socket.emit("text", { name: "Eve", headless: true, msg: "end" });
await says([eve], "message", "Eve: end");
assert.deepEqual([...ada.heard, ...bob.heard, ...eve.heard], [], "nobody hears anything else");

for (const one of [ada, bob, eve]) one.socket.disconnect();
console.log(ordered ? "ok" : `ok, but ${COUNT} messages in flight came in another order than they were sent`);
