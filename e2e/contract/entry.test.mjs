// Hosts decide while somebody is on the way in, or listens: what holds when they would go live is what counts.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { Client } from "../harness/client.mjs";
import { NO_RATES, serverFor } from "../harness/server.mjs";
import { eventually, within } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor(
  ...["--history", "memory", "--leave-grace", "100ms", "--room-tries", "0", "--join-rate", "0"],
  ...["--trusted-proxy", "127.0.0.1"],
  ...NO_RATES,
);
let hosts = 0;

const code = (answer) => answer.error?.code;
const reason = (answer) => answer.error?.reason;

/** A room with a host, who is in it. */
async function hosted(settings) {
  // Each from somewhere else: an address does so much in a minute.
  hosts += 1;
  const from = `192.0.2.${hosts % 250}, 198.51.${hosts >> 8}.${hosts & 255}`;
  const host = await V2.connect(server, "websocket", { extraHeaders: { "x-forwarded-for": from } });
  const { room, host: key } = await host.ask("make", {});
  assert.ok((await host.join(room, "Ms Ortega", { host: key })).ok);
  host.does = (action, more = {}) => host.ask("moderate", { room, action, ...more });
  if (settings) assert.ok((await host.does("set", { settings })).ok);
  return [host, room, key];
}

const http = (path, { key, password, ...options } = {}) =>
  fetch(`${server.url}/v1/rooms${path}`, {
    ...options,
    headers: { ...(key && { "alert-host-key": key }), ...(password && { "alert-password": password }) },
  });

/** What hosts decide, and why it keeps out whoever is on the way in as Mal with the password `right`. */
const DECISIONS = [
  ["ban", { name: "Mal" }, "banned"],
  ["ban", { name: "m\u0430l" }, "banned"],
  ["ban", { address: "127.0.0.1" }, "banned"],
  ["close", {}, "closed"],
  ["set", { settings: { locked: true } }, "locked"],
  ["set", { settings: { most: 1 } }, "full"],
  ["set", { settings: { reserved: ["Mal"] } }, "name_reserved"],
  ["set", { settings: { password: "changed" } }, "password_wrong"],
];

/** Ways in that take a password. Each asks, and gives what came of it. */
const WAYS = {
  "v2 join": async (room) => {
    const client = await V2.connect(server);
    return [() => client.join(room, "Mal", { password: "right" }), client];
  },
  "v1 joined": async (room) => {
    const client = await Client.connect(server);
    return [() => client.join(room, "Mal", { password: "right" }), client];
  },
  "v1 joined by polling": async (room) => {
    const client = await Client.connect(server, "polling");
    return [() => client.join(room, "Mal", { password: "right" }), client];
  },
  "v1 joined with recovery": async (room) => {
    const client = await Client.connect(server, "websocket", { query: { recovery: "1" } });
    return [() => client.join(room, "Mal", { password: "right" }), client];
  },
};

describe("hosts decide while a password is verified", () => {
  for (const [way, asks] of Object.entries(WAYS))
    for (const [action, more, why] of DECISIONS) {
      // Whoever is faster than the other password is hashed comes in. A request is slower than what is said over a socket.
      const isLate = why === "password_wrong";
      if (isLate && way.includes("polling")) continue;
      it(`${action} ${JSON.stringify(more)} keeps out whoever is on the way in by ${way}`, async () => {
        for (let tries = 1; ; tries += 1) {
          const [host, room] = await hosted({ password: "right" });
          const [ask, client] = await asks(room);
          let entered;
          const entering = ask().then((answer) => {
            entered = answer;
          });
          assert.ok((await host.does(action, more)).ok);
          const wasFirst = entered !== undefined;
          await entering;
          // It may have been verified sooner than it was decided.
          if (tries < 30 && (wasFirst || (isLate && entered.ok))) continue;
          // Which of two passwords is missing is known only to whoever has shown one in time.
          const said = why === "password_wrong" && reason(entered) === "password" ? why : reason(entered);
          assert.deepEqual([entered.ok, said], [false, why]);
          await host.tell("to those who are in");
          await eventually("nobody else to be in", async () => {
            const { members } = await host.ask("members", { room });
            return String(members) === "Ms Ortega";
          });
          assert.ok(!JSON.stringify(client.heard).includes("to those who are in"));
          return;
        }
      });
    }

  it("closing the room and banning an address keep out whoever reads it over HTTP", async () => {
    for (const path of ["", "/messages", "/events"])
      for (const [action, more] of [
        ["close", {}],
        ["ban", { address: "127.0.0.1" }],
      ])
        for (let tries = 1; ; tries += 1) {
          const [host, room] = await hosted({ password: "right" });
          let answer;
          const reading = http(`/${room}${path}`, { password: "right" }).then((read) => {
            answer = read;
          });
          assert.ok((await host.does(action, more)).ok);
          const wasFirst = answer !== undefined;
          await reading;
          if (tries < 30 && wasFirst) continue;
          assert.equal(answer.status, 403, `${action} ${path}`);
          break;
        }
  });

  it("whoever is not meant comes in", async () => {
    const [host, room] = await hosted({ password: "right" });
    const client = await V2.connect(server);
    const entering = client.join(room, "Bea", { password: "right" });
    assert.ok((await host.does("ban", { name: "Mal" })).ok);
    assert.ok((await host.does("set", { settings: { slow: 1 } })).ok);
    assert.ok((await entering).ok);
  });
});

