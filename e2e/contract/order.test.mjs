// Everybody in a room sees one order, each sender's messages in the order sent, and nothing is missing.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { describe, it } from "node:test";
import tls from "node:tls";
import WebSocket from "ws";
import { Client, entered, fresh, left, said, TRANSPORTS } from "../harness/client.mjs";
import { Poller, packet, RawSocket } from "../harness/http.mjs";
import { NO_RATES, serverFor } from "../harness/server.mjs";

const server = serverFor(...NO_RATES);

const LONG = 60_000;

const numbers = (count) => Array.from({ length: count }, (_, index) => String(index));
const spoken = (name, count) => numbers(count).map((number) => `${name}: ${number}`);
const messages = (client) => client.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
const hasMessages = (client, count) =>
  client.until(
    `${count} messages`,
    () => client.heard.length >= count && messages(client).length >= count,
    LONG,
  );

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    it("5,000 messages arrive in the order sent", async () => {
      const room = fresh("room");
      const [ada, bob] = [await Client.connect(server, transport), await Client.connect(server, transport)];
      await bob.join(room, "Bob");
      await ada.join(room, "Ada");
      for (const number of numbers(5_000)) ada.say(number);
      for (const receiver of [ada, bob]) {
        await hasMessages(receiver, 5_000);
        assert.deepEqual(messages(receiver), spoken("Ada", 5_000));
      }
    });

    it("joined, text and left in the same breath as the connection all count", async () => {
      const room = fresh("room");
      const bob = await Client.connect(server);
      await bob.join(room, "Bob");
      const ada = new Client(server, transport);
      ada.send("joined", { headless: true, name: "Ada", room });
      ada.say("hello");
      ada.send("left", {});
      await bob.waitFor("status", "Ada has left the room.");
      assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), said("Ada", "hello"), left("Ada")]);
      await ada.waitFor("message", "Ada: hello");
      assert.deepEqual(ada.heard, [entered("Ada"), said("Ada", "hello")]);
    });
  });
}

describe("in one segment with CONNECT", () => {
  const body = (room) => ({ headless: true, name: "Ada", room });
  const packets = (room) => [
    "40",
    packet("joined", body(room)),
    packet("text", { msg: "hello" }),
    packet("left", {}),
    `427${JSON.stringify(["left", {}])}`,
  ];
  const answers = [
    packet("status", { msg: "Ada has entered the room." }),
    packet("message", { msg: "Ada: hello" }),
    '437[{"ok":false,"error":{"code":"not_joined","message":"send joined first."}}]',
  ];

  it("joined, text and left over websocket all count", async () => {
    const room = fresh("room");
    const bob = await Client.connect(server);
    await bob.join(room, "Bob");
    const raw = await RawSocket.open(server, { connect: false });
    raw.socket.cork();
    for (const packet of packets(room)) raw.ws.send(packet);
    raw.socket.uncork();
    await raw.until((packet) => packet.startsWith("437"));
    assert.deepEqual(raw.packets.slice(-3), answers);
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), said("Ada", "hello"), left("Ada")]);
    raw.ws.close();
  });

  it("joined, text and left in one POST all count", async () => {
    const room = fresh("room");
    const bob = await Client.connect(server);
    await bob.join(room, "Bob");
    const poller = await Poller.open(server, ...packets(room).slice(1));
    assert.deepEqual((await poller.get()).slice(-3), answers);
    assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), said("Ada", "hello"), left("Ada")]);
  });
});

it("several senders at once: all members see one order, whatever their transport", async () => {
  const [room, each] = [fresh("room"), 500];
  const transports = [...TRANSPORTS, ...TRANSPORTS];
  const members = await Promise.all(transports.map((transport) => Client.connect(server, transport)));
  for (const [index, member] of members.entries()) await member.join(room, `M${index}`);
  const senders = members.slice(0, 4);
  for (const number of numbers(each)) {
    for (const sender of senders) sender.say(number);
    if (number % 25 === 0) await new Promise(setImmediate);
  }
  for (const member of members) await hasMessages(member, senders.length * each);
  const order = messages(members[0]);
  assert.equal(order.length, senders.length * each);
  for (const member of members) assert.deepEqual(messages(member), order);
  for (const { name } of senders) {
    const own = order.filter((msg) => msg.startsWith(`${name}: `));
    assert.deepEqual(
      own,
      numbers(each).map((number) => `${name}: ${number}`),
    );
  }
  const turns = order.filter(
    (msg, index) => index > 0 && msg.split(":")[0] !== order[index - 1].split(":")[0],
  );
  assert.ok(turns.length > senders.length, "the senders did speak at the same time");
});

