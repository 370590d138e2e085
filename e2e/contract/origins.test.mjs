// Which web pages may connect, and what the others are told, on every transport.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, fresh, TRANSPORTS } from "../harness/client.mjs";
import { engineUrl, login, Poller, refusedHandshake, request } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const LISTED = "http://listed.example";
const FOREIGN = "https://foreign.example";

/** Refusals by transport: each request that a foreign page can make. */
const REQUESTS = {
  "a polling handshake": (server, headers) => request(engineUrl(server), { headers }),
  "a poll": async (server, headers) => request((await Poller.open(server)).url, { headers }),
  "a POST": async (server, headers) =>
    request((await Poller.open(server)).url, { method: "POST", headers, body: "3" }),
  "a preflight": (server, headers) =>
    request(engineUrl(server), {
      method: "OPTIONS",
      headers: { ...headers, "access-control-request-method": "POST" },
    }),
  "a WebSocket handshake": (server, headers) =>
    refusedHandshake(engineUrl(server, { transport: "websocket" }), headers),
  "an upgrade": async (server, headers) => {
    const { sid } = await Poller.open(server);
    return refusedHandshake(engineUrl(server, { transport: "websocket", sid }), headers);
  },
};

describe("without --allow-origin", () => {
  const server = serverFor();

  for (const [what, send] of Object.entries(REQUESTS)) {
    for (const origin of [FOREIGN, "null", "http://127.0.0.1:1", "rubbish"]) {
      it(`${what} from ${origin} gets 403, and the body and the log name the flag`, async () => {
        const before = server.log.length;
        const response = await send(server, { origin });
        assert.equal(response.status, 403);
        const { code, message } = JSON.parse(response.body);
        assert.equal(code, 4);
        assert.match(message, /--allow-origin/);
        assert.ok(message.includes(origin), message);
        assert.equal(response.headers["access-control-allow-credentials"], undefined);
        await server.logged(new RegExp(`--allow-origin.*origin="${origin}"`), before);
      });
    }
  }

  for (const transport of TRANSPORTS) {
    it(`the official client over ${transport} from a foreign page cannot connect`, async () => {
      const ada = new Client(server, transport, { extraHeaders: { origin: FOREIGN }, reconnection: false });
      await ada.until("an error", () => ada.error);
      assert.equal(ada.socket.connected, false);
    });

    it(`the official client over ${transport} from our own page connects`, async () => {
      const ada = await Client.connect(server, transport, { extraHeaders: { origin: server.url } });
      assert.equal((await ada.join(fresh("room"), "Ada")).ok, true);
    });
  }
});

describe("with --allow-origin", () => {
  const server = serverFor("--allow-origin", LISTED, "--allow-origin", "https://other.example");

  for (const transport of TRANSPORTS) {
    it(`a listed page connects headless over ${transport}, and never has the cookie`, async () => {
      const cookie = await login(server, "Cookie", fresh("room"));
      const ada = await Client.connect(server, transport, { extraHeaders: { origin: LISTED, cookie } });
      assert.equal((await ada.ask("joined", {})).error?.code, "not_logged_in");
      assert.deepEqual((await ada.join(fresh("room"), "Ada")).members, ["Ada"]);
    });
  }

  it("a listed origin is echoed with credentials, on answers and on errors", async () => {
    const headers = { origin: LISTED };
    for (const url of [
      engineUrl(server),
      engineUrl(server, { sid: "none" }),
      engineUrl(server, { EIO: "3" }),
    ]) {
      const response = await request(url, { headers });
      assert.equal(response.headers["access-control-allow-origin"], LISTED);
      assert.equal(response.headers["access-control-allow-credentials"], "true");
      assert.match(response.headers.vary ?? "", /origin/i);
    }
  });

  it("its preflight gets 204", async () => {
    const asked = {
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type, x-mine",
    };
    const response = await request(engineUrl(server), {
      method: "OPTIONS",
      headers: { origin: LISTED, ...asked },
    });
    assert.equal(response.status, 204);
    assert.equal(response.body, "");
    assert.equal(response.headers["access-control-allow-origin"], LISTED);
    assert.equal(response.headers["access-control-allow-credentials"], "true");
    assert.match(response.headers["access-control-allow-methods"], /POST/);
    assert.match(response.headers["access-control-allow-headers"], /content-type/i);
  });

  for (const [what, send] of Object.entries(REQUESTS)) {
    it(`${what} from a page that is not listed, or from null, gets 403`, async () => {
      for (const origin of [FOREIGN, "null", "https://listed.example", `${LISTED}:8080`]) {
        assert.equal((await send(server, { origin })).status, 403, origin);
      }
    });
  }
});

describe("with --allow-origin null", () => {
  const server = serverFor("--allow-origin", "null");

  it("a page without an origin of its own connects", async () => {
    const ada = await Client.connect(server, "polling", { extraHeaders: { origin: "null" } });
    assert.equal((await ada.join(fresh("room"), "Ada")).ok, true);
  });
});

describe("with --allow-origin *", () => {
  const server = serverFor("--allow-origin", "*");

  for (const transport of TRANSPORTS) {
    it(`every page connects over ${transport}, without the cookie`, async () => {
      const cookie = await login(server, "Cookie", fresh("room"));
      const ada = await Client.connect(server, transport, { extraHeaders: { origin: FOREIGN, cookie } });
      assert.equal((await ada.ask("joined", {})).error?.code, "not_logged_in");
      assert.equal((await ada.join(fresh("room"), "Ada")).ok, true);
    });
  }

  it("* never goes with credentials", async () => {
    for (const method of ["GET", "OPTIONS"]) {
      const response = await request(engineUrl(server), { method, headers: { origin: FOREIGN } });
      assert.equal(response.headers["access-control-allow-origin"], "*");
      assert.equal(response.headers["access-control-allow-credentials"], undefined);
    }
  });
});
