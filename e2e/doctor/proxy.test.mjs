// `alert doctor` with nginx in front of the server, right and wrong in the ways that people meet.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, serverFor } from "../harness/server.mjs";
import { within } from "../harness/time.mjs";
import { advised, examine, freePort, HOST, named, nginx, proxy, run, UPGRADES } from "./setup.mjs";

const PING = 1_000;
const server = serverFor("--ping-interval", `${PING}ms`);

test("given no proxy, then all is well", async () => {
  const { code, checks, out } = await examine(server.url);
  assert.equal(code, 0, out);
  assert.equal(named(checks, "ok").length, Object.keys(checks).length, out);
  assert.match(out, /^All well\. Of 12 checks: 12 are well\.$/m);
});

test("given a right proxy, then all is well, and nobody in any room has heard of it", async (t) => {
  const port = await nginx(t, proxy(server.url));
  const before = server.log.length;
  const lines = (pattern) => server.log.slice(before).match(pattern)?.length ?? 0;
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 0, out);
  assert.equal(named(checks, "ok").length, Object.keys(checks).length, out);
  assert.match(checks.http.seen, /through nginx/);
  assert.match(checks.cookie.seen, /HttpOnly, SameSite=Lax/);
  // Five sessions and a listener, of each of the two runs: all are ended by the doctor, none is left to its timeout.
  const ended = async () => {
    while (lines(/connection closed .*reason=closed by the client/g) < 10 || lines(/stopped listening/g) < 2)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await within(5_000, "every session to end", ended(), () => server.log.slice(before));
  assert.equal(lines(/connection closed/g), 10);
  assert.doesNotMatch(server.log.slice(before), /joined|refused/);
});

test("given a proxy without upgrade headers, then its lines are advised, and with them all is well", async (t) => {
  const port = await nginx(t, proxy(server.url, { location: HOST }));
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["websocket", "upgrade"]);
  assert.deepEqual(named(checks, "skipped"), ["heartbeat-websocket"]);
  assert.match(checks.websocket.seen, /nginx\/\S+ answers 400 Bad Request, not 101/);
  const lines = advised(checks.websocket, "nginx");
  for (const line of ["proxy_http_version 1.1;", "Upgrade $http_upgrade;", 'Connection "upgrade";'])
    assert.ok(lines.includes(line), lines);

  const repaired = await nginx(t, proxy(server.url, { location: HOST + lines }));
  assert.equal((await run([`http://127.0.0.1:${repaired}`])).code, 0);
});

test("given a proxy that gathers answers, then the event stream fails, and its lines repair it", async (t) => {
  // To a server of HTTP/1.1, which answers in chunks, nginx passes each of them on, also with buffering.
  const gathers = "proxy_http_version 1.0; proxy_ignore_headers X-Accel-Buffering; proxy_buffering on;";
  const rooms = (more) => `location /v1/rooms/ { proxy_pass ${server.url}; ${HOST} ${more}\n }`;
  const port = await nginx(t, proxy(server.url, { server: rooms(gathers) }));
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["event-stream"]);
  const lines = advised(checks["event-stream"], "nginx");
  assert.match(lines, /^proxy_buffering off;$/m);

  const repaired = await nginx(t, proxy(server.url, { server: rooms(`proxy_http_version 1.0; ${lines}`) }));
  assert.equal((await run([`http://127.0.0.1:${repaired}`])).code, 0);
});

test("given a proxy that changes Host, then its own pages are refused, and the line repairs it", async (t) => {
  const port = await nginx(t, proxy(server.url, { location: UPGRADES }));
  const url = `http://127.0.0.1:${port}`;
  const { code, checks, out } = await examine(url);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["own-origin"]);
  assert.ok(checks["own-origin"].seen.includes(`changes Host to ${server.host}`), out);
  assert.equal(advised(checks["own-origin"], "alert"), `--public-url ${url}`);

  const lines = advised(checks["own-origin"], "nginx");
  const repaired = await nginx(t, proxy(server.url, { location: UPGRADES + lines }));
  assert.equal((await run([`http://127.0.0.1:${repaired}`])).code, 0);
});

test("given another site's server block, then it says whose page that is", async (t) => {
  const other = `server { listen 127.0.0.1:PORT default_server; location / {
    default_type text/html; return 200 "<title>Welcome to nginx!</title>"; } }`;
  const ours = proxy(server.url, { server: "server_name alert.example.org;" });
  const port = await nginx(t, other + ours);
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["http"]);
  assert.match(checks.http.seen, /Welcome to nginx!.*neither Alert nor Socket\.IO/);
  assert.match(advised(checks.http, "nginx"), /^server_name 127\.0\.0\.1;$/m);
  assert.equal(checks.websocket.outcome, "skipped");
  assert.equal(checks.websocket.seen, "this is not Alert");
});

test("given a proxy whose server is gone, then it says so", async (t) => {
  const port = await nginx(t, proxy(`http://127.0.0.1:${await freePort()}`));
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["http"]);
  assert.match(checks.http.seen, /502 Bad Gateway: it reaches no Alert/);
  assert.match(advised(checks.http, "nginx"), /proxy_pass/);
});

