// The login page in a real browser.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, line, state } from "../harness/browser.mjs";
import { fresh } from "../harness/client.mjs";
import { request } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

it("the start leads to the login, and the login into the room", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await page.goto(server.url);
  assert.equal(new URL(page.url()).pathname, "/v1");
  await page.locator("#name").fill("Ada");
  await page.locator("#room").fill(room);
  await page.locator("#room").press("Enter");
  await state(page, "connected");
  assert.equal(page.url(), `${server.url}/v1/chat?room=${room}`);
  await line(page, "status", "Ada has entered the room.");
});

it("errors stand beside their field, what was typed stays, and the focus is on the first wrong field", async () => {
  const page = await browser.visit({ mayFail: true });
  const cases = [
    ["", "", ["#name", "#room"]],
    ["", "engine", ["#name"]],
    ["Ada", " ", ["#room"]],
    ["x".repeat(65), "engine", ["#name"]],
    ["Ada", "x".repeat(129), ["#room"]],
    ["\u200B", "engine", ["#name"]],
  ];
  for (const [name, room, wrong] of cases) {
    await page.goto(`${server.url}/v1`);
    await page.locator("#name").fill(name);
    await page.locator("#room").fill(room);
    const [response] = await Promise.all([page.waitForEvent("response"), page.locator("#enter").click()]);
    assert.equal(response.status(), 422);
    await page.locator(`${wrong[0]}-error`).waitFor();
    for (const field of ["#name", "#room"]) {
      const isWrong = wrong.includes(field);
      assert.equal(
        await page.locator(`${field}-error`).count(),
        Number(isWrong),
        `${name}, ${room}: ${field}`,
      );
      assert.equal(await page.locator(field).getAttribute("aria-invalid"), isWrong ? "true" : null);
      if (isWrong) {
        const describedBy = await page.locator(field).getAttribute("aria-describedby");
        assert.ok(describedBy.split(" ").includes(`${field.slice(1)}-error`), describedBy);
      }
    }
    assert.equal(await page.locator("#name").inputValue(), name);
    assert.equal(await page.locator("#room").inputValue(), room);
    assert.equal(`#${await page.evaluate(() => document.activeElement.id)}`, wrong[0]);
  }
});

it("a link with a room fills it in", async () => {
  const page = await browser.visit();
  const room = 'a "room" & <more>';
  await page.goto(`${server.url}/v1?${new URLSearchParams({ room })}`);
  assert.equal(await page.locator("#room").inputValue(), room);
});

for (const javaScriptEnabled of [true, false]) {
  it(`the button makes a fresh room code of 128 bits, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const page = await browser.visit({ javaScriptEnabled });
    const codes = new Set();
    await page.goto(`${server.url}/v1`);
    await page.locator("#name").fill("Ada");
    for (let round = 0; round < 3; round += 1) {
      const before = await page.locator("#room").inputValue();
      await page.locator("#fresh").click();
      await page.waitForFunction((before) => document.querySelector("#room").value !== before, before);
      const code = await page.locator("#room").inputValue();
      assert.match(code, /^[0-9A-F]{32}$/);
      codes.add(code);
    }
    assert.equal(codes.size, 3);
    assert.equal(await page.locator("#name").inputValue(), "Ada");
  });
}

it("without JavaScript the login works up to the chat page, which says what is missing", async () => {
  const page = await browser.visit({ javaScriptEnabled: false });
  await page.goto(`${server.url}/v1`);
  await page.locator("#name").fill("Ada");
  await page.locator("#room").fill("engine");
  await page.locator("#enter").click();
  assert.equal(page.url(), `${server.url}/v1/chat?room=engine`);
  assert.match(await page.locator("noscript").innerText(), /JavaScript/);
});

it("the chat page without a session goes back to the login, with the room", async () => {
  const page = await browser.visit();
  await page.goto(`${server.url}/v1/chat?room=engine`);
  assert.equal(page.url(), `${server.url}/v1?room=engine`);
  assert.equal(await page.locator("#room").inputValue(), "engine");
});

it("two tabs can be in two rooms, under two names", async () => {
  const [first, second] = [fresh("room"), fresh("room")];
  const one = await browser.visit();
  await enter(one, server, "Ada", first);
  const two = await browser.page(one.context());
  await enter(two, server, "Countess", second);
  await one.reload();
  await line(one, "status", "Ada has entered the room.");
  await line(two, "status", "Countess has entered the room.");
});

it("pages forbid inline scripts, other hosts, framing and sniffing", async () => {
  for (const path of ["/v1", "/no-such-page"]) {
    const { headers } = await request(server.url + path);
    const policy = headers["content-security-policy"];
    assert.match(policy, /default-src '(none|self)'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:|upgrade-insecure-requests/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["strict-transport-security"], undefined);
  }
});

it("a login that another site sends is refused", async () => {
  const body = new URLSearchParams({ name: "Ada", room: "engine" }).toString();
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (const headers of [
    { origin: "https://foreign.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
  ]) {
    const response = await request(`${server.url}/v1`, {
      method: "POST",
      headers: { ...form, ...headers },
      body,
    });
    assert.equal(response.status, 403);
    assert.equal(response.headers["set-cookie"], undefined);
  }
});
