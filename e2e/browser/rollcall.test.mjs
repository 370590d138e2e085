// Confirming alerts on the page, and for its hosts the roll call and who is expected in it; axe finds nothing. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { it } from "node:test";
import { browserFor, enter, host, looksRight } from "../harness/browser.mjs";
import { serverFor } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor();

const keyOf = (page, room) => page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);

/** Somebody who does in the name of the room's host what the page does not offer. */
async function deputyOf(page, room) {
  const [deputy, key] = [await V2.connect(server), await keyOf(page, room)];
  return (body) => deputy.ask("alert", { room, name: "Bell", host: key, ...body });
}

for (const [colorScheme, size, viewport, locale] of [
  ["light", "wide", { width: 1280, height: 800 }, "en"],
  ["dark", "narrow", { width: 360, height: 640 }, "de"],
  ["light", "narrow", { width: 360, height: 640 }, "ar"],
])
  it(`in ${colorScheme}, ${size}, ${locale}: an alert is confirmed with an answer, and axe finds nothing`, async () => {
    const [page, guest] = await Promise.all(
      [1, 2].map(() => browser.visit({ colorScheme, viewport, locale })),
    );
    const room = await host(page, server);
    const does = await deputyOf(page, room);
    await enter(guest, server, "Ada", room);
    await does({
      action: "raise",
      level: "emergency",
      text: "Fire in the workshop",
      confirm: true,
      answers: ["safe", "need help"],
    });
    const safe = guest.locator(".confirming button", { hasText: "safe" });
    await safe.click();
    await guest.locator(".confirming[data-done]").waitFor();
    assert.equal(await safe.getAttribute("aria-pressed"), "true");
    assert.ok(await safe.evaluate((button) => button === document.activeElement), "the focus stays");
    await page.locator("#alerts button[aria-haspopup]").click();
    await page.locator(".roll-person", { hasText: "safe" }).waitFor();
    await looksRight(page, "host", `rollcall-${size}-${colorScheme}-${locale}`);
    await looksRight(guest, "guest", `rollcall-${size}-${colorScheme}-${locale}`);
  });

it("a host sees who is missing first, as it changes, and confirms for somebody", async () => {
  const page = await browser.visit();
  const room = await host(page, server);
  const does = await deputyOf(page, room);
  const guests = await Promise.all(["Ada", "Bea"].map((name) => V2.inRoom(server, room, name)));
  const { alert } = await does({ action: "raise", text: "Please confirm", confirm: true });
  await page.getByRole("button", { name: /^Roll call: 0 of 3/ }).click();
  const row = (name) => page.locator(".roll-person", { has: page.getByText(name, { exact: true }) });
  await row("Ada").waitFor();
  await guests[0].ask("alert", { room, action: "confirm", id: alert.id });
  await page.locator('.roll-person[data-stage="confirmed"]', { hasText: "Ada" }).waitFor();
  assert.match(await page.locator(".roll-person").last().innerText(), /Ada/, "who has confirmed comes last");
  await page.getByRole("button", { name: "Confirm for Bea" }).click();
  await page.locator('.roll-person[data-stage="confirmed"]', { hasText: "Bea" }).waitFor();
  assert.match(await row("Bea").innerText(), /confirmed by/);
  await page.locator(".roll-counts [data-kind=confirmed] dd", { hasText: "2" }).waitFor();
});

it("after the end of an alert its roll call stays, and a host notes with an answer who was found", async () => {
  const page = await browser.visit();
  const room = await host(page, server);
  const does = await deputyOf(page, room);
  const guests = await Promise.all(["Ada", "Bea", "Cy"].map((name) => V2.inRoom(server, room, name)));
  const { alert } = await does({ action: "raise", text: "Out", answers: ["safe", "need help"] });
  await page.getByRole("button", { name: /^Roll call: 0 of 4/ }).click();
  const marks = async (name, answer) => {
    await page.getByRole("button", { name: `Confirm for ${name}` }).click();
    await page.locator("#asking select").selectOption({ label: answer });
    await looksRight(page, "asking", "rollcall-answer");
    await page.locator("#asking").getByRole("button", { name: "Confirm", exact: true }).click();
  };
  const confirmed = (name) => page.locator('.roll-person[data-stage="confirmed"]', { hasText: name });
  await marks("Bea", "need help");
  assert.match(await confirmed("Bea").innerText(), /need help[\s\S]*confirmed by/);
  // What was confirmed last is there, too.
  await guests[0].ask("alert", { room, action: "confirm", id: alert.id, answer: "safe" });
  await does({ action: "end", id: alert.id });
  await page.locator("#roll-call [role=status]", { hasText: "This alert has ended." }).waitFor();
  await confirmed("Ada").waitFor();
  await looksRight(page, "ended", "rollcall");
  await marks("Cy", "No answer");
  await confirmed("Cy").waitFor();
  const { people } = await does({ action: "roll_call", id: alert.id });
  const answers = people.map(({ name, answer }) => [name, answer]);
  const expected = [
    ["Ada", "safe"],
    ["Bea", "need help"],
    ["Cy", null],
  ];
  for (const one of expected)
    assert.deepEqual(
      answers.find(([name]) => name === one[0]),
      one,
    );
  await page.locator("#roll-call").getByRole("button", { name: "Close" }).click();
  await page.locator("#roll-call").waitFor({ state: "hidden" });
});