test("given a proxy that passes only the pages on, then long-polling says what is missing", async (t) => {
  const port = await nginx(
    t,
    `server { listen 127.0.0.1:PORT;
       location /v1 { proxy_pass ${server.url}; ${UPGRADES} ${HOST} } }`,
  );
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["polling", "websocket"]);
  assert.match(checks.polling.seen, /404/);
  assert.match(advised(checks.polling, "nginx"), /^location \/ \{$/m);
});

test("given a proxy that asks for a password, or refuses this machine, then it says so", async (t) => {
  for (const [rule, status, text] of [
    ["auth_basic secret; auth_basic_user_file /dev/null;", /401 Unauthorized/, /password/],
    ["deny all;", /403 Forbidden/, /refuses this machine/],
  ]) {
    const port = await nginx(t, proxy(server.url, { location: UPGRADES + HOST + rule }));
    const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
    assert.equal(code, 1, out);
    assert.deepEqual(named(checks, "failed"), ["http"]);
    assert.match(checks.http.seen, status);
    assert.match(checks.http.advice.text, text);
  }
});

test("given a redirect to https, then it says to use that", async (t) => {
  const port = await nginx(t, "server { listen 127.0.0.1:PORT; return 301 https://$host$request_uri; }");
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.match(checks.http.seen, /redirects from http to https/);
  assert.match(checks.http.advice.text, /Use https:\/\/127\.0\.0\.1/);
  assert.equal(checks.polling.outcome, "skipped");
});

test("given a redirect to another host, then it names it", async (t) => {
  const port = await nginx(t, "server { listen 127.0.0.1:PORT; return 302 http://www.example.org/; }");
  const { checks } = await examine(`http://127.0.0.1:${port}`);
  assert.match(checks.http.seen, /redirects to http:\/\/www\.example\.org\//);
});

test("given a proxy that waits for less than a ping interval, then whatever is silent is ended", async (t) => {
  const slow = await new Server(["--ping-interval", "4s"]).start();
  t.after(() => slow.stop());
  const port = await nginx(t, proxy(slow.url, { location: `${UPGRADES + HOST} proxy_read_timeout 2s;` }));
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["heartbeat-websocket", "heartbeat-polling", "event-stream"]);
  assert.match(checks["heartbeat-polling"].seen, /504 Gateway Timeout after 2\.\d s/);
  assert.match(
    checks["heartbeat-websocket"].seen,
    /closed.* after 2\.\d s, before the ping that is due after 4\.0 s/,
  );
  const lines = advised(checks["heartbeat-websocket"], "nginx");
  assert.match(lines, /^proxy_read_timeout 12s;$/m);
  assert.equal(advised(checks["heartbeat-websocket"], "alert"), "--ping-interval 1s");

  const repaired = await nginx(t, proxy(slow.url, { location: UPGRADES + HOST + lines }));
  assert.equal((await run([`http://127.0.0.1:${repaired}`])).code, 0);
});

test("given a proxy that spoils the cookie, then it says which flag is missing", async (t) => {
  const spoils = "proxy_cookie_flags ~ nohttponly nosamesite;";
  const port = await nginx(t, proxy(server.url, { location: UPGRADES + HOST + spoils }));
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["cookie"]);
  assert.match(advised(checks.cookie, "nginx"), /proxy_cookie_flags/);
});

test("given a balancer with two servers, then it says that there may be one", async (t) => {
  const other = await new Server(["--ping-interval", `${PING}ms`]).start();
  t.after(() => other.stop());
  const both = `upstream both { server ${server.host}; server ${other.host}; }`;
  const port = await nginx(t, both + proxy("http://both"));
  const { code, checks, out } = await run([`http://127.0.0.1:${port}`, "--json"]).then(({ code, out }) => ({
    code,
    out,
    checks: Object.fromEntries(JSON.parse(out).checks.map((check) => [check.check, check])),
  }));
  assert.equal(code, 1, out);
  // Which of the requests meets the other server depends on whose turn it is.
  const failed = named(checks, "failed").map((check) => checks[check]);
  const told = failed.filter((check) => /one server in the upstream/.test(check.advice.text));
  assert.ok(told.length > 0, out);
});

test("given an address that asked for many rooms, then what needs one is skipped", async (t) => {
  const guessed = await new Server(["--ping-interval", "500ms", "--room-tries", "60"]).start();
  t.after(() => guessed.stop());
  for (let room = 0; room < 6; room++) await fetch(`${guessed.url}/v1/rooms/guess-${room}`);
  const { code, checks, out } = await examine(guessed.url);
  assert.equal(code, 0, out);
  // To log in and to join cost less, and may be possible again.
  const skipped = named(checks, "skipped");
  assert.ok(skipped.includes("own-origin") && skipped.includes("event-stream"), out);
  assert.match(checks["own-origin"].seen, /too many rooms/);
});
