// npx tsc && node client.js URL ROOM NAME: prints what the room hears, and says each line of its standard input.
import { createInterface } from "node:readline";
import { io, type Socket } from "socket.io-client";

type Answer = { ok: true } | { ok: false; error: { code: string; message: string } };
type Notice = (body: { msg: string }) => void;
type FromServer = { status: Notice; message: Notice };
type Person = { name: string; headless: true };
type ToServer = {
  joined(body: Person & { room: string }, answer: (answer: Answer) => void): void;
  text(body: Person & { msg: string }): void;
  left(body: Person, answer: (error: Error | null) => void): void;
};

const [url = "http://localhost:5000", room = "D5DB", name = "Ada"] = process.argv.slice(2);
const me: Person = { name, headless: true };
const socket: Socket<FromServer, ToServer> = io(url);

// On every connect, also after a reconnect: a new connection is in no room.
socket.on("connect", () => {
  socket.emit("joined", { ...me, room }, (answer) => {
    if (!answer.ok) console.error(answer.error.message);
  });
});
socket.on("status", ({ msg }) => console.log(`* ${msg}`));
socket.on("message", ({ msg }) => console.log(msg));
socket.on("disconnect", (reason) => console.error(`disconnected, messages may be missed: ${reason}`));
socket.on("connect_error", (error) => console.error(`cannot connect: ${error.message}`));

const lines = createInterface({ input: process.stdin });
lines.on("line", (msg) => {
  if (socket.connected) socket.emit("text", { ...me, msg });
  else console.error("not connected, not sent");
});
lines.on("close", () => {
  socket.timeout(2000).emit("left", me, () => socket.disconnect());
});
