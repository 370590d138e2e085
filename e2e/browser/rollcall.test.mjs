// Confirming alerts on the page, and the roll call of its hosts; axe finds nothing. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
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
  // Its end closes the roll call.
  await does({ action: "end", id: alert.id });
  await page.locator("#roll-call").waitFor({ state: "hidden" });
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
    // A tone that is stopped for good, not at its own end.
    await device.addInitScript(() => {
      const { stop } = OscillatorNode.prototype;
      OscillatorNode.prototype.stop = function (...at) {
        if (at.length === 0) window.isSilenced = true;
        return stop.apply(this, at);
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
