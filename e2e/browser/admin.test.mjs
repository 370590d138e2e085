// The page for whoever runs the server, in a real browser: what it shows is what happens, and who may come in.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, afterEach, before, it } from "node:test";
import { browserFor, violations } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { request } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";

const TOKEN = "0123456789abcdef";
const HERE = ["--admin-listen", "127.0.0.1:0"];
/** Where to put screenshots, for people who look at them. */
const SHOTS = process.env.ADMIN_SHOTS;
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

const open = new Server(HERE);
const closed = new Server([...HERE, "--admin-token", TOKEN]);
const browser = browserFor();
before(() => Promise.all([open.start(), closed.start()]));
after(() => Promise.all([open.stop(), closed.stop()]));
afterEach(() => Client.closeAll());

async function admin(server) {
  const line = await server.logged(/a page at \/admin/);
  return line.match(/http:\/\/[\d.:]+/)[0];
}

async function visit(server, options) {
  const page = await browser.visit(options);
  await page.goto(`${await admin(server)}/admin`);
  return page;
}

const live = (page) => page.locator("#state[data-state=live]").waitFor();
const shot = (page, name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });

/** On a narrow page too, each button of a list is as large as a finger and has its word on one line; nothing is cut off. */
async function areButtons(page, list) {
  const before = page.viewportSize();
  for (const width of [360, before.width]) {
    await page.setViewportSize({ ...before, width });
    for (const button of await page.locator(`${list} button`).all()) {
      const box = await button.boundingBox();
      assert.ok(box.width >= 44 && box.height >= 44 && box.height < 60, `${box.width} by ${box.height}`);
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} wide`);
    await shot(page, `${list.slice(1)}-${width}`);
  }
}

/** Waits until a tile shows a figure. */
const tile = (page, title, pattern) =>
  eventually(`${title} to be ${pattern}`, async () => {
    const text = await page.locator(".tile", { hasText: title }).locator(".figure").textContent();
    return pattern.test(text ?? "");
  });

it("shows who is where and what is said, as it happens", async () => {
  const [room, other] = [fresh("math"), fresh("art")];
  const ada = await Client.inRoom(open, room, "Ada");
  await Client.inRoom(open, room, "Bob", "polling");
  const page = await visit(open);
  await live(page);
  await tile(page, "People", /^2$/);
  await Client.inRoom(open, other, "Cyd");
  await tile(page, "People", /^3$/);
  assert.deepEqual(await page.locator("#rooms .admin-room").allTextContents(), [room, other]);
  const talk = setInterval(() => ada.socket.emit("text", { msg: "hello" }), 20);
  await tile(page, "Messages/s", /^[1-9]/);
  await eventually("the room's rate", async () => {
    const rate = await page.locator("#rooms tr", { hasText: room }).locator("td").last().textContent();
    return Number.parseFloat(rate) > 1;
  });
  clearInterval(talk);
  await page.locator("#filter").fill(other.toUpperCase());
  assert.deepEqual(await page.locator("#rooms .admin-room").allTextContents(), [other]);
  await page.locator("#filter").fill("nowhere");
  await page.getByText("No room has that in its code.").waitFor();
  await page.locator("#filter").fill("");
  await page.getByRole("button", { name: room }).click();
  await page.getByText("2 people.").waitFor();
  const listening = new AbortController();
  await fetch(`${open.url}/v1/rooms/${room}/events`, { signal: listening.signal });
  await page.getByText("2 people, and 1 listening without being in the room.").waitFor();
  listening.abort();
  assert.deepEqual((await page.locator("#room-people .what").allTextContents()).sort(), ["Ada", "Bob"]);
  await page.keyboard.press("Escape");
  ada.socket.close();
  await page
    .getByText("client closed")
    .or(page.getByText("namespace left"))
    .or(page.getByText("close packet"))
    .or(page.getByText("connection lost"))
    .first()
    .waitFor();
});

it("says something to all rooms, when asked twice and not before", async () => {
  const members = await Promise.all(
    ["one", "two", "three"].map((name) => Client.inRoom(open, fresh(name), name)),
  );
  const page = await visit(open);
  await live(page);
  await tile(page, "Rooms", /^3$/);
  await page.locator("#say-text").fill("Fire drill at ten");
  await page.getByRole("button", { name: "Say it" }).first().click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Say it" }).first().click();
  await page.getByText("Say this in 3 rooms?").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Say it" }).click();
  await page.getByText("Said in 3 rooms.").waitFor();
  for (const member of members) await member.waitFor("message", "Announcement: Fire drill at ten");
});

it("removes a person, closes a room and opens it again, asks before, and says what was done", async () => {
  const room = fresh("rude");
  const [ada, bob] = await Promise.all(["Ada", "Bob"].map((name) => Client.inRoom(open, room, name)));
  const page = await visit(open);
  await live(page);
  await page.getByRole("button", { name: room }).click();
  await page.getByRole("button", { name: "Remove Bob", exact: true }).dblclick();
  const asking = page.locator("#asking");
  await asking.getByText("Remove Bob from the room?").waitFor();
  await page.getByText("2 people.").waitFor();
  await asking.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Remove Bob", exact: true }).click();
  await asking.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("1 person.").waitFor();
  await page.locator("#audit", { hasText: "The administrator removed Bob from the room" }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Close the room" }).click();
  await asking.getByRole("button", { name: "Close the room" }).click();
  await page.getByText("The room is closed").waitFor();
  const late = await Client.connect(open);
  assert.notEqual((await late.join(room, "Cyd")).ok, true);
  await page.getByRole("button", { name: "Open the room again" }).click();
  await page.getByRole("button", { name: "Close the room" }).waitFor();
  assert.equal((await late.join(room, "Cyd")).ok, true);
  assert.ok(ada && bob);
});

it("lists who is banned in all rooms, with the end, and lifts it", async () => {
  const post = async (path, body, headers = {}) => {
    const answer = await fetch(`${open.url}/v1/rooms${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, path);
    return answer.json();
  };
  const rooms = [await post("", {}), await post("", {})];
  const act = ({ room, host }, body) => post(`/${room}/actions`, body, { "alert-host-key": host });
  const page = await visit(open);
  await live(page);
  await page.getByText("Nobody is banned.").waitFor();
  await act(rooms[0], { action: "ban", name: "Mallory" });
  await act(rooms[1], { action: "ban", address: "192.0.2.7", for: "1h" });
  await page.getByText(`${rooms[0].room}, without an end`).waitFor();
  await page.getByText(`${rooms[1].room}, until `).waitFor();
  assert.deepEqual(await page.locator("#bans li .what").count(), 2);
  assert.deepEqual(await violations(page), []);
  await areButtons(page, "#bans");
  const late = await Client.connect(open);
  assert.notEqual((await late.join(rooms[0].room, "Mallory")).ok, true);
  await page.getByRole("button", { name: `Lift the ban of Mallory in ${rooms[0].room}` }).click();
  await page.getByText(`${rooms[0].room}, without an end`).waitFor({ state: "detached" });
  await page.locator("#bans button:focus").waitFor();
  assert.equal((await late.join(rooms[0].room, "Mallory")).ok, true);
  await page.getByRole("button", { name: /Lift the ban of 192\.0\.2\.7/ }).click();
  await page.getByText("Nobody is banned.").waitFor();
  const { audit } = await act(rooms[0], { action: "audit" });
  assert.deepEqual(
    [audit[0].action, audit[0].by, audit[0].to],
    ["unban", "whoever runs the server", "Mallory"],
  );
});

