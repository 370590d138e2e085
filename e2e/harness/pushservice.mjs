// A push service, and the devices that it is for: takes messages as RFC 8030 says, verifies who sends (RFC 8292), and decrypts
// them as the browser would (RFC 8291), by an implementation that has nothing of Alert's.

import assert from "node:assert/strict";
import { createECDH, createPublicKey, randomBytes, verify } from "node:crypto";
import { createServer } from "node:http";
import { after, before } from "node:test";
import ece from "http_ece";
import { eventually } from "./time.mjs";

const base64 = (bytes) => bytes.toString("base64url");

/** A push service for the tests of the calling file. */
export function pushServiceFor() {
  const service = new PushService();
  before(() => service.start());
  after(() => service.stop());
  return service;
}

class PushService {
  #server = createServer((request, response) => this.#take(request, response));
  #devices = new Map();

  async start() {
    await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** A new device. Its messages come into `taken`; `answers` are the statuses that it gives before 201; after
   * a 429 it wants to be left alone for two seconds. */
  device() {
    const keys = createECDH("prime256v1");
    keys.generateKeys();
    const path = `/${base64(randomBytes(16))}`;
    const auth = base64(randomBytes(16));
    const device = {
      endpoint: this.origin + path,
      subscription: {
        endpoint: this.origin + path,
        expirationTime: null,
        keys: { p256dh: base64(keys.getPublicKey()), auth },
      },
      keys,
      auth,
      answers: [],
      requests: 0,
      taken: [],
      /** Waits for a message with this kind and text. */
      gets: (kind, text) =>
        eventually(`${kind}: ${text}`, () =>
          device.taken.find((one) => one.kind === kind && one.text === text),
        ),
    };
    this.#devices.set(path, device);
    return device;
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const device = this.#devices.get(request.url);
    if (device === undefined) return response.writeHead(404).end();
    device.requests += 1;
    const [status, seconds = 0] = [device.answers.shift() ?? 201].flat();
    if (status === 201) device.taken.push(this.#read(device, request.headers, Buffer.concat(chunks)));
    response.writeHead(status, { "retry-after": seconds }).end();
  }

  #read(device, headers, body) {
    assert.equal(headers["content-encoding"], "aes128gcm");
    const message = ece.decrypt(body, {
      version: "aes128gcm",
      privateKey: device.keys,
      authSecret: device.auth,
    });
    const { ttl, urgency, topic, authorization } = headers;
    return {
      ...JSON.parse(message),
      headers: { ttl: Number(ttl), urgency, topic },
      by: this.#sender(authorization),
    };
  }

  /** The key of whoever sends, when it is certain that they do. */
  #sender(authorization) {
    const [, token, key] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization);
    const [head, claims, signature] = token.split(".");
    const point = Buffer.from(key, "base64url");
    const jwk = { kty: "EC", crv: "P-256", x: base64(point.subarray(1, 33)), y: base64(point.subarray(33)) };
    const isRight = verify(
      "sha256",
      Buffer.from(`${head}.${claims}`),
      { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
    assert.ok(isRight, "signed with the key that it shows");
    const { aud, exp, sub } = JSON.parse(Buffer.from(claims, "base64url"));
    assert.equal(aud, this.origin);
    assert.ok(exp > Date.now() / 1000 && exp <= Date.now() / 1000 + 86_400);
    assert.equal(sub, CONTACT);
    return key;
  }
}

/** A push service that takes requests and never answers. */
export class Hanging {
  #server = createServer(() => {
    this.requests += 1;
  });
  requests = 0;

  async start() {
    // For Alert, hosts are what differs.
    await new Promise((done) => this.#server.listen(0, "127.0.0.2", done));
    this.origin = `http://127.0.0.2:${this.#server.address().port}`;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export const CONTACT = "mailto:admin@example.org";
/** The flags of a server that sends to such a service. */
export const PUSHES = ["--web-push-contact", CONTACT, "--outbound-networks", "127.0.0.0/8"];
