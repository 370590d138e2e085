// alert cluster status: what it shows of servers that share their rooms and of their Redis, and what it finds wrong.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, fresh } from "../harness/client.mjs";
import { startCluster } from "../harness/cluster.mjs";
import { freePort } from "../harness/port.mjs";
import { Redis } from "../harness/redis.mjs";
import { BINARY, Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";

const redis = new Redis();
const nodes = [];
const start = () => new Server([], { redis, sessionKey: null }).start();
before(async () => {
  await redis.start();
  for (let count = 0; count < 2; count++) nodes.push(await start());
});
after(async () => {
  for (const node of nodes) await node.stop();
  await redis.stop();
});
afterEach(() => Client.closeAll());

/** Runs the command; nothing but `env` is set. */
const run = (words, env = {}) =>
  new Promise((resolve) => {
    execFile(BINARY, ["cluster", "status", ...words], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });

const status = async (url = redis.url) => {
  const { code, stdout, stderr } = await run(["--json"], { ALERT_REDIS: url });
  assert.equal(stderr, "");
  return { code, ...JSON.parse(stdout) };
};

/** A key of what all servers have in common. */
const key = (name) => redis.cli("keys", `alert:{*}:${name}`);

const faults = ({ findings }) =>
  findings.filter(({ severity }) => severity === "fault").map(({ text }) => text);

describe("all is well", () => {
  it("and each server is there, with what it says of itself", async () => {
    const room = fresh("room");
    await Client.inRoom(nodes[0], room, "Ada");
    await Client.inRoom(nodes[1], room, "Bob");
    const seen = await eventually("the servers", async () => {
      const seen = await status();
      return seen.nodes.length === 2 && seen.people === 2 && seen;
    });
    assert.deepEqual([seen.code, seen.ok, faults(seen), seen.rooms], [0, true, [], 1]);
    const version = await new Promise((resolve) =>
      execFile(BINARY, ["--version"], (_, stdout) => resolve(stdout.trim().split(" ")[1])),
    );
    for (const node of seen.nodes) {
      assert.match(node.name, /^[0-9a-f]{12}$/);
      assert.equal(node.version, version);
      assert.ok(node.wire > 0 && node.wire === seen.nodes[0].wire, `${node.wire}`);
      assert.ok(Math.abs(Date.parse(node.started) - Date.now()) < 60_000, node.started);
      assert.ok(node.lease_ms > 0 && node.lease_ms <= 10_000, `${node.lease_ms}`);
      assert.ok(node.lag_ms < 5000, `${node.lag_ms}`);
    }
    const [{ version: of, role, replicas, append_only, max_memory, memory }, ...others] = seen.redis.masters;
    assert.equal(others.length, 0);
    assert.match(of, /^(Redis|Valkey) \d+\.\d+/);
    assert.deepEqual([role, replicas, append_only, max_memory], ["master", 0, true, null]);
    assert.ok(memory > 100_000);
  });

  it("in lines for people too, from the server's own file, without the password", async () => {
    const { code, stdout, stderr } = await run(["--redis", redis.url]);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    assert.match(stdout, /^Redis {3}unix:.*, prefix alert\n {8}(Redis|Valkey) \d.*, master, replicas: 0/);
    assert.match(stdout, /^SERVER +VERSION +WIRE +ADDRESS +STARTED +CONNECTIONS +LAG +LEASE$/m);
    assert.equal(stdout.match(/^[0-9a-f]{12} {2}/gm)?.length, 2, stdout);
    assert.match(stdout, /^Nothing is wrong\.$/m);
  });
});

describe("something is wrong", () => {
  it("a server that was killed is shown, and found silent, until its lease ends", async () => {
    const victim = await start();
    const names = new Set((await status()).nodes.map(({ name }) => name));
    assert.equal(names.size, 3);
    await victim.kill();
    const found = await eventually("the silence to be noticed", async () => {
      const seen = await status();
      const silent = faults(seen).filter((text) => /no sign of life/.test(text));
      return silent.length > 0 && { ...seen, silent };
    });
    assert.equal(found.code, 1);
    assert.equal(found.nodes.length, 3);
    assert.match(found.silent[0], /Its people leave in \d+ s/);
    await eventually("its lease to end", async () => (await status()).nodes.length === 2);
    assert.equal((await status()).code, 0);
  });

  it("versions that differ: a warning where they work with each other, a fault where they do not", async () => {
    const stranger = async (about) => {
      const end = Date.now() + 600_000;
      await redis.cli("zadd", await key("leases"), end, "0000000000ff");
      await redis.cli("hset", await key("about"), "0000000000ff", about);
      return status();
    };
    const near = await stranger('{"version":"9.9.9","wire":5,"new":[1]}');
    assert.equal(near.code, 0);
    assert.ok(near.findings.some(({ severity, text }) => severity === "warning" && /9\.9\.9/.test(text)));
    const far = await stranger('{"version":"9.9.9\\u001b[2J","wire":7}');
    assert.equal(far.code, 1);
    assert.ok(
      faults(far).some((text) => /cannot work with each other/.test(text)),
      far,
    );
    const { stdout } = await run(["--redis", redis.url]);
    assert.ok(stdout.includes("\\u001b[2J") && !stdout.includes("\u001b"), "it commands no terminal");
    const unreadable = await stranger("not JSON");
    assert.equal(unreadable.code, 1);
    assert.ok(faults(unreadable).some((text) => /cannot read/.test(text)));
    await redis.cli("zrem", await key("leases"), "0000000000ff");
    await redis.cli("hdel", await key("about"), "0000000000ff");
  });

  it("Redis that may lose what it has, or is full", async () => {
    await redis.cli("config", "set", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru");
    const seen = await status();
    assert.equal(seen.code, 1);
    assert.ok(faults(seen).some((text) => /noeviction/.test(text)));
    // Less than it uses: nothing can be said, and this is when somebody looks.
    await redis.cli("config", "set", "maxmemory", "100kb", "maxmemory-policy", "noeviction");
    const full = await status();
    assert.ok(
      faults(full).some((text) => /of its maxmemory/.test(text)),
      JSON.stringify(full),
    );
    const ready = async () => await fetch(`${nodes[0].url}/readyz`);
    const refused = await eventually("a server to say so", async () => {
      const answer = await ready();
      return answer.status === 503 && (await answer.text());
    });
    assert.match(refused, /Redis takes nothing more: .*maxmemory/);
    await redis.cli("config", "set", "maxmemory", "0");
    await eventually("all to be well", async () => (await status()).code === 0);
    await eventually("the servers to be ready", async () => (await ready()).status === 200);
  });

  it("no server is there", async () => {
    const { code, stdout } = await run(["--redis", redis.url, "--redis-prefix", "other"]);
    assert.equal(code, 1);
    assert.match(stdout, /Wrong: no server is alive: .*--redis-prefix other/);
  });
});

it("a cluster: each master is there, and the servers", async () => {
  const cluster = await startCluster({ masters: 3 });
  const node = await new Server([], { redis: cluster, sessionKey: null }).start();
  const seen = await eventually("the server", async () => {
    const seen = await status(cluster.url);
    return seen.nodes.length === 1 && seen;
  });
  assert.deepEqual([seen.code, faults(seen)], [0, []]);
  const ports = seen.redis.masters.map(({ address }) => Number(address.split(":").at(-1)));
  assert.deepEqual(ports.sort(), cluster.servers.map(({ port }) => port).sort());
  await node.stop();
  await cluster.stop();
});

describe("there is no answer", () => {
  it("as there is no way to Redis: 3, and what to do", async () => {
    const { code, stdout, stderr } = await run(["--json"], {
      ALERT_REDIS: `redis://:secret@127.0.0.1:${await freePort()}`,
    });
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /does not answer .*start it there/);
    assert.doesNotMatch(stderr, /secret/);
  });

  it("as Redis refuses: 1; as it is not said where it is, or wrongly: 2", async () => {
    const locked = await new Redis({ port: await freePort() }).start();
    await locked.cli("config", "set", "requirepass", "secret");
    const refused = await run(["--redis", locked.url]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /refuses the user or the password/);
    await locked.stop();
    for (const [words, said] of [
      [[], /it is not said where Redis is/],
      [["--redis", "db"], /redis = .* is not possible/],
      [["--listen", "127.0.0.1:0"], /--listen/],
    ]) {
      const { code, stderr } = await run(words);
      assert.equal(code, 2, `${words}`);
      assert.match(stderr, said);
    }
  });
});