it("lists what webhooks could not deliver, sends it again, and says why that fails", async () => {
  const page = await browser.visit({ mayFail: true });
  // Nobody waits for a day here: tests/api/webhooks.rs has real ones.
  const letter = {
    ...{
      room: "K7Q-FM2-XD9",
      webhook: "7k3m9q2x",
      id: "message_8f3a1c20b7d400000000100000000039",
      kind: "message",
    },
    ...{
      at: 1_796_000_000_000,
      attempts: 12,
      why: "it answers 500 Internal Server Error",
      can_be_sent: true,
    },
  };
  const long = { ...letter, id: "message_8f3a1c20b7d40000000010000000003a", can_be_sent: false };
  let letters = [letter, long];
  const asked = [];
  await page.route("**/admin/letters", (route) => route.fulfill({ json: { letters, more: false } }));
  await page.route("**/admin/letters/*", (route) => {
    asked.push([new URL(route.request().url()).pathname, route.request().postDataJSON().id]);
    if (asked.length === 1) {
      letters = letters.map((one) => ({ ...one, attempts: one.id === letter.id ? 13 : 12 }));
      return route.fulfill({ status: 422, body: "It failed again: it answers 500.\n" });
    }
    letters = letters.filter(({ id }) => id !== asked.at(-1)[1]);
    return route.fulfill({ json: {} });
  });
  await page.goto(`${await admin(open)}/admin`);
  const card = page.locator("#letters-card");
  await card.getByText("message: it answers 500 Internal Server Error").first().waitFor();
  assert.deepEqual(await violations(page), []);
  await areButtons(page, "#letters");
  await shot(page, "letters");
  const [send, drop] = await card.locator("li").first().getByRole("button").all();
  assert.equal((await send.boundingBox()).y, (await drop.boundingBox()).y, "side by side");
  assert.equal(await card.getByRole("button", { name: "Send" }).count(), 1, "one was too long to be kept");
  const focused = (name) => card.locator(":focus").and(card.getByRole("button", { name })).waitFor();
  await card.getByRole("button", { name: "Send" }).press("Enter");
  await card.getByText("It failed again: it answers 500.").waitFor();
  await card.getByText("tried 13 times").waitFor();
  await focused(`Send ${letter.id}`);
  await page.keyboard.press("Enter");
  await card.getByText("Delivered.").waitFor();
  await focused(`Drop ${long.id}`);
  await page.keyboard.press("Enter");
  await page.getByText("Drop this for good?").waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Escape");
  await focused(`Drop ${long.id}`);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Drop it" }).click();
  await card.getByText("Dropped.").waitFor();
  await card.locator("h2:focus").waitFor();
  assert.deepEqual(asked, [
    ["/admin/letters/send", letter.id],
    ["/admin/letters/send", letter.id],
    ["/admin/letters/drop", long.id],
  ]);
  await page.close();
});

