// docs/asyncapi.yaml: reads it with the official parser, checks its examples, and plays its conversations.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import { Client, fresh } from "./client.mjs";
import { login } from "./http.mjs";

const FILE = new URL("../../docs/asyncapi.yaml", import.meta.url);
/** More tools read 3.0 than 3.1, and nothing that 3.1 added is used. */
const ACCEPTED = ["asyncapi-latest-version"];

/** The text of the document. */
export const source = () => readFileSync(FILE, "utf8");

/** What the official parser has to say against a document, and the document with its references resolved. */
export async function parse(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const wrong = diagnostics
    .filter(({ code }) => !ACCEPTED.includes(code))
    .map(({ path, message }) => `${path.join(".")}: ${message}`);
  return { wrong, json: document?.json() };
}

/** The parsed document as a test uses it. It throws where something does not fit. */
export class Document {
  #messages;
  #checks = new Map();
  #played = new Set();

  constructor(json) {
    this.#messages = json.components.messages;
    this.conversations = json["x-conversations"];
    const ajv = new Ajv({ strict: false, allErrors: true });
    for (const [name, { payload }] of Object.entries(this.#messages))
      this.#checks.set(name, ajv.compile(payload));
  }

  /** All examples as `MESSAGE/EXAMPLE`. */
  examples() {
    return Object.entries(this.#messages).flatMap(([message, { examples }]) =>
      examples.map(({ name }) => `${message}/${name}`),
    );
  }

  /** Those that no conversation has used so far. */
  unplayed() {
    return this.examples().filter((name) => !this.#played.has(name));
  }

  /** A payload fits the schema of its message. */
  check(message, payload) {
    const check = this.#checks.get(message);
    assert.ok(check, `there is a message ${message}`);
    assert.ok(check(payload), `${message} ${JSON.stringify(payload)}: ${JSON.stringify(check.errors)}`);
  }

  /** The event and the payload of an example that is called `MESSAGE/EXAMPLE`. */
  example(reference) {
    const [message, name] = reference.split("/");
    const found = this.#messages[message]?.examples.find((example) => example.name === name);
    assert.ok(found, `there is an example ${reference}`);
    this.#played.add(reference);
    return { message, event: this.#messages[message].name, payload: found.payload };
  }

  /** Plays a conversation: what is acknowledged and what is heard is what the document says. */
  async play(server, steps) {
    const clients = new Map();
    const client = async (name, options) => {
      if (!clients.has(name))
        clients.set(name, { told: [], on: await Client.connect(server, "websocket", options) });
      return clients.get(name);
    };
    const deputy = new Deputy(server);
    for (const step of steps.filter(({ client }) => client))
      await client(step.client, await this.#options(server, step));
    try {
      for (const step of steps.filter((step) => !step.login)) await this.#step(clients, deputy, step);
    } finally {
      for (const [name, { on }] of clients) await part(on, name);
    }
    for (const [name, { on, told }] of clients) {
      assert.deepEqual(on.heard.slice(0, told.length), told, `what ${name} heard in all`);
      const beyond = on.heard.slice(told.length).filter(([, msg]) => !PARTING.test(msg));
      assert.deepEqual(beyond, [], `what ${name} heard beyond`);
    }
  }

  async #step(clients, deputy, step) {
    const at = `step ${JSON.stringify(step)}`;
    const { event, body } = step.client ? this.#sent(step) : {};
    const { on } = clients.get(step.client) ?? {};
    if (on === undefined) {
      await deputy.does(step);
    } else if (step.ack) {
      const { message, payload } = this.example(step.ack);
      const answer = await on.ask(event, ...body);
      this.check(message, answer);
      assert.deepEqual(answer, payload, at);
    } else {
      on.send(event, ...body);
    }
    for (const [name, { on, told }] of clients) {
      told.push(...(step.hear?.[name] ?? []).map((reference) => this.#heard(reference)));
      await on.until(`${name} hears, ${at}`, () => on.heard.length >= told.length);
      assert.deepEqual(on.heard, told, `what ${name} heard, ${at}`);
    }
  }

  async #options(server, { login: identity }) {
    if (!identity) return {};
    return { extraHeaders: { cookie: await login(server, identity.name, identity.room) } };
  }

  #sent({ send, event, body, fill = {} }) {
    if (send) {
      const { message, event, payload } = this.example(send);
      this.check(message, payload);
      return { event, body: [payload] };
    }
    if (body === undefined) return { event, body: [] };
    const filled = Object.entries(fill).map(([key, length]) => [key, "x".repeat(length)]);
    return { event, body: [Array.isArray(body) ? body : { ...body, ...Object.fromEntries(filled) }] };
  }

  #heard(reference) {
    const { message, event, payload } = this.example(reference);
    this.check(message, payload);
    return [event, payload.msg];
  }
}

/** A host of a room who raises an alert there and ends it. */
class Deputy {
  #room;
  #key;
  #id;

  constructor(server) {
    this.server = server;
  }

  async does({ host, raise, end }) {
    if (host) {
      this.#room = host;
      ({ host: this.#key } = await this.#ask("POST", "", { room: host }));
    } else if (raise) {
      const { alert } = await this.#ask("POST", `/${this.#room}/alerts`, raise);
      this.#id = alert.id;
    } else {
      await this.#ask("DELETE", `/${this.#room}/alerts/${this.#id}`, end);
    }
  }

  async #ask(method, path, body) {
    const headers = { "content-type": "application/json", "alert-name": "Bell" };
    if (this.#key) headers["alert-host-key"] = this.#key;
    const answer = await fetch(`${this.server.url}/v1/rooms${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
  }
}

const PARTING = / has (left|entered) the room\.$/;

/** Leaves its room, if it is in one. After that, what the client heard is complete. */
async function part(client, name) {
  await client.join(fresh("parting"), `${name} at the end`);
  await client.ask("left", {});
}
