// A room with a host, in two browsers: what the host does, and what the guests see of it and can do.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, host, line, lines, say, state, violations } from "../harness/browser.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory", "--leave-grace", "100ms");
const browser = browserFor();
const WIDE = { width: 1200, height: 800 };
const NARROW = { width: 360, height: 640 };

/** A fresh room with its host in it: `[page, room]`. */
async function hosted(options) {
  const page = await browser.visit({ viewport: WIDE, ...options });
  return [page, await host(page, server)];
}

async function guest(room, name = "Ada", options = {}) {
  const page = await browser.visit(options);
  await enter(page, server, name, room);
  return page;
}

/** Opens the host controls. */
async function controls(page) {
  await page.locator("#hosting-button").click();
  const dialog = page.getByRole("dialog", { name: "Host controls" });
  await dialog.waitFor();
  return dialog;
}

/** Opens what can be done about a person. */
async function about(page, name) {
  await page.getByRole("button", { name: `What you can do about ${name}` }).click();
  const dialog = page.getByRole("dialog", { name, exact: true });
  await dialog.waitFor();
  return dialog;
}

const key = (page, room) => page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);

/** Tries to enter, and waits for the heading of the page for those who are not let in. */
async function keptOut(room, heading, name = "Bob") {
  const page = await browser.visit();
  await page.goto(`${server.url}/v1`);
  await page.locator("#name").fill(name);
  await page.locator("#room").fill(room);
  await page.locator("#enter").click();
  await page.getByRole("heading", { name: heading }).waitFor();
  return page;
}

it("whoever makes a room on the page is its host, and whoever only knows a code is not", async () => {
  const [page, room] = await hosted();
  assert.match(await key(page, room), /^host_[0-9a-f]{32}$/);
  await line(page, "status", "You are a host of this room.");
  await page.reload();
  await page.locator("#hosting-button").waitFor();
  const ada = await guest(room);
  assert.equal(await ada.locator("#hosting-button").isVisible(), false);
  assert.equal(await ada.locator(".more, .remove").count(), 0);
  const typed = await guest(`${room}-typed`);
  assert.equal(await typed.locator("#hosting-button").isVisible(), false);
});

it("hosts see what hosts did, in words, and what is done while they look", async () => {
  const [page, room] = await hosted();
  await guest(room, "Ada");
  const dialog = await controls(page);
  await dialog.getByText("What hosts did").click();
  await dialog.getByText("made the room").waitFor();
  await dialog.getByRole("switch", { name: "Lock the room" }).click();
  await dialog.getByText("Ms Ortega changed: Lock the room: on").waitFor();
  await dialog.getByRole("button", { name: "Close", exact: true }).click();
  await (await about(page, "Ada")).getByRole("button", { name: "Remove" }).click();
  await page.keyboard.press("Escape");
  await controls(page);
  await dialog.getByText("Ms Ortega removed Ada from the room").waitFor();
  assert.deepEqual(await violations(page), []);
});

it("the host link makes a host, and its key is in no address that a server sees or the browser shows", async () => {
  const [page, room] = await hosted();
  const secret = await key(page, room);
  const other = await browser.visit();
  const asked = [];
  other.on("request", (request) => asked.push(request.url()));
  await other.goto(`${server.url}/v1?room=${room}#host=${secret}`);
  await other.getByText("You enter this room as a host.").waitFor();
  assert.equal(other.url(), `${server.url}/v1?room=${room}`);
  await other.locator("#name").fill("Deputy");
  await other.locator("#enter").click();
  await other.locator("#hosting-button").waitFor();
  assert.ok(asked.length > 3 && asked.every((url) => !url.includes(secret)));
  const dialog = await controls(page);
  await dialog.getByRole("button", { name: "Make a new host link" }).click();
  await page
    .getByRole("dialog", { name: "Make a new host link?" })
    .getByText("Make a new host link", { exact: true })
    .click();
  await other.locator("#hosting-button").waitFor({ state: "hidden" });
  await other.getByText(/The host link has been replaced/).waitFor();
  assert.notEqual(await key(page, room), secret);
  await dialog.getByRole("switch", { name: "Lock the room" }).click();
  await line(other, "status", "The room is locked: nobody new can come in.");
});

it("the host link is copied from the host controls", async () => {
  const [page, room] = await hosted({ permissions: ["clipboard-read", "clipboard-write"] });
  const dialog = await controls(page);
  await dialog.getByRole("button", { name: "Copy host link" }).click();
  await dialog.getByText("Link copied").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, `${server.url}/v1?room=${room}#host=${await key(page, room)}`);
});