it("says when the server does not answer, and goes on when it does", async () => {
  const server = await new Server(HERE).start();
  const page = await visit(server, { mayFail: true });
  await live(page);
  server.signal("SIGSTOP");
  await page.locator("#state[data-state=away]").waitFor();
  server.signal("SIGCONT");
  await live(page);
  await server.stop();
});

it("without a token there is nothing to be seen, and with one there is until one signs out", async () => {
  const page = await visit(closed, { mayFail: true });
  const token = page.getByLabel("Token");
  assert.deepEqual(await violations(page), []);
  await token.fill("0123456789abcdee");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This is not a token of this server.").waitFor();
  assert.deepEqual(await violations(page), []);
  await token.fill(TOKEN);
  await token.press("Enter");
  await live(page);
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.value.includes(TOKEN)], [true, "Strict", false]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await token.waitFor();
  const url = await admin(closed);
  const headers = { cookie: `alert_admin=${cookie.value}` };
  assert.equal(
    (await request(`${url}/admin/state`, { headers })).status,
    401,
    "the cookie is worth nothing now",
  );
});

it("what another site could send does nothing", async () => {
  const url = await admin(open);
  const host = new URL(url).host;
  const member = await Client.inRoom(open, fresh("room"), "Ada");
  const body = JSON.stringify({ name: "Eve", text: "evil" });
  const json = { "content-type": "application/json" };
  for (const headers of [
    { ...json, origin: "https://evil.example" },
    { ...json, "sec-fetch-site": "cross-site" },
    { ...json, "sec-fetch-site": "same-site" },
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { ...json, origin: "null" },
  ]) {
    const { status } = await request(`${url}/admin/announce`, { method: "POST", headers, body });
    assert.equal(status, 403, JSON.stringify(headers));
  }
  const own = { ...json, origin: `http://${host}`, "sec-fetch-site": "same-origin" };
  const invalid = JSON.stringify({ name: "", text: "x" });
  assert.equal(
    (await request(`${url}/admin/announce`, { method: "POST", headers: own, body: invalid })).status,
    422,
  );
  await member.ask("text", { msg: "fence" });
  assert.ok(!JSON.stringify(member.heard).includes("evil"));
  const { headers } = await request(`${url}/admin`);
  assert.match(headers["content-security-policy"], /default-src 'none'; script-src 'self'/);
  assert.equal(headers["x-frame-options"], "DENY");
});

