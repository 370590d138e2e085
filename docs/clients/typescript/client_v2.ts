// npx tsc && node client_v2.js URL ROOM NAME: over v2, it misses nothing while it is away, and says each line once.
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { io, type Socket } from "socket.io-client";

type Refused = { ok: false; error: { code: string; message: string } };
type Message = { id: string; position: string; at: string; name: string; msg: string };
type Person = { room: string; name: string; at: string; count: number };
type Gap = { missed: number | null } | null;
type Joined = {
  ok: true;
  room: string;
  name: string | null;
  position: string;
  members: string[];
  count: number;
  history: Message[];
  gap: Gap;
  more: boolean;
  can: ("read" | "speak")[];
  state: [];
};
type Said = { ok: true; id: string; position: string; at: string; stored: boolean };
type Page = { ok: true; messages: Message[]; position: string; gap: Gap; more: boolean };
type Room = { room: string };
type Join = Room & { name?: string; since?: string | number; listen?: boolean };
type Send = Room & { msg: string; key?: string; name?: string };
type FromServer = {
  message(message: Room & Message): void;
  entered(person: Person): void;
  left(person: Person): void;
};
type ToServer = {
  join(body: Join, ack: (answer: Joined | Refused) => void): void;
  send(body: Send, ack: (answer: Said | Refused) => void): void;
  history(
    body: Room & { before?: string; after?: string; limit?: number },
    ack: (answer: Page | Refused) => void,
  ): void;
  leave(body: Room, ack: (answer: { ok: true } | Refused) => void): void;
};

const [url = "http://localhost:5000", room = "K7Q-FM2-XD9", name = "Ada"] = process.argv.slice(2);
const socket: Socket<FromServer, ToServer> = io(`${url}/v2`);
let position: string | undefined; // of the last message that we have
let early: Message[] | undefined; // what comes live while the history is read

const gone = () => undefined; // disconnected meanwhile
const show = (message: Message) => {
  position = message.position;
  console.log(`${message.name}: ${message.msg}`);
};

// On every connect, also after a reconnect: a new connection is in no room.
socket.on("connect", async () => {
  early = [];
  const isBack = position !== undefined;
  const joined = await socket.emitWithAck("join", { room, name, since: position ?? 20 }).catch(gone);
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
    const page: Page | Refused | undefined = await socket
      .emitWithAck("history", { room, after: position })
      .catch(gone);
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
  const live: Message[] = early;
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
  for (let answer: Said | Refused | undefined; !answer; ) {
    answer = await socket.timeout(2000).emitWithAck("send", message).catch(gone);
    if (answer?.ok === false) console.error(`not sent: ${answer.error.message}`);
  }
}
if (socket.connected) await socket.timeout(2000).emitWithAck("leave", { room }).catch(gone);
socket.disconnect();
