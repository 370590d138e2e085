// `alert doctor --origin`: what a page of another site may do.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serverFor } from "../harness/server.mjs";
import { advised, examine, HOST, named, nginx, proxy, UPGRADES } from "./setup.mjs";

const ORIGIN = "https://school.example.org";
const CORS = ["cors-polling", "cors-preflight", "cors-websocket"];

describe("a server that lists one origin", () => {
  const server = serverFor("--ping-interval", "500ms", "--allow-origin", ORIGIN);

  test("given that origin, then its pages may connect with credentials", async () => {
    const { code, checks, out } = await examine(server.url, ["--origin", ORIGIN]);
    assert.equal(code, 0, out);
    assert.equal(checks["cors-polling"].seen, "allowed, with credentials");
    assert.equal(checks["cors-preflight"].seen, "allowed, with credentials");
    assert.equal(checks["cors-websocket"].seen, "allowed");
  });

  test("given its own origin, then that is allowed too", async () => {
    assert.equal((await examine(server.url, ["--origin", server.url])).code, 0);
  });

  test("given another origin, then each way is refused, and the flag is advised", async () => {
    const { code, checks, out } = await examine(server.url, ["--origin", "https://other.example.org"]);
    assert.equal(code, 1, out);
    assert.deepEqual(named(checks, "failed"), CORS);
    for (const check of CORS)
      assert.equal(advised(checks[check], "alert"), "--allow-origin https://other.example.org");
  });

  test("given no origin, then CORS is not examined", async () => {
    const { checks } = await examine(server.url);
    assert.deepEqual(
      Object.keys(checks).filter((check) => check.startsWith("cors")),
      [],
    );
  });

  test("given a proxy that adds the header too, then browsers refuse the two", async (t) => {
    const adds = `add_header Access-Control-Allow-Origin ${ORIGIN} always;`;
    const port = await nginx(t, proxy(server.url, { location: UPGRADES + HOST + adds }));
    const { code, checks, out } = await examine(`http://127.0.0.1:${port}`, ["--origin", ORIGIN]);
    assert.equal(code, 1, out);
    assert.deepEqual(named(checks, "failed"), ["cors-polling", "cors-preflight"]);
    assert.match(advised(checks["cors-polling"], "nginx"), /remove: add_header Access-Control-Allow-Origin/);
  });

  test("given a proxy that answers preflights itself, then it says to pass them on", async (t) => {
    const answers = "if ($request_method = OPTIONS) { return 405; }";
    const port = await nginx(t, proxy(server.url, { location: UPGRADES + HOST + answers }));
    const { checks, out } = await examine(`http://127.0.0.1:${port}`, ["--origin", ORIGIN]);
    assert.deepEqual(named(checks, "failed"), ["cors-preflight"], out);
    assert.match(checks["cors-preflight"].advice.text, /pass OPTIONS/);
  });

  test("given what is no origin, then that is wrong usage", async () => {
    await assert.rejects(examine(server.url, ["--origin", "school.example.org"]));
  });
});

describe("a server that lists every origin", () => {
  const server = serverFor("--ping-interval", "500ms", "--allow-origin", "*");

  test("given any origin, then its pages may connect, without credentials", async () => {
    const { code, checks, out } = await examine(server.url, ["--origin", ORIGIN]);
    assert.equal(code, 0, out);
    assert.match(checks["cors-polling"].seen, /without credentials/);
  });
});