for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport] of [
    ["projector", { width: 1920, height: 1080 }],
    ["wide", { width: 1200, height: 800 }],
    ["narrow", { width: 360, height: 740 }],
  ]) {
    it(`in ${colorScheme}, ${size}: axe finds nothing, and nothing is cut off`, async () => {
      const long = fresh("a-room-with-a-long-code-that-does-not-fit-into-a-narrow-column-of-the-table");
      const ada = await Client.inRoom(open, long, "Ada");
      for (let count = 0; count < 9; count++) await Client.inRoom(open, fresh("class"), `Pupil ${count}`);
      const page = await visit(open, { colorScheme, viewport });
      await live(page);
      await page.locator("#rooms tr").nth(9).waitFor();
      const talk = setInterval(() => ada.socket.emit("text", { msg: "hello" }), 20);
      await tile(page, "Messages/s", /^[1-9]/);
      if (SHOTS) await new Promise((resolve) => setTimeout(resolve, 9000));
      clearInterval(talk);
      assert.deepEqual(await violations(page), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${width} wide`);
      await shot(page, `${colorScheme}-${size}`);
      await page.getByRole("button", { name: long }).click();
      await page.getByText("1 person.").waitFor();
      assert.deepEqual(await violations(page), []);
      await page.locator("#room-leave").click();
      await page.locator("#say-text").fill("Fire drill at ten");
      await page.locator("#say button").press("Enter");
      await page.locator("#asking[open]").waitFor();
      assert.deepEqual(await violations(page), []);
      await shot(page, `${colorScheme}-${size}-sure`);
    });
  }
}

it("is worked with the keyboard alone, and the focus stays while rows change", async () => {
  const room = fresh("keys");
  await Client.inRoom(open, room, "Ada");
  const page = await visit(open);
  // Those of the test before leave after their grace.
  await tile(page, "Rooms", /^1$/);
  await page.locator("#filter").focus();
  await page.keyboard.press("Tab");
  const focused = () => page.evaluate(() => document.activeElement.dataset.room);
  assert.equal(await focused(), room);
  for (const name of ["Bob", "Cyd"]) await Client.inRoom(open, fresh("more"), name);
  await tile(page, "People", /^3$/);
  assert.equal(await focused(), room);
  await page.keyboard.press("Enter");
  await page.getByText("1 person.").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await focused(), room);
});

it("people stand one in a row, with a button that a finger hits, and the focus goes on after each step", async () => {
  const room = fresh("rows");
  for (const name of ["Ada", "Bob", "Cyd"]) await Client.inRoom(open, room, name);
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
  ]) {
    const page = await visit(open, { viewport });
    await live(page);
    await page.getByRole("button", { name: room }).click();
    await page.getByText("3 people.").waitFor();
    const boxes = [];
    for (const row of await page.locator("#room-people li").all()) boxes.push(await row.boundingBox());
    assert.equal(new Set(boxes.map(({ x }) => x)).size, 1);
    assert.equal(new Set(boxes.map(({ y }) => y)).size, 3);
    for (const button of await page.locator("#room-people button").all()) {
      const { width, height } = await button.boundingBox();
      assert.ok(width >= 44 && height >= 44, `${width} by ${height}`);
    }
  }
  const page = await visit(open);
  await live(page);
  const focused = () =>
    page.evaluate(() => {
      const { ariaLabel, id, dataset } = document.activeElement;
      return ariaLabel ?? (id || dataset.room);
    });
  await page.getByRole("button", { name: room }).press("Enter");
  for (const [who, next] of [
    ["Ada", "Remove Bob"],
    ["Cyd", "Remove Bob"],
    ["Bob", "room-leave"],
  ]) {
    await page.getByRole("button", { name: `Remove ${who}`, exact: true }).press("Enter");
    await page.locator("#asking").getByRole("button", { name: "Remove", exact: true }).press("Enter");
    await page.getByRole("button", { name: `Remove ${who}`, exact: true }).waitFor({ state: "detached" });
    await eventually(`the focus on ${next}`, async () => (await focused()) === next);
  }
  // The room has gone with its last person, and with it the row.
  await page.locator(`#rooms [data-room="${room}"]`).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await eventually("the focus on the filter", async () => (await focused()) === "filter");
});

it("given rows that change while a room's dialog is open, when it closes the focus is on the room again", async () => {
  const room = fresh("stays");
  await Client.inRoom(open, room, "Ada");
  const page = await visit(open);
  await live(page);
  await page.getByRole("button", { name: room }).press("Enter");
  await page.getByText("1 person.").waitFor();
  const busier = fresh("busier");
  for (const name of ["Bob", "Cyd", "Dee"]) await Client.inRoom(open, busier, name);
  await page.locator(`#rooms [data-room="${busier}"]`).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.room), room);
});
