// Alert's v1 events on Node: socket.io over its default WebSocket server, ws.
// With the native add-ons that https://socket.io/docs/v4/performance-tuning/ recommends (see package.json).
import { createServer } from "node:http";
import { Server } from "socket.io";

const httpServer = createServer();
// Two minutes, as its documentation has it; off unless the benchmark asks for it.
const connectionStateRecovery = { maxDisconnectionDuration: 2 * 60 * 1000 };
const io = new Server(httpServer, process.env.RECOVERY ? { connectionStateRecovery } : {});

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
