// The page in a frame of another page: of another site and of the same, over https and http; and of a site that is not
// named. The browser blocks cookies of other sites, except those that each site has for itself (CHIPS).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { browserFor, enter, line, say, state } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { Server } from "../harness/server.mjs";

const folder = mkdtempSync(join(tmpdir(), "alert-frames-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
const name = ["-subj", "/CN=alert", "-addext", "subjectAltName=DNS:alert.school.test,IP:127.0.0.1"];
const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
execFileSync("openssl", ["req", "-x509", "-nodes", ...kind, "-keyout", key, "-out", cert, ...name], {
  stdio: "pipe",
});

const browser = browserFor("--test-third-party-cookie-phaseout");

/** A visitor to pages with frames, into which no browser lets the focus jump. */
const visit = (options) =>
  browser.visit({ ignoreHTTPSErrors: true, mayFrame: true, mayFail: /Blocked autofocusing/, ...options });

/** Other people's pages, under every name: each shows in a frame what its query says. */
async function embedder(scheme) {
  const answer = (request, response) => {
    const shown = new URL(request.url, "http://x").searchParams.get("shows");
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>Other</title><link rel="icon" href="data:,">
      <iframe src="${shown.replaceAll("&", "&amp;")}" width="900" height="650"></iframe>`);
  };
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  const server = scheme === "https" ? https.createServer(tls, answer) : http.createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  const at = (host) => `${scheme}://${host}:${port}`;
  const end = () => server.closeAllConnections() ?? server.close();
  return { at, showing: (host, shown) => `${at(host)}/?${new URLSearchParams({ shows: shown })}`, end };
}

/** The frame that shows a page of this origin, once it is there. */
async function frameOf(page, origin) {
  for (;;) {
    const found = page
      .frames()
      .find((frame) => frame.parentFrame() !== null && frame.url().startsWith(origin));
    if (found !== undefined) return found;
    await page.waitForEvent("framenavigated");
  }
}

async function fillIn(frame, who) {
  await frame.locator("#name").fill(who);
  await frame.locator("#enter").click();
}

/** Logs in within the frame, says something and hears something. */
async function talk(frame, server, room) {
  await fillIn(frame, "Ada");
  await state(frame, "connected");
  const bell = await Client.connect(server, "websocket", { rejectUnauthorized: false });
  await bell.join(room, "Bell");
  await say(frame, "From the frame");
  await bell.waitFor("message", "Ada: From the frame");
  await bell.ask("text", { msg: "Class ends in 5 minutes" });
  await line(frame, "message", "Bell: Class ends in 5 minutes");
  Client.closeAll();
}

for (const scheme of ["https", "http"]) {
  describe(`over ${scheme}`, () => {
    let server, others, origin;
    before(async () => {
      others = await embedder(scheme);
      const named = ["other.test", "*.school.test"].flatMap((host) => ["--frame-ancestors", others.at(host)]);
      const tls = scheme === "https" ? ["--tls-cert", cert, "--tls-key", key] : [];
      server = await new Server(["--allow-host", "alert.school.test", ...named, ...tls]).start();
      server.url = `${scheme}://${server.host}`;
      origin = `${scheme}://alert.school.test:${server.port}`;
    });
    after(async () => {
      others?.end();
      await server?.stop();
    });

    it("in a frame of the same site a person logs in, speaks, hears, and is known when the page comes again", async () => {
      const page = await visit();
      const room = fresh("room");
      await page.goto(others.showing("intranet.school.test", `${origin}/v1?room=${room}`));
      await talk(await frameOf(page, origin), server, room);
      await page.reload();
      assert.equal(await (await frameOf(page, origin)).locator("#name").inputValue(), "Ada");
      // The same person in a window of its own, and back.
      await page.goto(`${origin}/v1/chat?room=${room}`);
      await state(page, "connected");
      await enter(page, server, "Bea", room, origin);
      await page.goto(others.showing("intranet.school.test", `${origin}/v1?room=${room}`));
      const frame = await frameOf(page, origin);
      assert.equal(await frame.locator("#name").inputValue(), "Bea");
      await fillIn(frame, "Cleo");
      await state(frame, "connected");
    });

    it("a site that is not named shows nothing, not even through one that is", async () => {
      const page = await visit({ mayFail: /frame-ancestors/ });
      const login = `${origin}/v1?room=engine`;
      const inside = others.showing("other.test", login);
      for (const [host, shown] of [
        ["evil.test", login],
        ["other.test.evil.test", login],
        ["school.test", login],
        ["evil.test", inside],
      ]) {
        const refused = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors"));
        await page.goto(others.showing(host, shown));
        await refused;
        const frames = page.frames().slice(1);
        assert.ok(
          frames.every((frame) => !frame.url().startsWith(origin)),
          `${host}: ${frames.map((frame) => frame.url())}`,
        );
      }
    });
  });
}

describe("of another site", () => {
  let secure, plain, overHttps, overHttp;
  before(async () => {
    [overHttps, overHttp] = [await embedder("https"), await embedder("http")];
    const named = [overHttps, overHttp].flatMap((others) => ["--frame-ancestors", others.at("other.test")]);
    const hosts = ["--allow-host", "alert.school.test"];
    secure = await new Server([...hosts, ...named, "--tls-cert", cert, "--tls-key", key]).start();
    secure.url = `https://${secure.host}`;
    plain = await new Server([...hosts, ...named]).start();
  });
  after(async () => {
    for (const others of [overHttps, overHttp]) others?.end();
    for (const server of [secure, plain]) await server?.stop();
  });

  it("over https a person logs in, speaks and hears, and each site has a login of its own", async () => {
    const page = await visit();
    const origin = `https://alert.school.test:${secure.port}`;
    for (const others of [overHttps, overHttp]) {
      const room = fresh("room");
      await page.goto(others.showing("other.test", `${origin}/v1?room=${room}`));
      const frame = await frameOf(page, origin);
      assert.equal(await frame.locator("#name").inputValue(), "");
      await talk(frame, secure, room);
      await page.reload();
      assert.equal(await (await frameOf(page, origin)).locator("#name").inputValue(), "Ada");
    }
    await page.goto(`${origin}/v1`);
    assert.equal(await page.locator("#name").inputValue(), "");
    const cookies = (await page.context().cookies()).map(({ name, sameSite }) => [name, sameSite]);
    assert.deepEqual(new Set(cookies.map(String)), new Set(["__Host-alert_framed,None"]));
  });

  it("over http the page says what happened, and leads to a window of its own", async () => {
    const page = await visit({ mayOpen: true });
    const origin = `http://alert.school.test:${plain.port}`;
    const room = fresh("room");
    await page.goto(overHttp.showing("other.test", `${origin}/v1?room=${room}`));
    const frame = await frameOf(page, origin);
    await fillIn(frame, "Ada");
    await frame.getByText("Over http, browsers keep no login for it there.").waitFor();
    const [own] = await Promise.all([
      page.waitForEvent("popup"),
      frame.getByRole("link", { name: "Open it in a window of its own" }).click(),
    ]);
    assert.equal(await own.locator("#room").inputValue(), room);
    await fillIn(own, "Ada");
    await state(own, "connected");
  });
});
