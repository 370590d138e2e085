// A day at a school, as those see it who are there: bells, a drill, a real alert, late comers, two devices of one person, a
// substitute who is handed the room, and the all-clear. The server's clock is put forward from hour to hour.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { browserFor, enter, line, lines, state } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { SetClock } from "../harness/clock.mjs";
import { address } from "../harness/screen.mjs";
import { Server } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const ROOM = "YEAR-7";
/** A Tuesday. */
const DAY = "2026-12-01";
const folder = mkdtempSync(join(tmpdir(), "alert-school-"));
const file = join(folder, "bells.toml");
const bell = (id, time, what) =>
  `[[bell]]\nid = "${id}"\nrule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"\ntimes = ["${time}"]\n${what}\n`;
writeFileSync(
  file,
  [
    `room = "${ROOM}"\nzone = "Europe/Berlin"\n`,
    bell("first", "07:55", 'say = "Class begins in 5 minutes"'),
    bell("break", "09:30", 'say = "Break"'),
    bell(
      "drill",
      "10:00",
      'alert = { text = "Out by the back stairs", drill = true, confirm = true, ends_after = "5m" }',
    ),
    bell("last", "15:00", 'say = "School is over"'),
  ].join(""),
);

const clock = new SetClock();
/** Lets it be this time of the day in Berlin. */
const be = (time) => clock.set((Date.parse(`${DAY}T${time}+01:00`) - Date.now()) / 1_000);
be("07:50:00");
const server = new Server(["--history", "memory", "--bells", file], { env: clock.env });
before(() => server.start());
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  Client.closeAll();
});
const browser = browserFor();