it("where only hosts write a guest raises a hand, gets the floor with one click, writes, and loses it", async () => {
  const [page, room] = await hosted();
  const [ada, bob] = [await guest(room), await guest(room, "Bob", { viewport: NARROW })];
  const dialog = await controls(page);
  await dialog.getByRole("radio", { name: "Only hosts" }).click();
  await ada.locator("#floor-text", { hasText: "Only hosts can write here." }).waitFor();
  assert.equal(await ada.locator("#message").isVisible(), false);
  await line(ada, "status", "From now on, only hosts can write.");
  await ada.getByRole("button", { name: "Raise your hand" }).click();
  await ada.locator("#floor-text", { hasText: "Your hand is up: you are number 1 in line." }).waitFor();
  await bob.getByRole("button", { name: "Raise your hand" }).click();
  await bob.locator("#floor-text", { hasText: "Your hand is up: you are number 2 in line." }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Host controls, 2 raised hands" }).waitFor();
  assert.deepEqual(await page.locator("#hands .hand-name").allInnerTexts(), [
    "Ada has raised a hand",
    "Bob has raised a hand",
  ]);
  await page.getByRole("button", { name: "Give the floor to Ada" }).click();
  await ada.locator("#floor-text", { hasText: "You have the floor: write to the room." }).waitFor();
  await bob.locator("#floor-text", { hasText: "Your hand is up: you are number 1 in line." }).waitFor();
  await say(ada, "a question");
  await line(page, "message", "Ada: a question");
  await page.getByRole("button", { name: "Not now: lower the hand of Bob" }).click();
  await bob.getByRole("button", { name: "Raise your hand" }).waitFor();
  await (await controls(page)).getByRole("button", { name: "Take the floor back from Ada" }).click();
  await ada.locator("#floor-text", { hasText: "Only hosts can write here." }).waitFor();
  await dialog.getByRole("radio", { name: "Everybody" }).click();
  await ada.locator("#message").waitFor();
  await say(ada, "thanks");
  await line(page, "message", "Ada: thanks");
});

it("a message that a host removes is gone for everybody, from earlier pages and for those who were away, too", async () => {
  const [page, room] = await hosted();
  const ada = await guest(room);
  for (const text of ["one", "rude", "three"]) await say(ada, text);
  await line(page, "message", "Ada: three");
  const rude = page.locator("#log .message", { hasText: "rude" });
  await rude.hover();
  await rude.getByRole("button", { name: "Remove the message of Ada: rude" }).click();
  await page
    .getByRole("dialog", { name: "Remove this message?" })
    .getByRole("button", { name: "Cancel" })
    .click();
  assert.equal(await rude.count(), 1);
  await rude.hover();
  await rude.locator(".remove").click();
  await page
    .getByRole("dialog", { name: "Remove this message?" })
    .getByRole("button", { name: "Remove" })
    .click();
  for (const one of [page, ada]) {
    await one.locator("#log .message", { hasText: "rude" }).waitFor({ state: "detached" });
    assert.deepEqual(await lines(one, "message"), ["Ada: one", "Ada: three"]);
  }
  await ada.context().setOffline(true);
  await state(ada, "lost");
  const first = page.locator("#log .message", { hasText: "one" });
  await first.hover();
  await first.locator(".remove").click();
  await page
    .getByRole("dialog", { name: "Remove this message?" })
    .getByRole("button", { name: "Remove" })
    .click();
  await first.waitFor({ state: "detached" });
  await ada.context().setOffline(false);
  await ada.locator("#log .message", { hasText: "one" }).waitFor({ state: "detached" });
  assert.deepEqual(await lines(ada, "message"), ["Ada: three"]);
});

it("a muted person is told until when, and writes again afterwards", async () => {
  const [page, room] = await hosted();
  const ada = await guest(room);
  let person = await about(page, "Ada");
  await person.getByRole("button", { name: "Mute" }).click();
  await person.waitFor({ state: "hidden" });
  await ada
    .locator("#floor-text", { hasText: /^A host has muted you until .+\. You can still read\.$/ })
    .waitFor();
  assert.equal(await ada.locator("#message").isVisible(), false);
  assert.equal(await ada.getByRole("button", { name: "Raise your hand" }).isVisible(), false);
  await page.locator("#members", { hasText: "muted" }).waitFor();
  person = await about(page, "Ada");
  await person.getByRole("button", { name: "Unmute" }).click();
  await ada.locator("#message").waitFor();
});

it("whoever is removed can come back, and whoever is banned cannot, until the ban is lifted", async () => {
  const [page, room] = await hosted();
  const ada = await guest(room);
  await (await about(page, "Ada")).getByRole("button", { name: "Remove" }).click();
  await ada.getByRole("heading", { name: "A host has removed you from the room" }).waitFor();
  await ada.getByRole("button", { name: "Come back in" }).click();
  await ada.locator("#message").waitFor();
  const person = await about(page, "Ada");
  await person.getByRole("button", { name: "Ban", exact: true }).click();
  await ada.getByRole("heading", { name: "You have been banned from this room" }).waitFor();
  await ada.getByText(/^The ban ends at .+\. After that you can come back in\.$/).waitFor();
  assert.equal(await ada.locator("#gate button").count(), 0, "trying again is of no use");
  assert.deepEqual(await ada.locator("#gate a").allTextContents(), ["Go to the start"]);
  await (await controls(page)).getByRole("button", { name: "Lift the ban: Ada" }).click();
  await page.getByRole("button", { name: "Lift the ban: Ada" }).waitFor({ state: "hidden" });
  await ada.reload();
  await ada.locator("#message").waitFor();
});

it("a host who acts on somebody who has just left is told so", async () => {
  const [page, room] = await hosted();
  const ada = await guest(room);
  const person = await about(page, "Ada");
  await ada.goto("about:blank");
  await page.locator("#count", { hasText: /^1$/ }).waitFor();
  await person.getByRole("button", { name: "Remove" }).click();
  await person.getByText("Not done: nobody of this name is in the room any more.").waitFor();
  await person.getByRole("button", { name: "Mute" }).click();
  await person.getByText(/^Done\. Nobody of this name is in the room now/).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Escape");
  await (await controls(page)).getByRole("button", { name: "Unmute: Ada" }).waitFor();
});

it("when a ban ends, whoever waits is offered to come back in", async () => {
  const [page, room] = await hosted();
  const ada = await guest(room);
  const secret = await key(page, room);
  const host = await V2.connect(server);
  await host.ask("join", { room, name: "Deputy", host: secret });
  await host.ask("moderate", { room, action: "ban", name: "Ada", for: 2 });
  await ada.getByRole("heading", { name: "You have been banned from this room" }).waitFor();
  await ada.getByRole("button", { name: "Come back in" }).click();
  await ada.locator("#message").waitFor();
});

it("a password is asked for in the page, and guesses are limited", async () => {
  const [page, room] = await hosted();
  const dialog = await controls(page);
  await dialog.getByLabel("Password").fill("blue sky");
  await dialog.getByRole("button", { name: "Set password" }).click();
  await dialog.getByRole("button", { name: "Remove password" }).waitFor();
  const bob = await keptOut(room, "This room has a password");
  const input = bob.locator("#gate-password");
  assert.ok(await input.evaluate((one) => one === document.activeElement));
  await input.fill("green grass");
  await input.press("Enter");
  await bob.locator("#gate-problem", { hasText: "That is not the password of this room." }).waitFor();
  await input.fill("blue sky");
  await input.press("Enter");
  await bob.locator("#message").waitFor();
  await bob.reload();
  await bob.locator("#message").waitFor();
  const eve = await keptOut(room, "This room has a password", "Eve");
  const limited = eve.getByText(/^Too many wrong passwords came from your network/);
  // The box is another one after each answer.
  for (let guess = 0; guess < 40 && !(await limited.isVisible()); guess += 1) {
    const box = await eve.locator(".gate-box").elementHandle();
    await eve.locator("#gate-password").fill(`${guess}`);
    await eve.locator("#gate-password").press("Enter");
    await eve.waitForFunction((box) => !box.isConnected, box);
  }
  await limited.waitFor();
  await eve.getByRole("button", { name: /^Try again in \d+ s$/, disabled: true }).waitFor();
});

it("slow mode counts down, and hosts do not wait", async () => {
  const [page, room] = await hosted();
  const ada = await guest(room);
  const dialog = await controls(page);
  await dialog.getByLabel("Slow mode").selectOption("30");
  await line(ada, "status", "Slow mode: wait 30 seconds between two messages.");
  await say(ada, "one");
  await line(page, "message", "Ada: one");
  await ada.getByText(/^Slow mode: you can write again in \d+ sec\.$/).waitFor();
  assert.ok(await ada.locator("#send").isDisabled());
  await ada.reload();
  await state(ada, "connected");
  await say(ada, "two");
  // The refusal gives back what was typed; the countdown began with the click.
  await ada.waitForFunction(() => document.querySelector("#message").value === "two");
  await ada.getByText(/^Slow mode: you can write again in \d+ sec\.$/).waitFor();
  await page.keyboard.press("Escape");
  for (const text of ["a", "b"]) await say(page, text);
  await line(ada, "message", "Ms Ortega: b");
  await (await controls(page)).getByLabel("Slow mode").selectOption("0");
  await line(ada, "status", "Slow mode is off.");
  await ada.locator("#send:enabled").click();
  await line(page, "message", "Ada: two");
});

it("whoever may not come in is told why, and what they can do", async () => {
  const [page, room] = await hosted();
  const dialog = await controls(page);
  await dialog.getByRole("switch", { name: "Lock the room" }).click();
  const bob = await keptOut(room, "The room is locked");
  await dialog.getByRole("switch", { name: "Lock the room" }).click();
  await line(page, "status", "The room is no longer locked.");
  await bob.getByRole("button", { name: "Try again" }).click();
  await bob.locator("#message").waitFor();
  await dialog.getByLabel("Maximum number of people").fill("2");
  await dialog.getByLabel("Maximum number of people").press("Enter");
  await dialog.getByLabel("Reserved names").fill("Ms Ortega\nMr Lee");
  await dialog.locator("form", { hasText: "Reserved names" }).getByRole("button", { name: "Save" }).click();
  await page.waitForFunction(() => document.querySelector("#hosting-problem").textContent === "");
  const eve = await keptOut(room, "The room is full", "Eve");
  await eve.getByRole("link", { name: "Use another name or code" }).click();
  await eve.locator("#name").fill("mr lee");
  await eve.locator("#enter").click();
  await eve.getByRole("heading", { name: "This name is reserved" }).waitFor();
  await dialog.getByRole("button", { name: "Close the room" }).click();
  await page
    .getByRole("dialog", { name: "Close the room?" })
    .getByRole("button", { name: "Close the room" })
    .click();
  await bob.getByRole("heading", { name: "The room is closed" }).waitFor();
  await dialog.getByRole("button", { name: "Open the room again" }).click();
  await dialog.getByRole("button", { name: "Close the room" }).waitFor();
  await bob.getByRole("button", { name: "Try again" }).click();
  await bob.locator("#message").waitFor();
});

it("who comes later sees nothing of what was said before, if the host wants that", async () => {
  const [page, room] = await hosted();
  await say(page, "before");
  await line(page, "message", "Ms Ortega: before");
  const dialog = await controls(page);
  await dialog.getByRole("switch", { name: "Latecomers see what was said before" }).click();
  await page.waitForFunction(() => !document.querySelector("#hosting-problem").textContent);
  const deputy = await browser.page(page.context());
  await deputy.goto(page.url());
  await state(deputy, "connected");
  const late = (await controls(deputy)).getByRole("switch", { name: "Latecomers see what was said before" });
  await deputy.waitForFunction((late) => !late.checked, await late.elementHandle());
  const ada = await guest(room);
  assert.deepEqual(await lines(ada, "message"), []);
});

it("a new room code takes the host along, as a host, and puts everybody else out", async () => {
  const [page, room] = await hosted();
  const ada = await guest(room);
  const dialog = await controls(page);
  await dialog.getByRole("button", { name: "Make a new room code" }).click();
  await page
    .getByRole("dialog", { name: "Move to a new room code?" })
    .getByRole("button", { name: "Make a new room code" })
    .click();
  await ada.getByRole("heading", { name: "The room is closed" }).waitFor();
  await page.waitForURL((url) => url.pathname === "/v1/chat" && url.searchParams.get("room") !== room);
  await page.locator("#hosting-button").waitFor();
});

it("whoever leaves a computer that others use can let it forget that they are a host", async () => {
  const [page, room] = await hosted();
  await page.locator("#leave").click();
  await page.getByLabel("Forget on this computer that I am a host").check();
  await page.locator("#leave-now").click();
  await page.locator("#enter").waitFor();
  assert.equal(await key(page, room), null);
});
