// How a person leaves: at once with `left`, after the grace in every other way, and always once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, left, TRANSPORTS } from "../harness/client.mjs";
import { Poller, packet, RawSocket } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const GRACE = 300;

/** Ways in which a connection ends without `left`: each opens one, joins, and returns what ends it. */
const WAYS = {
  "packet 41 over websocket": withSocket((raw) => raw.ws.send("41")),
  "packet 1 over websocket": withSocket((raw) => raw.ws.send("1")),
  "a close frame": withSocket((raw) => raw.ws.close(1000)),
  "a close frame without a code": withSocket((raw) => raw.ws.close()),
  "a malformed packet": withSocket((raw) => raw.ws.send("42[")),
  "a socket that is destroyed": withSocket((raw) => raw.ws.terminate()),
  "a socket that ends (EOF)": withSocket((raw) => raw.socket.end()),
  "packet 41 over polling": withPoller((poller) => poller.post("41")),
  "packet 1 over polling": withPoller((poller) => poller.post("1")),
  "a poll whose client goes away": withPoller(async (poller) => {
    await poller.get();
    const gone = new AbortController();
    const poll = poller.get(gone.signal).catch(() => {});
    // The answer to this POST proves nothing about the GET, which may not be there yet: then the next GET ends too.
    await poller.post("3");
    gone.abort();
    await poll;
  }),
  "a cut connection of the official client": async (server, join) => {
    const ada = await Client.connect(server, "websocket");
    await ada.join(join.room, join.name);
    return () => ada.cut();
  },
};
for (const transport of TRANSPORTS) {
  WAYS[`the official client's disconnect over ${transport}`] = async (server, join) => {
    const ada = await Client.connect(server, transport);
    await ada.join(join.room, join.name);
    return () => ada.close();
  };
}

function withSocket(end) {
  return async (server, join) => {
    const raw = await RawSocket.open(server);
    raw.event("joined", join);
    await raw.until((packet) => packet.includes("has entered"));
    return () => end(raw);
  };
}

function withPoller(end) {
  return async (server, join) => {
    const poller = await Poller.open(server, packet("joined", join));
    return () => end(poller);
  };
}

const joinBody = (room, name) => ({ headless: true, room, name });

describe("a short grace", () => {
  const server = serverFor("--leave-grace", `${GRACE}ms`);

  for (const [what, begin] of Object.entries(WAYS)) {
    it(`${what}: one leave, after the grace`, async () => {
      const room = fresh("room");
      const bob = await Client.inRoom(server, room, "Bob");
      const end = await begin(server, joinBody(room, "Ada"));
      await bob.waitFor("status", "Ada has entered the room.");
      const endedAt = performance.now();
      await end();
      await bob.waitFor("status", "Ada has left the room.");
      assert.ok(performance.now() - endedAt > GRACE - 20, "not before the grace has ended");
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
    });
  }

  it("left, then a disconnect: one leave, at once", async () => {
    for (const transport of TRANSPORTS) {
      const room = fresh("room");
      const bob = await Client.inRoom(server, room, "Bob");
      const [ada, eve] = [await Client.connect(server, transport), await Client.connect(server, transport)];
      await eve.join(room, "Eve");
      await ada.join(room, "Ada");
      ada.send("left", { name: "Ada", headless: true });
      ada.close();
      await bob.waitFor("status", "Ada has left the room.");
      // When Eve's grace has ended, one that Ada may have had has ended too.
      eve.close();
      await bob.waitFor("status", "Eve has left the room.");
      const all = [entered("Bob"), entered("Eve"), entered("Ada"), left("Ada"), left("Eve")];
      assert.deepEqual(await bob.seen(), all, transport);
    }
  });

  it("who comes back after the grace enters again", async () => {
    const room = fresh("room");
    const bob = await Client.inRoom(server, room, "Bob");
    const ada = await Client.inRoom(server, room, "Ada");
    ada.close();
    await bob.waitFor("status", "Ada has left the room.");
    await Client.inRoom(server, room, "Ada");
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada"), entered("Ada")]);
  });
});

describe("a grace of two seconds, the default", () => {
  const server = serverFor();

  it("who comes back within it causes no status to the others, however the connection ended", async () => {
    const comeBack = async ([what, begin]) => {
      const room = fresh("room");
      const bob = await Client.inRoom(server, room, "Bob");
      const end = await begin(server, joinBody(room, "Ada"));
      await bob.waitFor("status", "Ada has entered the room.");
      const eve = await Client.inRoom(server, room, "Eve");
      await end();
      await server.logged(new RegExp(`lost room="${room}" name="Ada"`));
      const lostAt = performance.now();
      eve.close();
      const ada = await Client.connect(server);
      const ack = await ada.join(room, "Ada");
      assert.deepEqual(ack, { ok: true, room, members: ["Bob", "Ada", "Eve"], count: 3 }, what);
      // Eve's grace began after Ada's: when it ends, Ada's would have ended too.
      await bob.waitFor("status", "Eve has left the room.");
      assert.ok(
        performance.now() - lostAt > 1_980,
        `${what}: Eve's grace is over after two seconds, not before`,
      );
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), entered("Eve"), left("Eve")], what);
      assert.deepEqual(
        await ada.seen(),
        [entered("Ada"), left("Eve")],
        `${what}: the joiner hears its own entering`,
      );
    };
    await Promise.all(Object.entries(WAYS).map(comeBack));
  });

  it("the official client comes back by itself, and with its joined nobody notices", async () => {
    for (const transport of TRANSPORTS) {
      const room = fresh("room");
      const bob = await Client.inRoom(server, room, "Bob");
      const ada = await Client.connect(server, transport);
      await ada.join(room, "Ada");
      await ada.seen();
      ada.socket.io.engine.close();
      await ada.until("a new connection", () => ada.drops.length > 0 && ada.socket.connected);
      assert.deepEqual((await ada.join(room, "Ada")).count, 2);
      await ada.ask("left", {});
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")], transport);
    }
  });
});

describe("a fast heartbeat", () => {
  const server = serverFor("--leave-grace", `${GRACE}ms`, "--ping-interval", "500ms", "--ping-timeout", "1s");

  it("a WebSocket that does not answer pings: one leave", async () => {
    const room = fresh("room");
    const bob = await Client.inRoom(server, room, "Bob");
    const raw = await RawSocket.open(server);
    raw.isSilent = true;
    raw.event("joined", joinBody(room, "Ada"));
    await raw.closing();
    await bob.waitFor("status", "Ada has left the room.");
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
    await server.logged(/lost .*name="Ada".*reason=ping timeout/);
  });

  it("a long-polling client that does not come back: one leave", async () => {
    const room = fresh("room");
    const bob = await Client.inRoom(server, room, "Bob");
    await Poller.open(server, packet("joined", joinBody(room, "Ada")));
    await bob.waitFor("status", "Ada has left the room.");
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
  });
});
