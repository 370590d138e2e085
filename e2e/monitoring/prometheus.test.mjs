// What contrib/monitoring has, with a real Prometheus that scrapes real servers under load: each query of the dashboard
// and of the alert rules gives data, the alerts are silent while all is well, and fire when it is not.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { Client } from "../harness/client.mjs";
import { contributed, hurried, Prometheus, promtool } from "../harness/prometheus.mjs";
import { Redis } from "../harness/redis.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";

/** More than a scrape, a rule's window and its `for`. */
const LIMIT = 40_000;
const RULES = contributed("alerts.yaml");
const DASHBOARD = JSON.parse(contributed("grafana.json"));

/** A dashboard's query as Grafana would send it. */
const filled = (expression) =>
  expression.replaceAll("$__rate_interval", "3s").replaceAll("$job", ".*").replaceAll("$instance", ".*");

const ADMIN = ["--admin-listen", "127.0.0.1:0"];

/** Where a server's metrics are. */
async function admin(server) {
  const line = await server.logged(/metrics for Prometheus/);
  return line.match(/http:\/\/([\d.:]+)/)[1];
}

/** A certificate for 127.0.0.1 with its key, in `folder`. */
function certificate(folder) {
  const words =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 90 -subj /CN=alert -addext subjectAltName=IP:127.0.0.1";
  assert.equal(spawnSync("openssl", words.split(" "), { cwd: folder }).status, 0);
  return ["--tls-cert", join(folder, "cert.pem"), "--tls-key", join(folder, "key.pem")];
}

/** Shakes hands as a browser does, or says HTTP without. */
function knock(port, withTls) {
  return new Promise((resolve) => {
    const socket = withTls
      ? tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => socket.end())
      : net.connect(port, "127.0.0.1", () => socket.end("GET / HTTP/1.1\r\n\r\n"));
    socket.on("error", () => {}).on("close", resolve);
    socket.resume();
  });
}

