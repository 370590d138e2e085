// npx tsc && node client.js URL ROOM NAME: prints what the room hears, and says each line of its standard input.
import { createInterface } from "node:readline";
import { io, type Socket } from "socket.io-client";

type Answer = { ok: true } | { ok: false; error: { code: string; message: string } };
type Notice = (body: { msg: string }) => void;
type FromServer = { status: Notice; message: Notice };
type Person = { name: string; headless: true };
type Ack = (answer: Answer) => void;
type ToServer = {
  joined(body: Person & { room: string }, ack: Ack): void;
  text(body: Person & { msg: string }, ack: Ack): void;
  left(body: Person, ack: Ack): void;
};

const [url = "http://localhost:5000", room = "K7Q-FM2-XD9", name = "Ada"] = process.argv.slice(2);
const me: Person = { name, headless: true };
const socket: Socket<FromServer, ToServer> = io(url);

// Who speaks waits for `inRoom`; `enter` says that we are in.
let enter = () => {};
let inRoom: Promise<void>;
const outside = () => {
  inRoom = new Promise((resolve) => {
    enter = resolve;
  });
};
outside();

// On every connect, also after a reconnect: a new connection is in no room.
socket.on("connect", () => {
  socket.emit("joined", { ...me, room }, (answer) => {
    if (answer.ok) return enter();
    console.error(answer.error.message);
    process.exit(1);
  });
});
socket.on("disconnect", (reason) => {
  outside();
  if (socket.active) console.error(`disconnected, messages may be missed: ${reason}`);
});
socket.on("connect_error", (error) => console.error(`cannot connect: ${error.message}`));
socket.on("status", ({ msg }) => console.log(`* ${msg}`));
socket.on("message", ({ msg }) => console.log(msg));

for await (const msg of createInterface({ input: process.stdin })) {
  // Until the server has acknowledged it: rather heard twice than never.
  for (let answer: Answer | undefined; !answer; ) {
    await inRoom!;
    answer = await socket.emitWithAck("text", { ...me, msg }).catch(() => undefined); // disconnected meanwhile
    if (answer?.ok === false) console.error(`not sent: ${answer.error.message}`);
  }
}
if (socket.connected) await socket.timeout(2000).emitWithAck("left", me).catch(() => {});
socket.disconnect();
