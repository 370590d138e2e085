// The web session: what the cookie is good for, and for whom.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, entered, fresh, left, said, TRANSPORTS } from "../harness/client.mjs";
import { login, request } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const FOREIGN = "http://foreign.example";
const PUBLIC = "https://alert.example:8443";

describe("a server without a public URL", () => {
  const server = serverFor("--allow-origin", FOREIGN);

  for (const transport of TRANSPORTS) {
    describe(`over ${transport}`, () => {
      const connect = (cookie, headers = {}) =>
        Client.connect(server, transport, { extraHeaders: { cookie, ...headers } });

      it("joined without a room is the last login; the body's name is ignored", async () => {
        const [first, last] = [fresh("room"), fresh("room")];
        const cookie = await login(server, "Ada L.", last, await login(server, "Ada", first));
        const ada = await connect(cookie);
        const joined = { ok: true, room: last, members: ["Ada L."], count: 1 };
        assert.deepEqual(await ada.ask("joined", { headless: false, name: "Eve" }), joined);
        assert.deepEqual(await ada.ask("text", { headless: false, name: "Eve", msg: "hello" }), { ok: true });
        assert.deepEqual(await ada.ask("text", { name: 7, msg: "no name is read" }), { ok: true });
        assert.deepEqual(await ada.ask("text", { headless: true, name: "Eve", msg: "fixed at joined" }), {
          ok: true,
        });
        assert.deepEqual(await ada.seen(), [
          entered("Ada L."),
          said("Ada L.", "hello"),
          said("Ada L.", "no name is read"),
          said("Ada L.", "fixed at joined"),
        ]);
      });

      it("room picks one of the session's rooms: two tabs can be in two rooms", async () => {
        const [first, last] = [fresh("room"), fresh("room")];
        const cookie = await login(server, "Ada L.", last, await login(server, "Ada", first));
        const [one, two] = [await connect(cookie), await connect(cookie)];
        assert.deepEqual((await one.ask("joined", { room: ` ${first} ` })).members, ["Ada"]);
        assert.deepEqual((await two.ask("joined", { room: last })).members, ["Ada L."]);
        assert.deepEqual(await one.seen(), [entered("Ada")]);
        assert.deepEqual(await two.seen(), [entered("Ada L.")]);
        const { error } = await one.ask("joined", { room: fresh("room") });
        assert.equal(error.code, "not_logged_in", "a room of which the session knows nothing");
      });

      it("two tabs of a session in one room are one person", async () => {
        const room = fresh("room");
        const cookie = await login(server, "Ada", room);
        const [one, two, bob] = [await connect(cookie), await connect(cookie), await connect(cookie)];
        await bob.join(room, "Bob");
        await one.ask("joined", {});
        await two.ask("joined", {});
        await two.ask("left", {});
        await one.ask("left", { headless: false, name: "Eve" });
        assert.deepEqual(await bob.seen(), [entered("Bob"), entered("Ada"), left("Ada")]);
        assert.deepEqual(two.heard[0], entered("Ada"), "who joins gets its own entering");
      });

      const refused = { "sec-fetch-site: same-site": { "sec-fetch-site": "same-site" } };
      refused["sec-fetch-site: cross-site"] = { "sec-fetch-site": "cross-site" };
      refused["a listed foreign origin"] = { origin: FOREIGN };
      refused["our origin from another site"] = { origin: "OURS", "sec-fetch-site": "cross-site" };
      const honoured = { "no origin": {}, "our origin": { origin: "OURS" } };
      honoured["sec-fetch-site: same-origin"] = { origin: "OURS", "sec-fetch-site": "same-origin" };
      honoured["sec-fetch-site: none"] = { "sec-fetch-site": "none" };

      const joinWith = async (headers) => {
        const cookie = await login(server, "Ada", fresh("room"));
        const real = Object.entries(headers).map(([name, value]) => [
          name,
          value.replace("OURS", server.url),
        ]);
        const ada = await connect(cookie, Object.fromEntries(real));
        return { ada, ack: await ada.ask("joined", {}) };
      };
      for (const [what, headers] of Object.entries(honoured)) {
        it(`${what}: the cookie is honoured`, async () => {
          assert.deepEqual((await joinWith(headers)).ack.members, ["Ada"]);
        });
      }
      for (const [what, headers] of Object.entries(refused)) {
        it(`${what}: the cookie is not honoured, a headless join is`, async () => {
          const { ada, ack } = await joinWith(headers);
          assert.equal(ack.error?.code, "not_logged_in");
          assert.equal((await ada.join(fresh("room"), "Ada")).ok, true);
        });
      }
    });
  }

  it("a session holds at most 8 rooms: the oldest goes", async () => {
    const rooms = Array.from({ length: 9 }, () => fresh("room"));
    let cookie;
    for (const room of rooms) cookie = await login(server, `in ${room}`, room, cookie);
    const ada = await Client.connect(server, "websocket", { extraHeaders: { cookie } });
    assert.equal((await ada.ask("joined", { room: rooms[0] })).error?.code, "not_logged_in");
    for (const room of rooms.slice(1)) {
      assert.deepEqual((await ada.ask("joined", { room })).members, [`in ${room}`]);
    }
  });

  it("a cookie that was tampered with is no session", async () => {
    const cookie = await login(server, "Ada", fresh("room"));
    const middle = Math.floor(cookie.length / 2);
    const other = cookie[middle] === "A" ? "B" : "A";
    const forged = cookie.slice(0, middle) + other + cookie.slice(middle + 1);
    const ada = await Client.connect(server, "websocket", { extraHeaders: { cookie: forged } });
    assert.equal((await ada.ask("joined", {})).error?.code, "not_logged_in");
  });

  it("the cookie says nothing of what is in it, and no script can read it", async () => {
    const body = new URLSearchParams({ name: "Ada Lovelace", room: "engine" });
    const response = await fetch(`${server.url}/v1`, { method: "POST", body, redirect: "manual" });
    const cookie = response.headers.get("set-cookie");
    assert.doesNotMatch(decodeURIComponent(cookie) + Buffer.from(cookie, "base64"), /Ada|engine/);
    assert.match(cookie, /; HttpOnly/);
    assert.match(cookie, /; SameSite=Lax/);
    assert.equal(/; Secure/.test(cookie), server.url.startsWith("https"));
  });
});

describe("a server with an https public URL", () => {
  const server = serverFor("--public-url", PUBLIC);

  for (const transport of TRANSPORTS) {
    it(`over ${transport}: pages of the public URL are ours`, async () => {
      const room = fresh("room");
      const cookie = await login(server, "Ada", room);
      const ada = await Client.connect(server, transport, { extraHeaders: { cookie, origin: PUBLIC } });
      assert.deepEqual((await ada.ask("joined", {})).members, ["Ada"]);
    });
  }

  it("its cookie is Secure, and its link is the one that is printed", async () => {
    const body = new URLSearchParams({ name: "Ada", room: "r" }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: PUBLIC };
    const response = await request(`${server.url}/v1`, { method: "POST", headers, body });
    assert.equal(response.status, 303);
    assert.match(response.headers["set-cookie"][0], /; Secure/);
    assert.ok(server.printed.includes(`${PUBLIC}/v1`), server.printed);
  });
});
