// What every Socket.IO client relies on below the contract: versions, sizes, close codes, namespaces.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { io } from "socket.io-client";
import { Client, entered, fresh, said } from "../harness/client.mjs";
import { engineUrl, Poller, packet, RawSocket, refusedHandshake, request } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";
import { DEADLINE, within } from "../harness/time.mjs";

const server = serverFor();
const MAX_PAYLOAD = 1_000_000;

it("an Engine.IO 3 client gets Engine.IO's own error", async () => {
  const expected = [400, { code: 5, message: "Unsupported protocol version" }];
  const polling = await request(engineUrl(server, { EIO: "3" }));
  assert.deepEqual([polling.status, JSON.parse(polling.body)], expected);
  const socket = await refusedHandshake(engineUrl(server, { EIO: "3", transport: "websocket" }), {});
  assert.deepEqual([socket.status, JSON.parse(socket.body)], expected);
});

it("the handshake says what the server is", async () => {
  const text = await (await fetch(engineUrl(server))).text();
  assert.equal(text[0], "0");
  const { sid, ...rest } = JSON.parse(text.slice(1));
  assert.ok(sid.length >= 20, "not to be guessed");
  const figures = { pingInterval: 25_000, pingTimeout: 20_000, maxPayload: MAX_PAYLOAD };
  assert.deepEqual(rest, { upgrades: ["websocket"], ...figures });
});

it("another namespace is refused with CONNECT_ERROR, and / works beside it", async () => {
  const socket = io(`${server.url}/custom`, {
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
  });
  const error = new Promise((resolve) => socket.on("connect_error", resolve));
  assert.equal((await within(DEADLINE, "an error", error)).message, "Invalid namespace");
  socket.disconnect();
});

describe("the payload limit", () => {
  it("over polling: 413", async () => {
    const poller = await Poller.open(server);
    const response = await fetch(poller.url, { method: "POST", body: `4${"x".repeat(MAX_PAYLOAD)}` });
    assert.equal(response.status, 413);
  });

  it("over websocket: close code 1009", async () => {
    const raw = await RawSocket.open(server);
    raw.ws.send(`42["text",{"msg":"${"x".repeat(MAX_PAYLOAD)}"}]`);
    assert.equal((await raw.closing()).code, 1009);
  });

  it("a payload of exactly the limit is an error in content, which closes nothing", async () => {
    const around = packet("text", { msg: "" }).length;
    const largest = packet("text", { msg: "x".repeat(MAX_PAYLOAD - around) });
    const raw = await RawSocket.open(server);
    raw.ws.send(largest);
    const answer = "Error: msg is longer than 16384 bytes.";
    await raw.until((packet) => packet.includes(answer));
    raw.ws.close();
    const poller = await Poller.open(server);
    await poller.get();
    await poller.post(largest);
    assert.deepEqual(await poller.get(), [packet("status", { msg: answer })]);
  });
});

it("text that is not UTF-8: close code 1007", async () => {
  const raw = await RawSocket.open(server);
  raw.ws.send(Buffer.from([0x34, 0x32, 0xff, 0xfe]), { binary: false });
  assert.equal((await raw.closing()).code, 1007);
});

it("text that is not UTF-8 in a POST closes the session", async () => {
  const poller = await Poller.open(server);
  const response = await fetch(poller.url, { method: "POST", body: Buffer.from([0x34, 0x32, 0xff, 0xfe]) });
  assert.equal(response.status, 400);
  assert.equal((await fetch(poller.url)).status, 400);
});

for (const malformed of [
  "42[",
  "42[]",
  '42{"a":1}',
  "42[7]",
  '42["connect"]',
  "4",
  "9",
  "x",
  "4x",
  '43["x"]',
  "451-",
]) {
  it(`the malformed packet ${malformed} closes the connection, and nobody else hears of it`, async () => {
    const room = fresh("room");
    const bob = await Client.connect(server);
    await bob.join(room, "Bob");
    const raw = await RawSocket.open(server);
    raw.event("joined", { headless: true, name: "Ada", room });
    raw.ws.send(malformed);
    raw.event("text", { msg: "too late" });
    assert.equal((await raw.closing()).code, 1002);

    const poller = await Poller.open(server, packet("joined", { headless: true, name: "Eve", room }));
    const response = await fetch(poller.url, { method: "POST", body: malformed });
    assert.equal(response.status, 400);
    await bob.waitFor("status", "Eve has entered the room.");
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), entered("Eve")]);
  });
}

it("no permessage-deflate is agreed on", async () => {
  const raw = await RawSocket.open(server);
  assert.equal(raw.ws.extensions, "");
  raw.ws.close();
});

for (const auth of [{ token: "x", deep: { a: [1] } }, "token", [1], 7, 0.5, -1, true, false, ""]) {
  it(`a client that connects with auth data, as some do, is served: ${JSON.stringify(auth)}`, async () => {
    const ada = await Client.connect(server, "polling", { auth });
    await ada.join(fresh("room"), "Ada");
    await ada.ask("text", { msg: "hello" });
    assert.deepEqual(await ada.seen(), [entered("Ada"), said("Ada", "hello")]);
  });
}

it("attachments that come as base64 are answered as binary ones are", async () => {
  const ada = await Client.connect(server, "websocket", { forceBase64: true });
  await ada.join(fresh("room"), "Ada");
  const { error } = await ada.ask("text", Buffer.from([1, 2, 3]));
  assert.equal(error.code, "invalid_body");
  await ada.ask("text", { msg: "hello" });
  assert.deepEqual(await ada.seen(), [entered("Ada"), said("Ada", "hello")]);
});

it("a client that offers a subprotocol is told that it is spoken", async () => {
  const ada = await Client.connect(server, "websocket", { protocols: ["chat.v1", "other"] });
  assert.equal(ada.socket.io.engine.transport.ws.protocol, "chat.v1");
});

it("binary data that nobody reads does not disturb what follows", async () => {
  const ada = await Client.connect(server, "upgrade");
  await ada.join(fresh("room"), "Ada");
  for (let round = 0; round < 20; round += 1) {
    ada.send("text", { msg: Buffer.alloc(1000), more: [Buffer.alloc(0), Buffer.alloc(1)] });
    ada.say(String(round));
  }
  await ada.waitFor("message", "Ada: 19");
  const heard = (await ada.seen()).filter(([event]) => event === "message");
  assert.deepEqual(
    heard,
    Array.from({ length: 20 }, (_, round) => said("Ada", String(round))),
  );
});
