// Personal links: a token behind the "#" of an address, with which somebody comes in on the page as whoever it says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { browserFor, enter, leave, line, say, state, violations } from "../harness/browser.mjs";
import { fresh } from "../harness/client.mjs";
import { BINARY, Server } from "../harness/server.mjs";

const folder = mkdtempSync(join(tmpdir(), "alert-links-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const key = join(folder, "key.pem");
const browser = browserFor();
const servers = {};
before(async () => {
  alert("token", "keygen", key);
  for (const access of ["token", "open"]) {
    servers[access] = await new Server(["--access", access, "--token-keys", key]).start();
  }
});
after(() => Promise.all(Object.values(servers).map((server) => server.stop())));

function alert(...words) {
  return execFileSync(BINARY, words, { env: {}, encoding: "utf8" }).trim();
}

/** Beside a server, on its history. */
const beside = (server, ...words) =>
  execFileSync(BINARY, words, { env: { STATE_DIRECTORY: server.state }, encoding: "utf8" });

const link = (server, sub, room, ...more) =>
  alert("token", "mint", sub, "--room", room, "--key", key, "--link", server.url, ...more);

/** Opens a link, and enters as it says. */
async function comeIn(address, options) {
  const page = await browser.visit(options);
  await page.goto(address);
  await page.getByText("You are coming in with your personal link.").waitFor();
  await page.locator("#enter").click();
  await state(page, "connected");
  return page;
}

for (const access of ["token", "open"]) {
  describe(`--access ${access}`, () => {
    it("whoever opens a personal link is whoever it says, and speaks and hears; no request has the token", async () => {
      const server = servers[access];
      const room = fresh("room");
      const address = link(server, "u-17", room, "--name", "Ms Ortega");
      const token = address.split("#token=")[1];
      const page = await browser.visit();
      const seen = [];
      page.on("request", (request) => seen.push(request.url(), request.headers().referer ?? ""));
      await page.goto(address);
      await page.getByText("You are coming in with your personal link.").waitFor();
      assert.equal(page.url(), `${server.url}/v1?room=${room}`);
      assert.equal(await page.locator("#name").inputValue(), "Ms Ortega");
      assert.equal(await page.locator("#name").isEditable(), false);
      assert.deepEqual(await violations(page), []);
      await page.locator("#enter").click();
      await state(page, "connected");
      const ada = await comeIn(link(server, "Ada", room));
      await say(ada, "Hello");
      await line(page, "message", "Ada: Hello");
      await say(page, "Good morning");
      await line(ada, "message", "Ms Ortega: Good morning");
      // The tab goes on having it.
      await page.reload();
      await state(page, "connected");
      await say(page, "Still here");
      await line(ada, "message", "Ms Ortega: Still here");
      assert.ok(seen.length > 10 && seen.every((url) => !url.includes(token)));
      assert.ok(!server.log.includes(token));
    });

    it("a token that moderates makes its bearer a host, who passes no key on", async () => {
      const page = await comeIn(
        link(servers[access], "Ms Ortega", fresh("room"), "--can", "read,speak,moderate"),
      );
      await page.locator("#hosting-button").click();
      await page.getByRole("dialog", { name: "Host controls" }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Copy host link" }).isVisible(), false);
    });

    it("a link that does not count says so, and is put away", async () => {
      const server = servers[access];
      const room = fresh("room");
      const page = await browser.visit({ mayFail: true });
      await page.goto(`${link(server, "Ada", room).slice(0, -9)}AAAAAAAAA`);
      await page.locator("#enter").click();
      await page.getByText("Your personal link is not valid on this server.").waitFor();
      assert.equal(await page.locator("#login").isVisible(), access === "open");
      assert.deepEqual(await violations(page), []);
      await page.goto(`${server.url}/v1?room=${room}`);
      assert.equal(await page.getByText("You are coming in with your personal link.").count(), 0);
    });

    it("a link that is taken back while its bearer is in the room puts them out and says so", async () => {
      const server = servers[access];
      const room = fresh("room");
      const sub = fresh("Bea");
      const page = await comeIn(link(server, sub, room), { mayFail: true });
      await page.locator("#message").fill("half a sentence");
      beside(server, "token", "revoke", "--sub", sub);
      await page.getByRole("heading", { name: "Your personal link has been revoked" }).waitFor();
      assert.deepEqual(await violations(page), []);
      const without = page.getByRole("button", { name: "Enter without it" });
      assert.equal(await without.isVisible(), access === "open");
      if (access === "open") await without.click();
      else await page.reload();
      if (access === "open") await state(page, "connected");
      else await page.getByRole("heading", { name: "You need a personal link to come in" }).waitFor();
    });
  });
}

it("where tokens are asked for, whoever has none is told what is missing and whom to ask", async () => {
  const server = servers.token;
  const room = fresh("room");
  const page = await browser.visit({ mayFail: true });
  await page.goto(`${server.url}/v1?room=${room}`);
  await page.getByText("ask whoever invited you, or whoever runs this server").waitFor();
  assert.equal(await page.locator("#login").isVisible(), false);
  assert.deepEqual(await violations(page), []);
  // The login of another tab does not let this one in.
  const other = await comeIn(link(server, "Ada", room));
  const second = await browser.page(other.context(), { mayFail: true });
  await second.goto(`${server.url}/v1/chat?room=${room}`);
  await second.getByRole("heading", { name: "You need a personal link to come in" }).waitFor();
  assert.deepEqual(await violations(second), []);
  // The link over the page that asks for it.
  await page.goto(link(server, "Cleo", room));
  await page.locator("#enter").click();
  await state(page, "connected");
});

it("where tokens are asked for, a link that expires puts its bearer out and says so", async () => {
  const page = await comeIn(link(servers.token, "Ada", fresh("room"), "--for", "3s"), { mayFail: true });
  await page.getByRole("heading", { name: "Your personal link has expired" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Enter without it" }).count(), 0);
});

it("on an open server, the bearer of a link that expires goes on as a guest, and is told so", async () => {
  const room = fresh("room");
  const options = ["--can", "read,speak,moderate", "--for", "3s"];
  const page = await comeIn(link(servers.open, "Ms Ortega", room, ...options), { mayFail: true });
  await page.getByText("Your personal link has expired, so you are here as a guest now.").waitFor();
  await state(page, "connected");
  assert.equal(await page.locator("#hosting-button").isVisible(), false);
  await say(page, "Still here");
  await line(page, "message", "Ms Ortega: Still here");
});

it("two links to one room in two tabs of one browser are two people", async () => {
  const server = servers.token;
  const room = fresh("room");
  const ada = await comeIn(link(server, "Ada", room));
  const bea = await browser.page(ada.context());
  await bea.goto(link(server, "Bea", room));
  await bea.locator("#enter").click();
  await state(bea, "connected");
  await ada.reload();
  await state(ada, "connected");
  await say(ada, "Hello");
  await line(bea, "message", "Ada: Hello");
  assert.equal(await ada.locator("#chat").getAttribute("data-name"), "Ada");
});

it("a link that lets its bearer only read offers no input, and says why", async () => {
  const page = await comeIn(link(servers.token, "Ada", fresh("room"), "--can", "read"));
  await page.getByText("Your personal link lets you read, but not write.").waitFor();
  assert.equal(await page.locator("#message").isVisible(), false);
  assert.deepEqual(await violations(page), []);
});

it("a link for all rooms lets into each, and one for another room says so", async () => {
  const server = servers.token;
  const all = alert("token", "mint", "Ada", "--prefix", "", "--key", key, "--link", server.url);
  const page = await browser.visit({ mayFail: true });
  await page.goto(all);
  await page.locator("#room").fill(fresh("room"));
  await page.locator("#enter").click();
  await state(page, "connected");
  const room = fresh("room");
  await page.goto(link(server, "Ada", fresh("other")).replace(/room=[^#]*/, `room=${room}`));
  await page.locator("#enter").click();
  await page.getByText("Your personal link does not let you into this room.").waitFor();
});

it("whoever leaves, or says that the link is not theirs, leaves no token in the tab", async () => {
  const server = servers.open;
  const room = fresh("room");
  const page = await comeIn(link(server, "Ms Ortega", room));
  await leave(page);
  assert.equal(await page.evaluate(() => sessionStorage.getItem("alert.token")), null);
  await page.goto(link(server, "Ms Ortega", room));
  await page.getByRole("button", { name: "Not you? Put it away" }).click();
  await page.waitForFunction(() => !document.querySelector("#name").readOnly);
  assert.equal(await page.evaluate(() => sessionStorage.getItem("alert.token")), null);
  await enter(page, server, "Ada", room);
});
