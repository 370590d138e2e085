// docs/asyncapi-v2.yaml and docs/protocol-v2.md are right: the official parser finds nothing, and the server says what fits
// the schemas and the example.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import Ajv from "ajv";
import { parse } from "../harness/asyncapi.mjs";
import { fresh } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const read = (name) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
const server = serverFor("--history", "memory", "--web-push-contact", "mailto:admin@example.org");
const { wrong, json } = await parse(read("asyncapi-v2.yaml"));
const ajv = new Ajv({ strict: false, allErrors: true });
const checks = Object.fromEntries(
  Object.entries(json?.components.messages ?? {}).map(([name, { payload }]) => [name, ajv.compile(payload)]),
);

function fits(message, payload) {
  const found = JSON.stringify(payload);
  assert.ok(checks[message](payload), `${message} ${found}: ${JSON.stringify(checks[message].errors)}`);
}

it("the official parser finds nothing", () => assert.deepEqual(wrong, []));

it("the examples fit, and are carried out", async () => {
  const ada = await V2.connect(server);
  const bell = await V2.connect(server);
  bell.room = "K7Q-FM2-XD9";
  await bell.join(bell.room, "Bell");
  await bell.tell("before");
  const answers = { join: "joined", send: "said", history: "page", members: "people", leave: "done" };
  for (const [name, answer] of Object.entries(answers))
    for (const { payload } of json.components.messages[name].examples) {
      fits(name, payload);
      if (payload.listen) continue;
      fits(answer, await ada.ask(name, payload));
    }
  fits("joined", await ada.ask("join", { room: bell.room, listen: true, since: "ffffffffffff0-1" }));
  const { room, host, ...made } = await ada.ask("make", json.components.messages.make.examples[0].payload);
  fits("made", { ...made, room, host });
  await ada.ask("join", { room, name: "Ms Ortega", host });
  const hosts = await V2.connect(server);
  fits("joined", await hosts.ask("join", { room, name: "Bea" }));
  const { payload: action } = json.components.messages.moderate.examples[0];
  fits("moderate", action);
  fits("moderated", await ada.ask("moderate", { ...action, room }));
  const { payload: up } = json.components.messages.hand.examples[0];
  fits("hand", up);
  fits("done", await hosts.ask("hand", { ...up, room }));
  const { payload: raise } = json.components.messages.raise.examples[0];
  fits("raise", raise);
  const raised = await ada.ask("alert", { ...raise, room });
  fits("alerted", raised);
  fits("joined", await hosts.ask("join", { room, name: "Bea" }));
  for (const does of [
    { action: "list", host },
    { action: "prepare", prepared: { name: "Ice", text: "Ice in {place}" } },
    { action: "prepared" },
    { action: "roster", names: ["Ada", "Bea"] },
    { action: "roster" },
    { action: "update", level: "info" },
    { action: "update", countdown_to: "5m" },
    { action: "update", paused: true },
    { action: "end", mistake: true },
  ])
    fits("alerted", await ada.ask("alert", { room, id: raised.alert.id, ...does }));
  fits("refused", await hosts.ask("alert", { ...raise, room }));
  fits("refused", await ada.ask("alert", { room, action: "roster", names: [""] }));
  for (const { payload } of json.components.messages.bell.examples) {
    fits("bell", payload);
    fits("belled", await ada.ask("bell", { ...payload, room }));
  }
  fits("refused", await hosts.ask("bell", { room, action: "remove", id: "lesson-1" }));
  const [add, list] = json.components.messages.webhook.examples;
  for (const { payload } of [add, list]) fits("webhook", payload);
  fits("hooked", await ada.ask("webhook", { ...add.payload, room }));
  // One whose test needs no other machine.
  const hook = await ada.ask("webhook", { room, action: "add", webhook: { url: "https://localhost:1/" } });
  fits("hooked", hook);
  fits("hooked", await ada.ask("webhook", { ...list.payload, room }));
  for (const action of ["new_secret", "test", "remove"]) {
    const does = { room, action, id: hook.webhook.id };
    fits("webhook", does);
    fits("hooked", await ada.ask("webhook", does));
  }
  fits("refused", await ada.ask("webhook", { room, action: "remove", id: hook.webhook.id }));
  for (const { payload } of json.components.messages.push.examples) {
    fits("push", payload);
    fits("pushed", await hosts.ask("push", { ...payload, room }));
  }
  const [{ payload: question }] = json.components.messages.ask_time.examples;
  fits("told_time", await hosts.ask("time", question));
  const asking = await ada.ask("alert", { room, action: "raise", text: "Out", answers: ["safe"] });
  const called = { room, id: asking.alert.id };
  fits("alerted", await ada.ask("alert", { ...called, action: "roll_call" }));
  fits("done", await hosts.ask("alert", { ...called, action: "shown" }));
  for (const client of [hosts, ada])
    fits("alerted", await client.ask("alert", { ...called, action: "confirm", answer: "safe" }));
  for (const news of ["confirmed", "roll_call"])
    await ada.until(`the event ${news}`, () => ada.events.some(([event]) => event === news));
  const { id } = await ada.ask("send", { room, msg: "x" });
  for (const does of [
    { action: "remove", id },
    { action: "mute", name: "Cy", for: "10m" },
    { action: "ban", address: "192.0.2.7" },
    { action: "new_key" },
  ])
    fits("moderated", await ada.ask("moderate", { room, host, ...does }));
  for (const does of [{ action: "audit" }, { action: "kick", name: "Bea" }])
    fits("refused", await hosts.ask("moderate", { room, ...does }));
  fits("refused", await ada.ask("members", { room: fresh("room") }));
  ada.send("members", {});
  await bell.seen();
  await ada.until("an error", () => ada.events.some(([event]) => event === "error"));
  const kinds = new Set();
  for (const [event, payload] of ada.events) {
    fits(event, payload);
    kinds.add(event);
  }
  assert.deepEqual([...kinds].sort(), [
    "alert",
    "confirmed",
    "entered",
    "error",
    "message",
    "policy",
    "removed",
    "roll_call",
  ]);
});