/** A room with more history than sockets and queues hold. */
async function long() {
  const [host, room, key] = await hosted();
  const text = "x".repeat(16_000);
  for (let batch = 0; batch < 25; batch += 1)
    await Promise.all(Array.from({ length: 40 }, () => host.tell(text)));
  return [host, room, key];
}

describe("hosts decide while somebody reads what was said before", () => {
  for (const [action, more] of [
    ["close", {}],
    ["ban", { address: "127.0.0.1" }],
    ["set", { settings: { password: "blue sky" } }],
    ["set", { settings: { locked: true } }],
  ])
    it(`${action} ${JSON.stringify(more)} ends a stream that is read slowly`, async () => {
      const [host, room] = await long();
      const socket = connect(server.port, "127.0.0.1");
      socket.write(
        `GET /v1/rooms/${room}/events?since=all HTTP/1.1\r\nHost: ${server.host}\r\naccept: text/event-stream\r\n\r\n`,
      );
      await within(5000, "the head", new Promise((resolve) => socket.once("readable", resolve)));
      assert.ok((await host.does(action, more)).ok);
      await host.tell("to those who are in");
      let heard = "";
      socket.on("data", (chunk) => {
        heard += chunk;
      });
      await within(20_000, "the end of the stream", new Promise((resolve) => socket.once("close", resolve)));
      assert.ok(heard.startsWith("HTTP/1.1 200"));
      assert.ok(!heard.includes("to those who are in"));
    });
});

describe("whoever listens", () => {
  /** Somebody who listens by each way, from before anything was decided. */
  async function listeners(room, more = {}) {
    const v2 = await V2.connect(server);
    assert.ok((await v2.ask("join", { room, listen: true, ...more })).ok);
    const streams = [];
    for (const accept of ["text/event-stream", "application/x-ndjson"]) {
      const stream = await fetch(`${server.url}/v1/rooms/${room}/events`, {
        headers: { accept, ...(more.password && { "alert-password": more.password }) },
      });
      assert.equal(stream.status, 200);
      streams.push(stream);
    }
    return [v2, streams];
  }

  for (const [action, more, why] of [
    ["set", { settings: { password: "blue sky" } }, "password"],
    ["set", { settings: { locked: true } }, "locked"],
    ["set", { settings: { closed: true } }, "closed"],
    ["close", {}, "closed"],
    ["ban", { address: "127.0.0.1" }, "banned"],
  ])
    it(`goes on only while they would be let in: ${action} ${JSON.stringify(more)}`, async () => {
      const [host, room] = await hosted();
      const [v2, streams] = await listeners(room);
      assert.ok((await host.does(action, more)).ok);
      await v2.until("the reason", () =>
        v2.events.some(([event, out]) => event === "put_out" && out.reason === why),
      );
      const heard = await Promise.all(
        streams.map((stream) => within(5000, "the end of the stream", stream.text())),
      );
      await host.tell("to those who are in");
      assert.equal(code(await v2.ask("history", { room })), "not_joined");
      assert.equal(code(await v2.ask("members", { room })), "not_joined");
      assert.ok(!JSON.stringify([v2.heard, heard]).includes("to those who are in"));
    });

  it("is counted for hosts", async () => {
    const [host, room] = await hosted();
    const counted = async () => (await host.does("show")).listeners;
    assert.equal(await counted(), 0);
    const [v2, streams] = await listeners(room);
    assert.equal(await counted(), 3);
    assert.ok((await v2.ask("leave", { room })).ok);
    for (const stream of streams) await stream.body.cancel();
    await eventually("nobody to listen", async () => (await counted()) === 0);
  });

  it("who has shown the password goes on, until there is another one", async () => {
    const [host, room] = await hosted({ password: "blue sky" });
    const [v2] = await listeners(room, { password: "blue sky" });
    assert.ok((await host.does("set", { settings: { slow: 1 } })).ok);
    await host.tell("one");
    await v2.hears("one");
    assert.ok((await host.does("set", { settings: { password: "red sea" } })).ok);
    await v2.until("the reason", () => v2.events.some(([event]) => event === "put_out"));
  });

  it("people in the room stay when it is locked or gets a password", async () => {
    const [host, room] = await hosted();
    const [ada, old] = [await V2.inRoom(server, room, "Ada"), await Client.inRoom(server, room, "Old")];
    assert.ok((await host.does("set", { settings: { password: "blue sky", locked: true } })).ok);
    await host.tell("one");
    await ada.hears("one");
    await old.waitFor("message", "Ms Ortega: one");
    assert.ok((await ada.tell("two")).ok);
    assert.ok(!ada.events.some(([event]) => event === "put_out"));
  });
});

