// A server with its own certificate: pages, the API and event streams share one HTTP/2 connection, so the six
// connections that a browser allows itself over HTTP/1 do not limit them; the WebSocket has one of its own.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { browserFor, enter, line, say } from "../harness/browser.mjs";
import { fresh } from "../harness/client.mjs";
import { Server } from "../harness/server.mjs";

const folder = mkdtempSync(join(tmpdir(), "alert-http2-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];

const browser = browserFor();
let server;
before(async () => {
  const name = ["-subj", "/CN=alert", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", cert];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  execFileSync("openssl", ["req", "-x509", "-nodes", ...kind, ...files, ...name], { stdio: "pipe" });
  server = await new Server(["--tls-cert", cert, "--tls-key", key]).start();
  server.url = `https://${server.host}`;
});
after(() => server?.stop());

/** Somebody whose browser does not know who signed the certificate, and goes on. */
const visit = () => browser.visit({ ignoreHTTPSErrors: true });

/** The protocols over which the page was given what lies under this path. */
const protocols = (page, path) =>
  page.evaluate(
    (path) => [
      ...new Set(
        performance
          .getEntries()
          .filter((one) => one.nextHopProtocol !== undefined && new URL(one.name).pathname.startsWith(path))
          .map((one) => one.nextHopProtocol),
      ),
    ],
    path,
  );

it("twenty event streams of one page are open at once, and requests go through beside them", async () => {
  const page = await visit();
  await page.goto(`${server.url}/docs/`);
  const room = fresh("room");
  await page.evaluate((room) => {
    window.heard = Array.from({ length: 20 }, () => []);
    window.opened = 0;
    window.sources = window.heard.map((heard) => {
      const source = new EventSource(`/v1/rooms/${room}/events`);
      source.addEventListener("open", () => (window.opened += 1));
      source.addEventListener("message", ({ data }) => heard.push(JSON.parse(data).msg));
      return source;
    });
  }, room);
  await page.waitForFunction(() => window.opened === 20);
  const texts = ["one", "two", "three"];
  for (const text of texts) {
    const status = await page.evaluate(
      async ([room, body]) => (await fetch(`/v1/rooms/${room}/messages`, { method: "POST", body })).status,
      [room, text],
    );
    assert.equal(status, 202);
  }
  await page.waitForFunction(() => window.heard.every((heard) => heard.length === 3));
  assert.deepEqual(
    await page.evaluate(() => window.heard[19]),
    texts.map((text) => `http: ${text}`),
  );
  await page.evaluate(() => {
    for (const source of window.sources) source.close();
  });
  assert.deepEqual(await protocols(page, "/docs/"), ["h2"]);
  assert.deepEqual(await protocols(page, "/v1/rooms/"), ["h2"]);
});

it("nine tabs of one visitor talk, with an event stream in each", async () => {
  const first = await visit();
  const tabs = [first];
  while (tabs.length < 9) tabs.push(await browser.page(first.context()));
  const room = fresh("room");
  for (const [index, tab] of tabs.entries()) {
    await enter(tab, server, `Ada ${index}`, room);
    await tab.evaluate((room) => {
      window.heard = [];
      const source = new EventSource(`/v1/rooms/${room}/events`);
      source.addEventListener("message", ({ data }) => window.heard.push(JSON.parse(data).msg));
      return new Promise((resolve) => source.addEventListener("open", resolve));
    }, room);
  }
  await say(tabs[8], "Good morning");
  for (const tab of tabs) {
    await line(tab, "message", "Ada 8: Good morning");
    await tab.waitForFunction(() => window.heard.includes("Ada 8: Good morning"));
  }
  assert.deepEqual(await protocols(tabs[8], "/assets/"), ["h2"]);
});