for (const [colorScheme, viewport, locale] of [
  ["light", { width: 1280, height: 800 }, "en"],
  ["dark", { width: 360, height: 640 }, "de"],
  ["light", { width: 360, height: 640 }, "ar"],
])
  it(`in ${colorScheme}, ${viewport.width}, ${locale}: the list of who is expected looks right`, async () => {
    const page = await browser.visit({ colorScheme, viewport, locale });
    const room = await host(page, server);
    const does = await deputyOf(page, room);
    await does({ action: "roster", names: ["Ada Lovelace", "Bea", "سارة", "x".repeat(64)] });
    await page.locator("#hosting-button").click();
    const picture = `roster-${viewport.width}-${colorScheme}-${locale}`;
    const open = page.locator("#hosting [aria-controls=roster]");
    await open.scrollIntoViewIfNeeded();
    await looksRight(page, "controls", picture);
    await open.click();
    await page.locator("#roster textarea:enabled").waitFor();
    await looksRight(page, "open", picture);
    await page.locator("#roster textarea").fill(`Ada\n\n${"y".repeat(65)}\nBea`);
    await page.locator("#roster .primary").click();
    await page.locator("#roster [role=alert]:not(:empty)").waitFor();
    await looksRight(page, "wrong", picture);
  });

it("a host sets who is expected by keyboard, takes it from a table and back, and clears it after a question", async () => {
  const page = await browser.visit();
  const room = await host(page, server);
  const does = await deputyOf(page, room);
  const names = async () => (await does({ action: "roster" })).names;
  const dialog = page.locator("#roster");
  const field = dialog.getByLabel("Names");
  const says = (words) => dialog.locator("[role=status]", { hasText: words }).waitFor();
  const save = () => dialog.getByRole("button", { name: "Save" }).click();
  await page.locator("#hosting-button").click();
  await page.getByRole("button", { name: "Edit the list" }).focus();
  await page.keyboard.press("Enter");
  await field.waitFor();
  await page.locator("#roster textarea:enabled").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type(" Ada\n\nBea \nAda");
  await dialog.getByText("2 names").waitFor();
  while (await page.evaluate(() => document.activeElement.textContent !== "Save"))
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await says("Saved.");
  assert.equal(await field.inputValue(), "Ada\nBea", "as the server keeps it");
  assert.deepEqual(await names(), ["Ada", "Bea"]);

  await field.fill(`Ada\n\n${"y".repeat(65)}`);
  await save();
  await dialog.locator("[role=alert]", { hasText: "Line 3: this name is too long." }).waitFor();
  assert.equal(
    await field.evaluate((one) => one.value.slice(one.selectionStart, one.selectionEnd)),
    "y".repeat(65),
  );

  const takes = (text) =>
    page
      .locator("#roster input[type=file]")
      .setInputFiles({ name: "7b.csv", mimeType: "text/csv", buffer: text });
  await takes(Buffer.from([0x4e, 0xe9, 0x0a]));
  await dialog.locator("[role=alert]", { hasText: "UTF-8" }).waitFor();
  await takes(Buffer.from('\ufeffName;class\r\n"Ortega; Ms";7b\r\n=Cy;7b\r\n'));
  await says("Read from 7b.csv. Not saved yet.");
  assert.equal(await field.inputValue(), "Ortega; Ms\n=Cy");
  assert.deepEqual(await names(), ["Ada", "Bea"]);
  await save();
  await says("Saved.");
  const downloads = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download as CSV" }).click();
  const download = await downloads;
  assert.equal(download.suggestedFilename(), "roster.csv");
  const table = await readFile(await download.path(), "utf8");
  const stored = await fetch(`${server.url}/v1/rooms/${room}/roster`, {
    headers: { accept: "text/csv", "alert-host-key": await keyOf(page, room) },
  });
  assert.equal(table, await stored.text(), "as the server writes it");

  // More than an answer of the server holds.
  const many = Array.from({ length: 6_000 }, (_, number) => `${number}`.padStart(60, "0"));
  await does({ action: "roster", names: many });
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Edit the list" }).click();
  await dialog.getByText("6,000 names").waitFor();
  assert.equal(await field.inputValue(), many.join("\n"));

  await field.fill("");
  await save();
  await page.locator("#asking").getByRole("button", { name: "Cancel" }).click();
  assert.equal((await names()).length > 0, true);
  await save();
  await page.locator("#asking").getByRole("button", { name: "Clear it" }).click();
  await says("Saved.");
  assert.deepEqual(await names(), []);
});

