// Messages are gone that members have not heard, or that Redis has lost: everybody who is connected is told, whatever they
// speak, and so is whoever comes back later.

import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const redis = new Redis();
const nodes = [];
before(async () => {
  await redis.start();
  for (let count = 0; count < 2; count++)
    nodes.push(await new Server(["--history-messages", "20"], { redis, sessionKey: null }).start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

/** What a listener over HTTP hears. */
class Stream {
  text = "";
  #end = new AbortController();

  static async of(node, room, accept) {
    const stream = new Stream();
    const { signal } = stream.#end;
    const path = `${node.url}/v1/rooms/${room}/events`;
    const { body } = await fetch(path, { headers: { accept }, signal });
    stream.#read(body).catch(() => {}); // it is aborted
    return stream;
  }

  async #read(body) {
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) this.text += chunk;
  }

  end() {
    this.#end.abort();
  }
}

/** Everybody who hears a room on a server: v1, v1 with recovery, v2 and the streams. */
async function hearers(node, room) {
  const v1 = await Client.inRoom(node, room, "Ada");
  const recovering = await Client.connect(node, "websocket", { auth: { recovery: true } });
  await recovering.join(room, "Board");
  const v2 = await V2.inRoom(node, room, "Bob");
  const streams = [];
  for (const accept of ["text/event-stream", "application/x-ndjson"])
    streams.push(await Stream.of(node, room, accept));
  return { v1, recovering, v2, streams };
}

/** Everybody has been told, once. */
async function areTold({ v1, recovering, v2, streams }, missed) {
  const [said, here] = missed
    ? [`${missed} messages were missed.`, `${missed} messages are missing here.`]
    : ["Messages may have been missed.", "Messages may be missing here."];
  for (const client of [v1, recovering]) {
    await client.waitFor("message", "Speaker: after");
    const told = client.heard.filter(([event, msg]) => event === "status" && msg.includes("missed"));
    assert.deepEqual(told, [["status", said]]);
  }
  await v2.hears("after");
  const gaps = v2.events.filter(([event]) => event === "gap").map(([, body]) => body);
  assert.deepEqual(
    gaps.map(({ room, missed: count }) => [room, count]),
    [[v2.room, missed ?? null]],
  );
  for (const stream of streams) {
    await eventually("the stream to have it", () => stream.text.includes("Speaker: after"));
    assert.equal(stream.text.split(here).length, 2, stream.text);
    stream.end();
  }
}

it("a Redis that lost its last messages: whoever is connected is told, and whoever comes back", async () => {
  const room = fresh("room");
  const all = [await hearers(nodes[0], room), await hearers(nodes[1], room)];
  const speaker = await V2.inRoom(nodes[0], room, "Speaker");
  const [kept, backup] = [join(redis.folder, "appendonlydir"), join(redis.folder, "backup")];
  const { position: before } = await speaker.tell("before");
  cpSync(kept, backup, { recursive: true });
  const lost = [];
  for (const msg of ["one", "two"]) lost.push((await speaker.tell(msg)).position);
  for (const { v1 } of all) await v1.waitFor("message", "Speaker: two");
  await redis.kill();
  rmSync(kept, { recursive: true });
  cpSync(backup, kept, { recursive: true });
  await redis.start();
  const again = await speaker.tell("after");
  assert.ok(again.ok && !lost.includes(again.position), "no place is given twice");
  for (const those of all) await areTold(those);
  const later = await V2.connect(nodes[1]);
  const joined = await later.join(room, "Later", { since: before });
  assert.deepEqual([joined.gap, joined.history.map(({ msg }) => msg)], [{ missed: 2 }, ["after"]]);
  const had = await later.ask("history", { room, after: lost[1] });
  assert.deepEqual([had.gap, had.messages.map(({ msg }) => msg)], [{ missed: null }, ["after"]]);
});

it("a Redis that has lost a whole epoch: what it had before that is not told again", async () => {
  const room = fresh("room");
  const all = [await hearers(nodes[0], room), await hearers(nodes[1], room)];
  const speaker = await V2.inRoom(nodes[0], room, "Speaker");
  const [kept, backup] = [join(redis.folder, "appendonlydir"), join(redis.folder, "older")];
  const before = Array.from({ length: 12 }, (_, number) => `before ${number}`);
  for (const msg of before) await speaker.tell(msg);
  cpSync(kept, backup, { recursive: true });
  await redis.kill();
  await redis.start();
  const { position } = await speaker.tell("in the epoch that is lost");
  for (const { v1 } of all) await v1.waitFor("message", "Speaker: in the epoch that is lost");
  await redis.kill();
  rmSync(kept, { recursive: true });
  cpSync(backup, kept, { recursive: true });
  await redis.start();
  const again = await speaker.tell("after");
  assert.ok(again.ok && again.position.split("-")[0] !== position.split("-")[0]);
  const texts = [...before, "in the epoch that is lost", "after"];
  for (const those of all) {
    const heard = those.v2;
    await areTold(those);
    assert.deepEqual(heard.texts, texts);
    for (const client of [those.v1, those.recovering]) {
      const messages = client.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
      assert.deepEqual(
        messages,
        texts.map((text) => `Speaker: ${text}`),
      );
    }
  }
});

it("a Redis that was emptied: whoever is connected is told, is still there, and goes on", async () => {
  const room = fresh("room");
  const all = [await hearers(nodes[0], room), await hearers(nodes[1], room)];
  const speaker = await V2.inRoom(nodes[0], room, "Speaker");
  await speaker.tell("before");
  for (const { v1 } of all) await v1.waitFor("message", "Speaker: before");
  await redis.cli("flushall");
  // Without another event: each server looks.
  for (const { v1 } of all) await v1.waitFor("status", "Messages may have been missed.");
  await speaker.tell("after");
  for (const those of all) await areTold(those);
  const names = ["Ada", "Board", "Bob", "Speaker"];
  for (const node of nodes) {
    const { members } = await fetch(`${node.url}/v1/rooms/${room}`).then((answer) => answer.json());
    assert.deepEqual(members.sort(), names);
  }
});

it("a server that was cut off until more was said than is kept: its members are told how many are gone", async () => {
  const room = fresh("room");
  const sleeper = await hearers(nodes[1], room);
  const speaker = await V2.inRoom(nodes[0], room, "Speaker");
  await speaker.tell("before");
  await sleeper.v1.waitFor("message", "Speaker: before");
  nodes[1].signal("SIGSTOP");
  await redis.cli("client", "kill", "type", "pubsub");
  for (let number = 0; number < 30; number++) await speaker.tell(`${number}`);
  nodes[1].signal("SIGCONT");
  await sleeper.v1.waitFor("message", "Speaker: 29");
  await speaker.tell("after");
  await areTold(sleeper, 10);
  const heard = sleeper.v1.heard.filter(([event]) => event === "message").map(([, msg]) => msg);
  assert.deepEqual(heard.slice(0, 2), ["Speaker: before", "Speaker: 10"]);
});
