// Alert's v1 events on Bun: socket.io over Bun's own HTTP and WebSocket server, as
// https://github.com/socketio/bun-engine describes.
import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";

const io = new Server();
const engine = new Engine({ path: "/socket.io/" });
io.bind(engine);

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

export default {
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  ...engine.handler(),
};