describe("monitoring", { timeout: 170_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "alert-monitoring-"));
  const redis = new Redis();
  /** One that keeps a file, and one with Redis and TLS. */
  const alone = new Server([...ADMIN, "--max-connections-per-address", "40", "--room-tries", "10"]);
  const shared = new Server([...ADMIN, ...certificate(folder), "--redis-timeout", "1s"], { redis });
  let prometheus;
  let metrics;
  let speaking = true;
  let load;

  before(async () => {
    await redis.start();
    await Promise.all([alone.start(), shared.start()]);
    metrics = await admin(alone);
    prometheus = new Prometheus(
      [{ job_name: "alert", targets: [metrics, await admin(shared)] }],
      hurried(RULES),
    );
    await prometheus.start();
    const members = [];
    for (const transport of ["websocket", "polling"]) {
      for (const name of ["Ada", "Bob", "Cyd"]) {
        members.push(await Client.inRoom(alone, "MATH", `${name} by ${transport}`, transport));
      }
    }
    const stream = await fetch(`${alone.url}/v1/rooms/MATH/events`);
    load = (async () => {
      for (let count = 0; speaking; count++) {
        members[count % members.length].socket.emit("text", { msg: `message ${count}` });
        if (count % 20 === 0) await knock(shared.port, true);
        await sleep(10);
      }
      await stream.body.cancel();
    })();
  });

  after(async () => {
    speaking = false;
    await load;
    Client.closeAll();
    await prometheus?.stop();
    await Promise.all([alone, shared].map((server) => server.kill()));
    rmSync(folder, { recursive: true, force: true });
  });

  test("promtool finds nothing wrong with the metrics of a server under load", async () => {
    await eventually("deliveries", async () => {
      const text = await (await fetch(`http://${metrics}/metrics`)).text();
      return /^alert_deliveries_total [1-9]/m.test(text) && /^alert_delivery_seconds_count [1-9]/m.test(text);
    });
    const text = await (await fetch(`http://${metrics}/metrics`)).text();
    assert.equal(promtool(["check", "metrics"], text), "");
  });

  test("promtool finds nothing wrong with the configuration and the rules", () => {
    const path = new URL("../../contrib/monitoring/prometheus.yaml", import.meta.url).pathname;
    assert.match(promtool(["check", "config", path]), /rules found/);
  });

  test("every query of the dashboard gives data", async () => {
    const targets = DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ title, expr })),
    );
    assert.ok(targets.length > 40, `${targets.length} queries`);
    await eventually("a history of some seconds", async () => {
      const found = await prometheus.query("count_over_time(alert_rooms[5s]) > 15");
      return found.length === 2;
    });
    // Nothing was refused so far, so there is no code that would have a series.
    await fetch(`${alone.url}/v1/rooms/MATH`, { method: "POST" });
    const refused = await Client.connect(alone);
    await refused.ask("text", { msg: "before joined" });
    for (const { title, expr } of targets) {
      await eventually(`data for ${title}: ${expr}`, async () => {
        const series = await prometheus.query(filled(expr));
        return series.length > 0 && series.every(({ value }) => value[1] !== "NaN");
      });
    }
    for (const { query } of DASHBOARD.templating.list.filter(({ type }) => type === "query")) {
      const metric = query.query.match(/label_values\((\w+)/)[1];
      assert.ok((await prometheus.query(metric)).length > 0, metric);
    }
  });

  test("every panel of the dashboard has a place of its own", () => {
    const places = new Set();
    for (const { title, gridPos } of DASHBOARD.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(x < 24 && !places.has(`${x} ${y}`), `${title} lies over another panel`);
          places.add(`${x} ${y}`);
        }
      }
    }
    const ids = DASHBOARD.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  test("every rule can be evaluated, all that it asks for is there, and none fires while all is well", async () => {
    await eventually("an evaluation", async () =>
      (await prometheus.rules()).every(({ health }) => health !== "unknown"),
    );
    for (const { name, query, health, lastError } of await prometheus.rules()) {
      assert.equal(health, "ok", `${name}: ${lastError}`);
      for (const metric of query.match(/\b(alert|process|up)[a-z_]*(?=[{[ ])/g) ?? [])
        assert.ok((await prometheus.query(metric)).length > 0, `${name}: no ${metric}`);
    }
    assert.deepEqual(await prometheus.firing(), []);
  });

  const fires = (name) =>
    eventually(`${name} to fire`, async () => (await prometheus.firing()).includes(name), LIMIT);

  test("clients beyond a bound, codes that are tried and handshakes that fail are told of", async () => {
    const sockets = Array.from({ length: 60 }, () => net.connect(alone.port, "127.0.0.1"));
    for (const socket of sockets) socket.on("error", () => {});
    await fires("AlertFull");
    for (const socket of sockets) socket.destroy();
    let tried = 0;
    const trying = setInterval(() => {
      for (let count = 0; count < 20; count++)
        fetch(`${alone.url}/v1/rooms/TRY${tried++}`, { method: "POST", body: "x" }).catch(() => {});
      for (let count = 0; count < 10; count++) knock(shared.port, false);
    }, 100);
    try {
      await Promise.all([fires("AlertGuessing"), fires("AlertHandshakesFail")]);
    } finally {
      clearInterval(trying);
    }
  });

  test("a history that cannot be stored is told of", async () => {
    for (const name of ["alert.db", "alert.db-wal", "alert.db-shm"])
      rmSync(join(alone.state, name), { force: true });
    await Promise.all([fires("AlertHistoryFailing"), fires("AlertErrors")]);
    assert.ok(!(await prometheus.firing()).includes("AlertDown"), "it still serves");
  });

  test("a Redis that is away is told of", async () => {
    await redis.stop();
    await fires("AlertRedisAway");
  });

  test("a server that is gone is told of", async () => {
    await alone.kill();
    await fires("AlertDown");
  });
});