describe("a name that is banned", () => {
  it("says nothing by any way on which a name is given", async () => {
    const [host, room] = await hosted();
    const [mal, bea] = [await V2.inRoom(server, room, "Mal"), await V2.inRoom(server, room, "Bea")];
    const old = await Client.inRoom(server, room, "Old");
    assert.ok((await host.does("ban", { name: "Mal" })).ok);
    await mal.until("the reason", () => mal.events.some(([event]) => event === "put_out"));
    for (const name of ["Mal", "mal", "M\u0430l"]) {
      assert.equal(reason(await mal.tell("x", { name })), "banned", "from outside");
      assert.equal(reason(await bea.tell("x", { name })), "banned", "from inside");
      const path = `/${room}?name=${encodeURIComponent(name)}`;
      const posted = await http(path, { method: "POST", body: "x" });
      assert.deepEqual([posted.status, (await posted.json()).code], [403, "not_allowed"]);
      assert.equal(code(await old.ask("text", { name, headless: true, msg: "x" })), "not_allowed");
    }
    assert.ok((await mal.ask("join", { room, listen: true })).ok, "nobody knows who listens");
    assert.equal(reason(await mal.tell("x", { name: "Mal" })), "banned", "as a listener");
    for (const body of [
      { name: "Mal", msg: "x" },
      { name: "Mal", text: "x" },
    ]) {
      const posted = await fetch(`${server.url}/v1/rooms/${room}`, {
        method: "POST",
        headers: { "content-type": "application/json", "alert-name": "Bea" },
        body: JSON.stringify(body),
      });
      assert.notEqual(posted.status, 202, JSON.stringify(body));
    }
    assert.ok((await bea.tell("Bea herself")).ok);
    await host.hears("Bea herself");
    assert.deepEqual(host.texts, ["Bea herself"]);
  });
});

describe("another key", () => {
  for (const settings of [{ password: "blue sky" }, { locked: true }, { closed: true }])
    it(`puts out those who were let in by the one before, and not whoever makes it: ${JSON.stringify(settings)}`, async () => {
      const [host, room, key] = await hosted(settings);
      const deputy = await V2.connect(server);
      assert.ok((await deputy.join(room, "Deputy", { host: key })).ok);
      assert.ok((await host.does("new_key")).ok);
      await deputy.until("the end", () => deputy.events.some(([event]) => event === "put_out"));
      assert.ok((await host.tell("still here")).ok);
      assert.ok((await host.does("show")).ok, "a host without showing the key again");
      assert.ok((await host.does("new_key")).ok, "twice");
      assert.ok((await host.does("show")).ok);
      await eventually("the deputy to be out", async () => {
        const { members } = await host.ask("members", { room });
        return String(members) === "Ms Ortega";
      });
    });
});

describe("as many people as a host lets in", () => {
  it("are no more where they come at once, with a password", async () => {
    const [host, room] = await hosted({ most: 3, password: "right" });
    const clients = await Promise.all(Array.from({ length: 12 }, () => V2.connect(server)));
    const joins = clients.map((client, place) => client.join(room, `p${place}`, { password: "right" }));
    const answers = await Promise.all(joins);
    assert.equal(answers.filter(({ ok }) => ok).length, 2);
    assert.deepEqual([...new Set(answers.filter(({ ok }) => !ok).map(reason))], ["full"]);
    await eventually("the others to be out", async () => (await host.ask("members", { room })).count === 3);
  });
});

