// `alert doctor` where there is no server, or another one than Alert.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { Server as SocketIo } from "socket.io";
import socketIo2 from "socket.io-2";
import { examine, freePort, named, rawServer, run } from "./setup.mjs";

/** A real Socket.IO server; gives its URL. */
async function socketServer(t, open) {
  const http = createServer((request, response) => {
    // Socket.IO answers its own.
    if (!request.url.startsWith("/socket.io/")) response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const io = open(http);
  t.after(() => io.close());
  return `http://127.0.0.1:${http.address().port}`;
}

test("given a closed port, then it is unreachable", async () => {
  const { code, checks, out } = await examine(`http://127.0.0.1:${await freePort()}`);
  assert.equal(code, 3, out);
  assert.deepEqual(named(checks, "failed"), ["tcp"]);
  assert.match(checks.tcp.seen, /refused, nothing listens there/);
  assert.equal(checks.polling.seen, "no TCP connection");
  assert.match(out, /^Not reachable\./m);
});

test("given a host that does not exist, then it is unreachable", async () => {
  const { code, checks, out } = await examine("https://alert.invalid");
  assert.equal(code, 3, out);
  assert.deepEqual(named(checks, "failed"), ["dns"]);
  assert.match(checks.dns.seen, /there is no host alert\.invalid/);
  assert.equal(checks.tls.seen, "no address");
});

test("given no URL, then it takes the one of ALERT_URL", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { code, out } = await run([], { ALERT_URL: url });
  assert.equal(code, 3, out);
  assert.ok(out.startsWith(`alert doctor ${url}\n`), out);
});

test("given what is no URL of a server, then that is wrong usage", async () => {
  for (const url of ["ftp://a", "https://example.org/alert", "example.org", ""]) {
    const { code, out, err } = await run([url]);
    assert.equal(code, 2, url);
    assert.equal(out, "");
    assert.match(err, /https:\/\//, url);
  }
});

test("given a program that speaks something else, then it shows how that begins", async (t) => {
  const port = await rawServer(t, (socket) => socket.end("SSH-2.0-OpenSSH_9.2p1\r\n"));
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["http"]);
  assert.match(checks.http.seen, /not HTTP, it begins with "SSH-2\.0-OpenSSH_9\.2p1"/);
});

test("given a program that ends every connection, then it says so", async (t) => {
  const port = await rawServer(t, (socket) => socket.destroy());
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.match(checks.http.seen, /the connection ended without an answer/);
});

test("given a program that never answers, then it does not wait for ever", async (t) => {
  const port = await rawServer(t, () => {});
  const { code, checks, out } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(code, 1, out);
  assert.equal(checks.http.seen, "no answer within 10 s");
});

test("given a clock that is an hour behind, then that is a warning", async (t) => {
  const answer = (socket) => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    const body = '{"room":"a","members":[],"count":0}';
    const head = `HTTP/1.1 200 OK\r\nDate: ${date}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.once("data", () => socket.end(head + body));
  };
  const port = await rawServer(t, answer);
  const { checks } = await examine(`http://127.0.0.1:${port}`);
  assert.equal(checks.clock.outcome, "warning");
  assert.match(checks.clock.seen, /^the server's is (1h|59m \d+s|1h \d+s) behind this machine's$/);
  assert.match(checks.clock.advice.text, /set-ntp/);
});

test("given a Socket.IO server that is not Alert, then its transports are examined all the same", async (t) => {
  const url = await socketServer(t, (http) => new SocketIo(http, { pingInterval: 500 }));
  const { code, checks, out } = await examine(url);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["http"]);
  assert.match(checks.http.seen, /speaks Socket\.IO \(Engine\.IO 4\), and is not Alert/);
  const transports = ["polling", "websocket", "upgrade", "heartbeat-websocket", "heartbeat-polling"];
  for (const check of transports) assert.equal(checks[check].outcome, "ok", out);
  assert.equal(checks["event-stream"].seen, "this is not Alert");
});

test("given a server of Socket.IO 2, then its protocol version is named", async (t) => {
  const url = await socketServer(t, (http) => socketIo2(http));
  const { code, checks, out } = await examine(url);
  assert.equal(code, 1, out);
  assert.deepEqual(named(checks, "failed"), ["http", "polling"]);
  assert.match(checks.http.seen, /Engine\.IO 3/);
  assert.match(checks.polling.seen, /Engine\.IO 3, an unsupported protocol version/);
  assert.match(checks.polling.advice.text, /Socket\.IO 2/);
  assert.equal(checks.websocket.seen, "an unsupported protocol version");
});

test("given servers that answer nonsense, then it ends with a report", async (t) => {
  const answers = [
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n0{}\u001e2",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0{",
    "HTTP/1.1 500 \u001b[31mOh\u001b[0m\r\nServer: \u001b[2J\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    'HTTP/1.1 400 Bad Request\r\nContent-Length: 10\r\n\r\n{"code":5}',
  ];
  for (const answer of answers) {
    const port = await rawServer(t, (socket) => socket.once("data", () => socket.end(answer)));
    const { code, out } = await examine(`http://127.0.0.1:${port}`);
    assert.equal(code, 1, answer + out);
    assert.ok(!out.includes("\u001b"), out);
  }
});