it("whoever confirms on one device has confirmed on all, and also after coming back", async () => {
  const page = await browser.visit();
  const room = await host(page, server);
  const does = await deputyOf(page, room);
  const [phone, laptop] = await Promise.all([1, 2].map(() => browser.visit()));
  for (const one of [phone, laptop]) await enter(one, server, "Ada", room);
  await does({ action: "raise", text: "Stay inside", confirm: true });
  await phone.getByRole("button", { name: "Confirm: Stay inside" }).click();
  for (const one of [phone, laptop]) await one.getByText("You have confirmed this.").waitFor();
  await laptop.reload();
  await laptop.getByText("You have confirmed this.").waitFor();
});

it("what the server did not take is told again: that an alert is seen, and that a host watches its counts", async () => {
  const [page, guest] = await Promise.all([1, 2].map(() => browser.visit()));
  // The first of each names another alert, which the server refuses.
  for (const one of [page, guest])
    await one.addInitScript(() => {
      const left = new Set(["shown", "roll_call"]);
      const spoilt = (data) => {
        const found = [...left].find((action) => String(data).includes(`"action":"${action}"`));
        if (found === undefined) return data;
        left.delete(found);
        return data.replace(/"id":"[^"]+"/, '"id":"8f3a1c20b7d400000000100000000058"');
      };
      for (const { prototype } of [WebSocket, XMLHttpRequest]) {
        const { send } = prototype;
        prototype.send = function (data) {
          return send.call(this, spoilt(data));
        };
      }
    });
  const room = await host(page, server);
  const does = await deputyOf(page, room);
  await enter(guest, server, "Ada", room);
  const { alert } = await does({ action: "raise", text: "Stay inside", confirm: true });
  for (const one of [page, guest]) await one.locator("#alerts .alert").waitFor();
  let changes = 0;
  const change = () => does({ action: "update", id: alert.id, audience: `Year ${changes++}` });
  await eventually("Ada to see it", async () => {
    await change();
    const { people } = await does({ action: "roll_call", id: alert.id });
    return people.some(({ name, stage }) => name === "Ada" && stage === "shown");
  });
  await eventually("the counts", async () => {
    await change();
    return (await page.getByRole("button", { name: /^Roll call: 0 of 2/ }).count()) === 1;
  });
});

it("whoever has not confirmed is reminded aloud, and confirming on one device silences all at once", async () => {
  const page = await browser.visit();
  const room = await host(page, server);
  const does = await deputyOf(page, room);
  const devices = await Promise.all([1, 2].map(() => browser.visit()));
  for (const device of devices) {
    // A tone has no end of its own here: how soon somebody confirms is up to the machine.
    await device.addInitScript(() => {
      const { stop } = OscillatorNode.prototype;
      OscillatorNode.prototype.stop = function (...at) {
        if (at.length > 0) return;
        window.isSilenced = true;
        stop.call(this);
      };
    });
    await enter(device, server, "Ada", room);
    await device.locator("#sound").click();
  }
  const [phone, laptop] = devices;
  await does({ action: "raise", text: "Stay inside", remind: 5, drill: true });
  const reminder = "Drill: Reminder, please confirm: Warning: Stay inside";
  for (const device of devices)
    await device.locator("#alerted[role=alert]", { hasText: reminder }).waitFor({ state: "attached" });
  await phone.getByRole("button", { name: "Confirm: Stay inside" }).click();
  for (const device of devices) {
    await device.waitForFunction(() => window.isSilenced);
    await device.getByText("You have confirmed this.").waitFor();
    assert.equal(await device.locator("#alerted").textContent(), "", "nothing is left to be said");
  }
  await looksRight(laptop, "reminded", "reminded");
});