describe("an upgrade under load loses and reorders nothing, in either direction", () => {
  /** Lets the WebSocket connect only when the gate is opened. */
  function gate() {
    const isTls = server.url.startsWith("https");
    const agent = isTls ? new https.Agent() : new http.Agent();
    const connect = isTls ? tls.connect : net.connect;
    const opened = new Promise((resolve) => {
      agent.open = resolve;
    });
    agent.createConnection = (options, done) => void opened.then(() => done(null, connect(options)));
    return agent;
  }

  it("with the official client", async () => {
    for (let round = 0; round < 10; round += 1) {
      const room = fresh("room");
      const bob = await Client.connect(server);
      await bob.join(room, "Bob");
      const agent = gate();
      const ada = new Client(server, "upgrade", { transportOptions: { websocket: { agent } } });
      ada.send("joined", { headless: true, name: "Ada", room });
      await ada.waitFor("status", "Ada has entered the room.");
      assert.equal(ada.transport, "polling");
      agent.open();
      let count = 0;
      for (let afterwards = 0; afterwards < 20; afterwards += ada.transport === "websocket") {
        for (let burst = 0; burst < 10; burst += 1, count += 1) {
          ada.say(String(count));
          bob.say(String(count));
        }
        await new Promise(setImmediate);
      }
      for (const receiver of [ada, bob]) {
        await hasMessages(receiver, 2 * count);
        for (const name of ["Ada", "Bob"]) {
          const heard = messages(receiver).filter((msg) => msg.startsWith(name));
          assert.deepEqual(heard, spoken(name, count));
        }
      }
      assert.deepEqual(messages(ada), messages(bob), "and one order for both");
      Client.closeAll();
    }
  });

  it("step by step, with messages at each step", async () => {
    const room = fresh("room");
    const bob = await Client.connect(server);
    await bob.join(room, "Bob");
    const poller = await Poller.open(server, packet("joined", { headless: true, name: "Ada", room }));
    const received = (await poller.get()).filter((packet) => packet.startsWith("42"));
    let [sent, told] = [0, 0];
    const text = () => packet("text", { msg: String(sent++) });
    const tell = async () => {
      for (let burst = 0; burst < 50; burst += 1) bob.say(String(told++));
      await bob.seen();
    };
    const open = new WebSocket(`${poller.url.replace("http", "ws").replace("polling", "websocket")}`);
    const frames = [];
    open.on("message", (data) => frames.push(data.toString()));
    await once(open, "open");
    await poller.post(text(), text());
    await tell();
    open.send("2probe");
    await poller.post(text());
    await tell();
    while (!frames.includes("3probe")) await once(open, "message");
    await poller.post(text(), text());
    await tell();
    const last = await poller.get();
    received.push(...last);
    assert.equal(received.at(-1), "6", "the poll ends so that the client can go on");
    await tell();
    open.send("5");
    open.send(text());
    await tell();
    open.send(text());
    const end = fresh("end");
    open.send(packet("text", { msg: end }));
    while (!frames.at(-1).includes(end)) await once(open, "message");
    received.push(...frames.filter((frame) => frame.startsWith("42")));
    const heard = received.filter((packet) => packet.startsWith('42["message"'));
    const texts = heard.map((packet) => JSON.parse(packet.slice(2))[1].msg);
    assert.deepEqual(
      texts.filter((msg) => msg.startsWith("Bob") && !msg.includes("fence")),
      spoken("Bob", told),
    );
    assert.deepEqual(
      texts.filter((msg) => msg.startsWith("Ada")),
      [...spoken("Ada", sent), `Ada: ${end}`],
    );
    open.close();
  });
});

it("200 clients in a room: each hears each, in one order", async () => {
  const room = fresh("room");
  const members = [];
  for (let index = 0; index < 200; index += 1) {
    const member = await Client.connect(server, TRANSPORTS[index % 3]);
    const { count } = await member.join(room, `M${index}`);
    assert.equal(count, index + 1);
    members.push(member);
  }
  for (const member of members) member.say("here");
  for (const member of members) await hasMessages(member, 200);
  const order = messages(members[0]);
  assert.deepEqual([...order].sort(), members.map(({ name }) => `${name}: here`).sort());
  for (const [index, member] of members.entries()) {
    assert.deepEqual(messages(member), order);
    const statuses = member.heard.filter(([event]) => event === "status");
    assert.deepEqual(
      statuses,
      members.slice(index).map(({ name }) => entered(name)),
    );
  }
});
