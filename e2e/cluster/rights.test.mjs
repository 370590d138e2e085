// Tokens on several servers: one that is taken back is out on all of them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, it } from "node:test";
import { promisify } from "node:util";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { BINARY, Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const folder = mkdtempSync(join(tmpdir(), "alert-rights-"));
const key = join(folder, "key.pem");
const env = { PATH: process.env.PATH, STATE_DIRECTORY: folder };
const alert = async (...args) => (await promisify(execFile)(BINARY, args, { env })).stdout.trim();
const nodes = [];
const API_TOKEN = "0123456789abcdef";

/** Takes tokens back over HTTP. */
async function revoke(node, body) {
  const headers = { authorization: `Bearer ${API_TOKEN}` };
  const answer = await fetch(`${node.url}/v1/revocations`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
}

const WAYS = {
  "by a command": (sub) => alert("token", "revoke", "--sub", sub),
  "over HTTP": (sub) => revoke(nodes[0], { sub }),
};

before(async () => {
  await redis.start();
  env.ALERT_REDIS = redis.url;
  await alert("token", "keygen", key);
  const flags = ["--access", "token", "--token-keys", key, "--api-token", API_TOKEN];
  for (let number = 0; number < 2; number++)
    nodes.push(await new Server(flags, { redis, sessionKey: null }).start());
});
after(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await redis.stop();
  rmSync(folder, { recursive: true });
});
afterEach(() => Client.closeAll());

const mint = (sub, room) => alert("token", "mint", sub, "--room", room, "--key", key);
const options = (token) => ({ auth: { token }, reconnection: false });

it("the same token lets in on every server, and nobody without one gets in", async () => {
  const room = fresh("room");
  const token = await mint("Ada", room);
  const [ada, bea] = await Promise.all([
    V2.connect(nodes[0], "websocket", options(token)),
    V2.connect(nodes[1], "websocket", options(await mint("Bea", room))),
  ]);
  assert.equal((await ada.join(room)).name, "Ada");
  assert.deepEqual((await bea.join(room)).members.toSorted(), ["Ada", "Bea"]);
  await ada.tell("hello");
  await bea.hears("hello");
  const nobody = await V2.connect(nodes[1]);
  assert.equal((await nobody.join(room, "Eve")).error.code, "not_allowed");
});

for (const [way, takeBack] of Object.entries(WAYS)) {
  it(`a token that is taken back ${way} is out within a second on every server`, async (t) => {
    const taken = fresh("Ada");
    const room = fresh("room");
    const tokens = { [taken]: await mint(taken, room), Bea: await mint("Bea", room) };
    const clients = [];
    for (const node of nodes) {
      for (const [name, token] of Object.entries(tokens)) {
        for (const kind of [Client, V2])
          clients.push({ name, client: await kind.connect(node, "websocket", options(token)) });
      }
    }
    for (const { client, name } of clients) {
      const answer = client instanceof V2 ? await client.join(room) : await client.ask("joined", { room });
      assert.equal(answer.ok, true, name);
    }
    await takeBack(taken);
    const begun = Date.now();
    const gone = clients.filter(({ name }) => name === taken);
    await Promise.all(gone.map(({ client }) => client.until("the end", () => client.drops.length > 0)));
    const took = Date.now() - begun;
    t.diagnostic(`the last of them was out after ${took} ms`);
    assert.ok(clients.every(({ client, name }) => client.socket.connected === (name === "Bea")));
    for (const node of nodes) {
      const again = new Client(node, "websocket", options(tokens[taken]));
      await again.until("the refusal", () => again.error);
      assert.equal(again.error.data.code, "token_revoked");
    }
    assert.match(await alert("token", "revoked"), new RegExp(`every token of ${taken}`));
  });
}
