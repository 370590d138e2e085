// Clients that are in use for years: the oldest that speaks this protocol is socket.io-client 3.0.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { io } from "socket.io-client-3.0";
import { entered, fresh, said } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";
import { DEADLINE, within } from "../harness/time.mjs";

const server = serverFor();

describe("socket.io-client 3.0", () => {
  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    it(`talks over ${transports.join(", then ")}`, async () => {
      const room = fresh("room");
      const socket = io(server.url, { transports, forceNew: true });
      const heard = [];
      const ended = new Promise((resolve) => {
        socket.on("message", ({ msg }) => {
          heard.push(["message", msg]);
          if (msg.endsWith("99")) resolve();
        });
      });
      socket.on("status", ({ msg }) => heard.push(["status", msg]));
      const ask = (event, body) =>
        within(DEADLINE, `the ack of ${event}`, new Promise((resolve) => socket.emit(event, body, resolve)));
      const joined = { ok: true, room, members: ["Ada"], count: 1 };
      assert.deepEqual(await ask("joined", { headless: true, name: "Ada", room }), joined);
      for (let index = 0; index < 100; index += 1)
        socket.emit("text", { headless: true, msg: String(index) });
      await within(DEADLINE, "100 messages", ended);
      const texts = Array.from({ length: 100 }, (_, index) => said("Ada", String(index)));
      assert.deepEqual(heard, [entered("Ada"), ...texts]);
      assert.equal(socket.io.engine.transport.name, transports.at(-1));
      assert.equal((await ask("joined", { headless: true, name: "Ada" })).error.code, "room_required");
      assert.deepEqual(await ask("left", { headless: true, name: "Ada" }), { ok: true });
      socket.disconnect();
    });
  }
});
