// node client.mjs URL ROOM NAME: prints what the room hears, and says each line of its standard input.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url = "http://localhost:5000", room = "D5DB", name = "Ada"] = process.argv.slice(2);
const socket = io(url);

// On every connect, also after a reconnect: a new connection is in no room.
socket.on("connect", () => {
  socket.emit("joined", { name, headless: true, room }, ({ ok, error }) => {
    if (!ok) console.error(error.message);
  });
});
socket.on("status", ({ msg }) => console.log(`* ${msg}`));
socket.on("message", ({ msg }) => console.log(msg));
socket.on("disconnect", (reason) => console.error(`disconnected, messages may be missed: ${reason}`));
socket.on("connect_error", (error) => console.error(`cannot connect: ${error.message}`));

const lines = createInterface({ input: process.stdin });
lines.on("line", (msg) => {
  if (socket.connected) socket.emit("text", { name, headless: true, msg });
  else console.error("not connected, not sent");
});
lines.on("close", () => {
  socket.timeout(2000).emit("left", { name, headless: true }, () => socket.disconnect());
});
