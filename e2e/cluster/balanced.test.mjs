// Three servers behind a proxy that sends each request to the next one: no cookie, no address says where a client goes.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, fresh, TRANSPORTS } from "../harness/client.mjs";
import { hasKept, Keeper } from "../harness/keeper.mjs";
import { haproxy, nginx } from "../harness/proxies.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const ORIGIN = "https://school.example.org";
const FLAGS = ["--ping-interval", "1s", "--allow-origin", ORIGIN];

const redis = new Redis();
const nodes = [];
const start = () => new Server(FLAGS, { redis, sessionKey: null }).start();
before(async () => {
  await redis.start();
  for (let count = 0; count < 3; count++) nodes.push(await start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

const PROXIES = {
  nginx: () =>
    nginx(`
    map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
    upstream alert {
      ${nodes.map(({ host }) => `server ${host};`).join(" ")}
      keepalive 8;
    }
    server {
      listen 127.0.0.1:PORT;
      location / {
        proxy_pass http://alert;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_buffering off;
      }
    }`),
  HAProxy: () => haproxy(nodes),
};

for (const [name, begin] of Object.entries(PROXIES)) {
  describe(`behind ${name}`, () => {
    let proxy;
    before(async () => {
      proxy = await begin();
    });
    after(() => proxy.stop());

    it("every message comes once and in order, whatever carries it", async () => {
      const room = fresh("room");
      const clients = await Promise.all(
        TRANSPORTS.flatMap((transport) =>
          [0, 1, 2].map((place) => Client.inRoom(proxy, room, `${transport}-${place}`, transport)),
        ),
      );
      for (let number = 0; number < 20; number++) {
        for (const client of clients) client.say(`${number}`);
        await sleep(5);
      }
      const messages = (client) =>
        client.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
      const all = 20 * clients.length;
      for (const client of clients) await client.until("all messages", () => messages(client).length >= all);
      const order = messages(clients[0]);
      assert.equal(new Set(order).size, all);
      for (const client of clients) {
        assert.deepEqual(messages(client), order);
        assert.deepEqual(
          order.filter((msg) => msg.startsWith(`${client.name}: `)),
          Array.from({ length: 20 }, (_, number) => `${client.name}: ${number}`),
        );
        assert.deepEqual(client.drops, [], `${client.name} ${client.dropped}`);
      }
    });

    it("a client that is quiet stays, on long-polling too", async () => {
      const clients = await Promise.all(
        TRANSPORTS.map((transport) => Client.inRoom(proxy, fresh("room"), "Ada", transport)),
      );
      const quiet = clients.map(async (client) => {
        let pings = 0;
        client.socket.io.on("ping", () => {
          pings += 1;
        });
        await eventually("three heartbeats", () => pings >= 3);
        assert.deepEqual(client.drops, []);
      });
      await Promise.all(quiet);
    });

    it("a page of another site sees the headers that it needs, from whichever server", async () => {
      const url = `${proxy.url}/socket.io/?EIO=4&transport=polling`;
      const headers = { origin: ORIGIN, "accept-encoding": "gzip" };
      const opened = await fetch(url, { headers });
      const { sid } = JSON.parse((await opened.text()).slice(1));
      const answers = [opened];
      for (let count = 0; count < 4; count++)
        answers.push(await fetch(`${url}&sid=${sid}`, { method: "POST", body: count ? "3" : "40", headers }));
      answers.push(await fetch(`${url}&sid=${sid}`, { headers }));
      for (const answer of answers) {
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("access-control-allow-origin"), ORIGIN);
        assert.equal(answer.headers.get("access-control-allow-credentials"), "true");
        assert.equal(answer.headers.get("vary"), "Origin");
        assert.equal(answer.headers.get("cache-control"), "no-store");
        assert.equal(answer.headers.get("content-encoding"), null);
      }
      const refused = await fetch(`${url}&sid=${sid}`, { headers: { origin: "https://evil.example.org" } });
      assert.equal(refused.status, 403);
    });

    it("the HTTP API and its streams need no session", async () => {
      const room = fresh("room");
      const stream = await fetch(`${proxy.url}/v1/rooms/${room}/events`);
      const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let number = 0; number < 6; number++)
        await fetch(`${proxy.url}/v1/rooms/${room}/messages`, { method: "POST", body: `${number}` });
      let text = "";
      while (!text.includes("http: 5")) text += (await reader.read()).value;
      const said = [...text.matchAll(/"msg":"http: (\d)"/g)].map(([, number]) => Number(number));
      assert.deepEqual(said, [0, 1, 2, 3, 4, 5]);
      await reader.cancel();
    });

    it("a server that dies under load takes nothing with it that was acknowledged", async () => {
      const room = fresh("room");
      const keepers = TRANSPORTS.flatMap((transport) =>
        [0, 1].map((place) => new Keeper(proxy, transport, room, `Keeper ${transport} ${place}`)),
      );
      for (const keeper of keepers) await eventually("everybody to have joined", () => keeper.joins > 0);
      const acked = new Map();
      let goes = true;
      const speak = async (transport) => {
        const speaker = new V2(proxy, transport);
        speaker.socket.on("connect", () => speaker.join(room, `Speaker ${transport}`).catch(() => {}));
        for (let number = 0; goes; number++) {
          const [key, msg] = [randomUUID(), `${transport} ${number}`];
          for (let sent; !sent?.ok; ) {
            sent = await speaker.socket
              .timeout(2000)
              .emitWithAck("send", { room, msg, key })
              .catch(() => {});
            if (sent?.ok) acked.set(sent.position, msg);
            else await sleep(20);
          }
          await sleep(5);
        }
      };
      const speakers = TRANSPORTS.map(speak);
      await eventually("some messages", () => acked.size > 100);
      await nodes[1].kill();
      const before = acked.size;
      await eventually("some more messages", () => acked.size > before + 200);
      nodes[1] = await nodes[1].restarted();
      goes = false;
      await Promise.all(speakers);
      const fence = await V2.inRoom(nodes[0], room, "Fence");
      const { position: last } = await fence.tell("the end");
      for (const keeper of keepers) await hasKept(keeper, last);
      const [first, ...others] = keepers.map(({ messages }) =>
        messages.map(({ position, msg }) => `${position} ${msg}`),
      );
      for (const other of others) assert.deepEqual(other, first, "the same everywhere");
      const texts = keepers[0].messages.map(({ msg }) => msg);
      assert.equal(new Set(texts).size, texts.length, "each once");
      for (const [position, msg] of acked)
        assert.ok(first.includes(`${position} ${msg}`), `${msg} was acknowledged`);
      for (const keeper of keepers) assert.deepEqual(keeper.gaps, []);
    });
  });
}

describe("a client whose server has died", () => {
  it("recovers on another one, by whatever it is carried", async (t) => {
    const proxy = await haproxy(nodes);
    t.after(proxy.stop);
    const room = fresh("room");
    const speaker = await Client.inRoom(nodes[0], room, "Speaker");
    const clients = [];
    // One of each three is on the server that dies.
    for (const transport of TRANSPORTS)
      for (let place = 0; place < 3; place++) {
        // With WebSocket alone, a client has to ask for it.
        const client = await Client.connect(proxy, transport, { query: { recovery: "1" } });
        await client.join(room, `${transport}-${place}`);
        clients.push(client);
      }
    for (const client of clients) {
      client.recoveries = [];
      client.socket.on("connect", () => client.recoveries.push(client.socket.recovered));
    }
    speaker.say("before");
    for (const client of clients) await client.waitFor("message", "Speaker: before");
    await nodes[2].kill();
    for (let number = 0; number < 20; number++) {
      speaker.say(`${number}`);
      await sleep(10);
    }
    speaker.say("after");
    for (const client of clients) await client.waitFor("message", "Speaker: after");
    for (const client of clients) {
      const said = client.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
      const numbers = Array.from({ length: 20 }, (_, number) => `Speaker: ${number}`);
      assert.deepEqual(said, ["Speaker: before", ...numbers, "Speaker: after"]);
      assert.ok(
        client.recoveries.every((recovered) => recovered),
        JSON.stringify(client.recoveries),
      );
    }
    const lost = clients.filter(({ drops }) => drops.length > 0);
    assert.ok(lost.length > 0 && lost.length < clients.length, `${lost.length} were lost`);
    nodes[2] = await nodes[2].restarted();
  });
});
