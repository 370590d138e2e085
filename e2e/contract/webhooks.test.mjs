// What is posted to a webhook, verified as Standard Webhooks says, by nothing of ours.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, it } from "node:test";
import { fresh } from "../harness/client.mjs";
import { Server } from "../harness/server.mjs";
import { within } from "../harness/time.mjs";

const server = new Server(["--outbound-networks", "127.0.0.0/8"]);
const posts = [];
const waiting = [];
const receiver = createServer(async (request, response) => {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += part;
  response.writeHead(204).end();
  const post = { headers: request.headers, body };
  const next = waiting.shift();
  if (next) next(post);
  else posts.push(post);
});
before(async () => {
  await server.start();
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
});
after(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await server.stop();
});

const next = () =>
  within(
    10_000,
    "a post",
    posts.length > 0 ? posts.shift() : new Promise((resolve) => waiting.push(resolve)),
  );

/** As https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md has it. */
function isSigned({ headers, body }, secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const right = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
  return headers["webhook-signature"].split(" ").includes(right);
}

it("is signed with its secret, and after a change with both", async () => {
  const room = fresh("hooked");
  const ask = async (path, body, headers = {}) => {
    const response = await fetch(`${server.url}/v1/rooms${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response.json();
  };
  const { host } = await ask("", { room });
  const key = { "alert-host-key": host };
  const url = `http://127.0.0.1:${receiver.address().port}/hook`;
  const { webhook, secret } = await ask(`/${room}/webhooks`, { url }, key);
  await ask(`/${room}/messages`, { name: "Ada \u{1f600}", msg: "h\u{e9}llo" });
  const first = await next();
  assert.ok(isSigned(first, secret));
  assert.ok(!isSigned({ ...first, body: `${first.body} ` }, secret));
  const { type, timestamp, room: where, data } = JSON.parse(first.body);
  assert.deepEqual([type, where, data.msg], ["message", room, "Ada \u{1f600}: h\u{e9}llo"]);
  assert.equal(timestamp, data.at);
  assert.ok(Math.abs(Date.now() / 1000 - Number(first.headers["webhook-timestamp"])) < 60);
  assert.equal(first.headers["content-type"], "application/json");
  const { secret: other } = await ask(`/${room}/webhooks/${webhook.id}/secret`, {}, key);
  assert.notEqual(other, secret);
  await ask(`/${room}/webhooks/${webhook.id}/test`, {}, key);
  const test = await next();
  assert.equal(JSON.parse(test.body).type, "test");
  assert.ok(isSigned(test, secret) && isSigned(test, other));
});
