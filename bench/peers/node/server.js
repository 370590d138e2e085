// Alert's v1 events on Node: socket.io over its default WebSocket server, ws.
// With the native add-ons that https://socket.io/docs/v4/performance-tuning/ recommends (see package.json).
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createClient } from "redis";
import { Server } from "socket.io";

// With a certificate and its key in one file, it speaks TLS.
const pem = process.env.TLS_PEM && readFileSync(process.env.TLS_PEM);
const httpServer = pem ? createSecureServer({ cert: pem, key: pem }) : createServer();
const options = {};
// Two minutes, as its documentation has it; off unless the benchmark asks for it.
if (process.env.RECOVERY) options.connectionStateRecovery = { maxDisconnectionDuration: 2 * 60 * 1000 };
// One of several that share their rooms.
if (process.env.REDIS) {
  const client = createClient({ url: process.env.REDIS });
  // Without a listener, a lost connection ends the process.
  client.on("error", () => {});
  await client.connect();
  options.adapter = createAdapter(client);
}
const io = new Server(httpServer, options);

io.on("connection", (socket) => {
  socket.on("joined", async ({ name, room }) => {
    socket.data.room = room;
    await socket.join(room);
    io.to(room).emit("status", { msg: `${name} has entered the room.` });
  });

  socket.on("text", ({ name, msg }) => {
    io.to(socket.data.room).emit("message", { msg: `${name}: ${msg}` });
  });

  socket.on("left", async ({ name }) => {
    const { room } = socket.data;
    await socket.leave(room);
    io.to(room).emit("status", { msg: `${name} has left the room.` });
  });
});

httpServer.listen(Number(process.env.PORT), "127.0.0.1");