it("the codes of the document are those of the page", () => {
  const { code } = json.components.schemas.Error.properties;
  const page = read("protocol-v2.md").split("## Errors").at(-1);
  const inTable = [...page.matchAll(/^\| `([a-z_]+)` \| `[^|]*` \|/gm)].map(([, name]) => name);
  for (const name of inTable) assert.ok(code.enum.includes(name), name);
  for (const name of code.enum)
    assert.ok(page.includes(`\`${name}\``) || read("protocol-v1.md").includes(`\`${name}\``), name);
});

describe("the example of docs/protocol-v2.md", () => {
  const [, example] = read("protocol-v2.md").match(/one object too\.\n\n((?: {4}.*\n)+)/);
  const steps = example
    .split(/^ {4}(?=->|<-)/m)
    .filter(Boolean)
    .map((step) => step.match(/^(->|<-) (\w+)\s+(.*)$/s).slice(1));

  it("is what the server says, but for ids, positions and times", async () => {
    assert.ok(steps.length >= 6);
    const isFresh = (key) => ["id", "position", "at", "stored"].includes(key);
    const bare = (body) => Object.entries(body).map(([key, value]) => [key, isFresh(key) ? "" : value]);
    const ada = await V2.connect(server);
    await ada.ask("leave", { room: "K7Q-FM2-XD9" });
    const acks = [];
    const heard = [];
    for (const [direction, event, text] of steps) {
      const body = JSON.parse(text);
      if (direction === "->") {
        // A room of its own, which the page has for every reader.
        ada.room ??= fresh("room");
        const { room } = ada;
        acks.push(ada.ask(event, { ...body, room }));
        continue;
      }
      const expected = bare({ ...body, ...(body.room && { room: ada.room }) });
      if (event === "ack") {
        assert.deepEqual(bare(await acks.at(-1)), expected);
        continue;
      }
      heard.push(event);
      await ada.until(`${event}`, () => ada.events.length >= heard.length);
      assert.deepEqual([ada.events.at(-1)[0], bare(ada.events.at(-1)[1])], [event, expected]);
    }
  });
});
