// node client_v2.mjs URL ROOM NAME: as client.mjs, over v2: it misses nothing while it is away, and says each line once.
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url = "http://localhost:5000", room = "K7Q-FM2-XD9", name = "Ada"] = process.argv.slice(2);
const socket = io(`${url}/v2`);
let position; // of the last message that we have
let early; // what comes live while the history is read

const ask = (event, body) => socket.emitWithAck(event, body).catch(() => undefined); // disconnected meanwhile
const show = (message) => {
  position = message.position;
  console.log(`${message.name}: ${message.msg}`);
};

// On every connect, also after a reconnect: a new connection is in no room.
socket.on("connect", async () => {
  early = [];
  const isBack = position !== undefined;
  const joined = await ask("join", { room, name, since: position ?? 20 });
  if (!joined) return;
  if (!joined.ok) {
    console.error(joined.error.message);
    process.exit(1);
  }
  position ??= joined.position;
  if (joined.gap) console.error(`${joined.gap.missed ?? "some"} messages are not kept any more`);
  joined.history.forEach(show);
  // One answer has 200 messages at most; whoever was away for long reads the rest in pages.
  for (let more = isBack && joined.more; more; ) {
    const page = await ask("history", { room, after: position });
    if (!page) return;
    if (!page.ok) {
      console.error(`messages may be missed: ${page.error.message}`);
      break;
    }
    const end = page.messages.findIndex((message) => message.position === joined.position) + 1;
    page.messages.slice(0, end || undefined).forEach(show);
    more = page.more && end === 0;
  }
  position = joined.position;
  const live = early;
  early = undefined;
  live.forEach(show);
});
socket.on("disconnect", (reason) => {
  if (socket.active) console.error(`disconnected: ${reason}`);
});
socket.on("connect_error", (error) => console.error(`cannot connect: ${error.message}`));
socket.on("message", (message) => (early ? early.push(message) : show(message)));
socket.on("entered", (person) => console.log(`* ${person.name} has entered the room.`));
socket.on("left", (person) => console.log(`* ${person.name} has left the room.`));

for await (const msg of createInterface({ input: process.stdin })) {
  // Until the server has answered. The key makes it one message, and with the name it may go before `join`.
  const message = { room, name, msg, key: randomUUID() };
  for (let answer; !answer; ) {
    answer = await socket
      .timeout(2000)
      .emitWithAck("send", message)
      .catch(() => undefined);
    if (answer?.ok === false) console.error(`not sent: ${answer.error.message}`);
  }
}
if (socket.connected)
  await socket
    .timeout(2000)
    .emitWithAck("leave", { room })
    .catch(() => {});
socket.disconnect();