it("a day at a school", async () => {
  const office = await V2.connect(server);
  const { host: key } = await office.ask("make", { room: ROOM });
  const asOffice = (event, body) => office.ask(event, { room: ROOM, host: key, name: "Office", ...body });
  const roster = await fetch(`${server.url}/v1/rooms/${ROOM}/roster`, {
    method: "PUT",
    headers: { "content-type": "application/json", "alert-host-key": key },
    body: JSON.stringify({ names: ["Ada", "Bea", "Cy", "Dan"] }),
  });
  assert.equal(roster.status, 200);
  const asHost = async (name) => {
    const page = await browser.visit();
    await page.goto(`${server.url}/v1?room=${ROOM}#host=${key}`);
    await page.locator("#name").fill(name);
    await page.locator("#enter").click();
    await state(page, "connected");
    return page;
  };
  const as = async (name) => {
    const page = await browser.visit();
    await enter(page, server, name, ROOM);
    return page;
  };

  // Before school.
  const [teacher, phone, tablet] = [await asHost("Ms Ortega"), await as("Ada"), await as("Ada")];
  const cy = await Client.inRoom(server, ROOM, "Cy");
  const wall = await browser.visit({ viewport: { width: 1280, height: 720 } });
  await wall.goto(address(server, ROOM));
  await wall.locator("#calm").waitFor();
  be("07:54:58");
  await line(phone, "message", "Bell: Class begins in 5 minutes");
  await wall.locator("#messages", { hasText: "Class begins in 5 minutes" }).waitFor();

  // No break today, as the teacher says on the page.
  await teacher.locator("#hosting-button").click();
  await teacher.getByRole("button", { name: "Set the bells" }).click();
  await teacher.getByRole("button", { name: "Not today: Break" }).click();
  await teacher.locator(".bell", { hasText: "Break" }).getByText("does not ring").waitFor();
  await teacher.keyboard.press("Escape");
  await teacher.keyboard.press("Escape");
  be("09:29:59");

  // The drill comes by itself; one device of Ada's is enough, and who comes late finds it in force.
  be("09:59:58");
  await phone.locator("#alerts .alert[data-drill]").waitFor();
  await wall.locator("#level", { hasText: /drill/i }).waitFor();
  await phone.getByRole("button", { name: "Confirm: Out by the back stairs" }).click();
  await tablet.getByText("You have confirmed this.").waitFor();
  const bea = await as("Bea");
  await bea
    .locator("#alerted", { hasText: "Drill: Warning: Out by the back stairs" })
    .waitFor({ state: "attached" });
  await teacher.getByRole("button", { name: "Roll call: 1 of" }).waitFor();
  be("10:05:00");
  for (const page of [phone, bea, teacher]) await page.locator("#alerts").waitFor({ state: "hidden" });
  await wall.locator("#calm").waitFor();
  assert.ok(!(await lines(phone, "message")).includes("Bell: Break"), "nothing rang at 9:30");

  // The real thing, as it was prepared.
  await asOffice("alert", {
    action: "prepare",
    prepared: {
      name: "Fire",
      text: "Fire in {place}: leave the building",
      level: "emergency",
      answers: ["Safe", "I need help"],
      word: "safe",
      show_missing: true,
      all_clear: "The fire in {place} is out",
    },
  });
  be("11:15:00");
  await teacher.locator("#raise-alert").click();
  await teacher.getByRole("button", { name: "Fire" }).click();
  await teacher.getByLabel("place", { exact: true }).fill("the kitchen");
  await teacher.getByRole("button", { name: "Raise it now" }).click();
  await wall.locator("#words", { hasText: "Fire in the kitchen: leave the building" }).waitFor();
  await wall.locator("#missing-names", { hasText: "Dan" }).waitFor();
  await tablet.getByRole("button", { name: /^Safe: Fire/ }).click();
  await phone.getByText("You have confirmed this.").waitFor();
  await bea.getByRole("button", { name: /^I need help: Fire/ }).click();
  await cy.ask("text", { msg: "Safe" });

  // Ms Ortega hands the room to a substitute, who counts on, ends it, and keeps the room.
  const substitute = await asHost("Mr Sub");
  await teacher.locator("#leave").click();
  await teacher.locator("#leave-forget").check();
  await teacher.locator("#leave-now").click();
  await teacher.locator("#enter").waitFor();
  await substitute.getByRole("button", { name: /^Roll call: 3 of/ }).click();
  await substitute.locator(".roll-person[data-stage=confirmed]", { hasText: "I need help" }).waitFor();
  await substitute.getByRole("button", { name: "Confirm for Dan" }).click();
  await substitute.locator("#asking select").selectOption({ label: "Safe" });
  await substitute.locator("#asking .primary").click();
  await substitute.locator(".roll-person[data-stage=confirmed]", { hasText: "Dan" }).waitFor();
  await substitute.keyboard.press("Escape");
  await wall.locator("#missing-names", { hasText: "Dan" }).waitFor({ state: "detached" });
  await substitute
    .getByRole("button", { name: "End the alert: Fire in the kitchen: leave the building" })
    .click();
  assert.equal(await substitute.locator("#asking textarea").inputValue(), "The fire in the kitchen is out");
  await substitute.locator("#asking .danger").click();
  for (const page of [phone, tablet, bea])
    await page
      .locator("#alerted", { hasText: "All clear: The fire in the kitchen is out" })
      .waitFor({ state: "attached" });
  await cy.until("the all-clear", () =>
    cy.heard.some(([, msg]) => msg === "All clear: The fire in the kitchen is out"),
  );
  await wall.locator("#caption", { hasText: "All clear: The fire in the kitchen is out" }).waitFor();
  await wall.locator("#calm").waitFor();

  // The bells go on, and what hosts did is written down.
  be("14:59:58");
  await line(phone, "message", "Bell: School is over");
  const { audit } = await asOffice("moderate", { action: "audit", limit: 50 });
  const did = audit.map(({ by, action }) => `${by} ${action}`);
  for (const deed of ["Ms Ortega day", "host prepare", "Ms Ortega raise", "Mr Sub end"])
    assert.ok(
      did.some((one) => one.startsWith(deed)),
      `${deed} in ${did.join(", ")}`,
    );
});