describe("whoever is in the room and joins it again", () => {
  for (const [action, more] of [
    ["ban", { name: "Mal" }],
    ["kick", { name: "Mal" }],
    ["close", {}],
  ])
    it(`is out after ${action}`, async () => {
      const [host, room] = await hosted();
      for (let tries = 0; tries < 20; tries += 1) {
        const mal = await V2.inRoom(server, room, "Mal");
        const again = Array.from({ length: 5 }, () => mal.join(room, "Mal", { since: "all" }));
        assert.ok((await host.does(action, more)).ok);
        await Promise.all(again);
        await mal.until("the reason", () => mal.events.some(([event]) => event === "put_out"));
        if (action === "kick") {
          // What was asked before does not bring them in; what they ask later does.
          mal.close();
          continue;
        }
        await host.tell(`secret ${tries}`);
        assert.equal(code(await mal.ask("members", { room })), "not_joined");
        assert.ok(!JSON.stringify(mal.heard).includes(`secret ${tries}`));
        assert.ok((await host.does("unban", { name: "Mal" })).ok);
        assert.ok((await host.does("set", { settings: { closed: false } })).ok);
      }
    });

  it("hears nothing of what was said before they came, where the host wants that", async () => {
    const [host, room] = await hosted({ history: "none" });
    await host.tell("before");
    const mal = await V2.inRoom(server, room, "Mal");
    await host.tell("after");
    await mal.hears("after");
    for (const since of ["all", 100, "1h"]) {
      const { history } = await mal.join(room, "Mal", { since });
      assert.deepEqual(
        history.map(({ msg }) => msg),
        ["after"],
      );
    }
    const listener = await V2.connect(server);
    for (let time = 0; time < 2; time += 1) {
      const { history } = await listener.ask("join", { room, listen: true, since: "all" });
      assert.deepEqual(history, []);
    }
  });
});

describe("recovery where what was said before is hidden", () => {
  const recovers = async (auth) => {
    const client = await Client.connect(server, "websocket", {
      auth: { recovery: true, ...auth },
      reconnection: false,
    });
    return client;
  };

  it("no offset gives what was said before somebody came", async () => {
    const early = await (await V2.inRoom(server, "early", "x")).tell("x");
    const [host, room] = await hosted({ history: "none" });
    for (const text of ["before one", "before two"]) await host.tell(text);
    const late = await (await V2.inRoom(server, "late", "x")).tell("x");
    const { position } = await host.tell("before three");
    const [epoch] = position.split("-");
    const beside = (step) => (BigInt(`0x${epoch}`) + BigInt(step)).toString(16);
    for (const offsets of [
      [`${epoch}-0`, `${epoch}-0`],
      [early.position, early.position],
      [late.position, late.position, `${epoch}-0`],
      [`${beside(-1)}-0`, `${beside(-1)}-0`, `${beside(-1)}-0`],
      [`${beside(1)}-0`, `${beside(1)}-0`, `${epoch}-0`, `${beside(-1)}-0`],
      ["0000000000010-1", "0000000000010-1"],
      [undefined, `${beside(-1)}-0`, undefined],
    ]) {
      let client = await recovers();
      await client.join(room, "Mal");
      for (const [place, offset] of offsets.entries()) {
        const pid = client.socket._pid;
        client.socket.io.engine.transport.ws.terminate();
        await host.tell(`after ${place}`);
        client = await recovers({ pid, ...(offset && { offset }) });
        assert.equal(client.socket._pid, pid, "it is recovered");
        await client.until("what came after", () => JSON.stringify(client.heard).includes(`after ${place}`));
        assert.ok(!JSON.stringify(client.heard).includes("before"), `${offsets} ${offset}`);
      }
      client.socket.emit("left", {});
      client.close();
    }
  });

  it("an offset of the room counts, also of an epoch that came later", async () => {
    const [host, room] = await hosted({ history: "none" });
    let client = await recovers();
    await client.join(room, "Mal");
    for (const text of ["one", "two"]) {
      await host.tell(text);
      await client.until(text, () => JSON.stringify(client.heard).includes(`: ${text}`));
    }
    for (let time = 0; time < 3; time += 1) {
      const { _pid: pid, _lastOffset: offset } = client.socket;
      client.socket.io.engine.transport.ws.terminate();
      const text = `three ${time}`;
      await host.tell(text);
      client = await recovers({ pid, offset });
      await client.until(text, () => JSON.stringify(client.heard).includes(`: ${text}`));
      assert.deepEqual(
        client.heard.filter(([event]) => event === "message").length,
        1,
        JSON.stringify(client.heard),
      );
    }
  });
});
