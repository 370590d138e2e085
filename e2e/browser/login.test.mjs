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
  it(`the button makes a fresh room code, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const page = await browser.visit({ javaScriptEnabled });
    const codes = new Set();
    await page.goto(`${server.url}/v1`);
    await page.locator("#name").fill("Ada");
    for (let round = 0; round < 3; round += 1) {
      const before = await page.locator("#room").inputValue();
      await page.locator("#fresh").click();
      await page.waitForFunction((before) => document.querySelector("#room").value !== before, before);
      const code = await page.locator("#room").inputValue();
      assert.match(code, /^[0-9A-HJKMNP-TV-Z]{3}(-[0-9A-HJKMNP-TV-Z]{3}){2}$/);
      codes.add(code);
    }
    assert.equal(codes.size, 3);
    assert.equal(await page.locator("#name").inputValue(), "Ada");
  });
}

it("a code that was typed before the button made another can be put back", async () => {
  const page = await browser.visit();
  await page.goto(`${server.url}/v1`);
  await page.locator("#room").fill("engine");
  await page.locator("#fresh").click();
  await page.locator("#fresh").click();
  assert.notEqual(await page.locator("#room").inputValue(), "engine");
  await page.getByRole("button", { name: "Put engine back" }).click();
  assert.equal(await page.locator("#room").inputValue(), "engine");
  assert.equal(await page.evaluate(() => document.activeElement.id), "room");
});

for (const javaScriptEnabled of [true, false]) {
  it(`whoever was invited keeps the room, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const page = await browser.visit({ javaScriptEnabled, mayFail: true });
    await page.goto(`${server.url}/v1?room=engine`);
    assert.equal(await page.locator("#fresh").count(), 0);
    await page.locator("#enter").click();
    await page.locator("#name-error").waitFor();
    assert.equal(await page.locator("#fresh").count(), 0, "also after a mistake");
    assert.equal(await page.locator("#room").inputValue(), "engine");
    await page.locator(".door-fresh a").click();
    assert.equal(page.url(), `${server.url}/v1`);
    assert.equal(await page.locator("#fresh").count(), 1, "another room is one click away");
  });
}

it("a code that is longer than its field is shown in full", async () => {
  const page = await browser.visit({ viewport: { width: 360, height: 640 } });
  await page.goto(`${server.url}/v1?room=7C0F2E9A41D84B6FA3520C9E6D18B7F4`);
  const groups = await page.locator("#whole span").allInnerTexts();
  assert.deepEqual(groups, ["7C0F", "2E9A", "41D8", "4B6F", "A352", "0C9E", "6D18", "B7F4"]);
  await page.locator("#room").fill("K7Q-FM2-XD9");
  assert.equal(await page.locator("#whole").isVisible(), false);
});

it("a browser that keeps no cookies is told so, before and after the form", async () => {
  const page = await browser.visit();
  await page.route("**/v1", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    const { "set-cookie": cookie, ...headers } = (await route.fetch({ maxRedirects: 0 })).headers();
    assert.match(cookie, /alert_session/);
    await page.context().clearCookies();
    await route.fulfill({ status: 303, headers });
  });
  await page.goto(`${server.url}/v1`);
  await page.locator("#name").fill("Ada");
  await page.locator("#room").fill("engine");
  await page.locator("#enter").click();
  await page.waitForURL(`${server.url}/v1?room=engine&why=cookie-not-kept`);
  assert.match(await page.locator("#trouble").innerText(), /did not keep the login/);
  assert.equal(await page.locator("#room").inputValue(), "engine");

  const blocked = await browser.visit();
  await blocked.addInitScript(() => {
    Object.defineProperty(navigator, "cookieEnabled", { get: () => false });
  });
  await blocked.goto(`${server.url}/v1`);
  assert.match(await blocked.locator("#trouble").innerText(), /blocks cookies/);
});

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
