// The bells of a room on the page of its hosts: set, changed, skipped and removed by somebody who knows no rules; in every
// size and scheme, and axe finds nothing. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { browserFor, dialogsFit, enter, host } from "../harness/browser.mjs";
import { fresh } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const folder = mkdtempSync(join(tmpdir(), "alert-bells-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const OF_FILE = fresh("room");
const file = join(folder, "bells.toml");
writeFileSync(
  file,
  `room = "${OF_FILE}"\nzone = "UTC"\n[[bell]]\nid = "siren"\nrule = "FREQ=MONTHLY;BYDAY=1WE"\ntimes = ["11:00"]
alert = { text = "Test of the siren", drill = true, ends_after = "5m" }\n`,
);
/** Where it is about noon now, so that a bell just before midnight still comes today. */
const east = 12 - new Date().getUTCHours();
const ZONE = east === 0 ? "UTC" : `Etc/GMT${east > 0 ? "-" : "+"}${Math.abs(east)}`;
const TODAY = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE }).format();
const server = serverFor("--history", "memory", "--bells", file);
const browser = browserFor();

/** A host's page with its bells open, and what does something with them as another host. */
async function hosted(options = {}) {
  const page = await browser.visit({ timezoneId: ZONE, ...options });
  const room = await host(page, server);
  const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
  const deputy = await V2.connect(server);
  const does = (body) => deputy.ask("bell", { room, host: key, ...body });
  const open = async () => {
    await page.locator("#hosting-button").click();
    await page.getByRole("button", { name: "Set the bells" }).click();
    await page.locator("#bells[open]").waitFor();
  };
  return { page, room, does, open };
}

const DAILY = { rule: "FREQ=DAILY", zone: ZONE };
const listed = async (does) => (await does({ action: "list", days: 28 })).bells;
const problem = (page, id) => page.locator(`#${id} .field-error:not(:empty)`);

for (const [colorScheme, viewport, locale] of [
  ["light", { width: 1280, height: 800 }, "en-GB"],
  ["dark", { width: 360, height: 640 }, "ar"],
  ["light", { width: 360, height: 640 }, "de"],
  ["dark", { width: 1920, height: 1080 }, "fr"],
])
  it(`in ${colorScheme}, ${viewport.width} px, ${locale}: list, form and one day fit, and axe finds nothing`, async () => {
    const { page, does } = await hosted({ colorScheme, viewport, locale });
    await does({
      action: "set",
      id: "lesson",
      bell: {
        rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        times: ["00:05", "12:30", "23:55"],
        zone: ZONE,
        say: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        from: "2026-09-01",
        except: ["2026-12-21/2027-01-03"],
      },
    });
    await does({
      action: "set",
      id: "rule",
      bell: { ...DAILY, rule: "FREQ=MONTHLY;BYDAY=1WE", times: ["11:00"], say: "A" },
    });
    const alert = {
      text: "Everybody to the yard, by the stairs at the back",
      level: "warning",
      drill: true,
      ends_after: "10m",
    };
    await does({ action: "set", id: "drill", bell: { ...DAILY, times: ["23:58"], alert } });
    await does({ action: "set", id: "gate", bell: { ...DAILY, times: ["23:59"], say: "The gate closes" } });
    await does({ action: "day", id: "gate", date: TODAY, times: ["22:30"] });
    const picture = `bells-${locale}-${viewport.width}-${colorScheme}`;
    const fits = (what) => dialogsFit(page, what, picture);
    await page.locator("#hosting-button").click();
    await page.locator("#hosting [aria-controls=bells]").click();
    await page.locator("#bells .bell").nth(3).waitFor();
    await fits("list");
    await page.locator("#bells").evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    await fits("end");
    await page.locator("#bells .bell-day button").nth(1).click();
    await page.locator("#bell[open] .bell-times").first().waitFor({ state: "attached" });
    await fits("day");
    await page.keyboard.press("Escape");
    await page.locator("#bells [data-does='alert_change lesson']").click();
    await page.locator("#bell summary").click();
    await fits("form");
    await page.locator("#bell").evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    await fits("more");
  });

it("a bell is added, changed and removed with times and weekdays, and keeps what the form does not show", async () => {
  const { page, does, open } = await hosted({ locale: "en-GB" });
  await open();
  await page.getByText("There are no bells yet.").waitFor();
  await page.getByRole("button", { name: "Add a bell" }).click();
  await page.locator("#bell").getByLabel("What it says").fill("Class ends in 5 minutes");
  await page.locator("#bell").getByLabel("Time", { exact: true }).fill("08:40");
  await page.locator("#bell").getByRole("button", { name: "Add a time" }).click();
  await page.locator("#bell").getByLabel("Time", { exact: true }).nth(1).fill("07:50");
  await page.locator("#bell").getByRole("checkbox", { name: "Friday" }).uncheck();
  await page.locator("#bell summary").click();
  await page.locator("#bell").getByLabel("Last day").fill("2036-06-30");
  await page.getByRole("button", { name: "Add days off" }).click();
  await page.locator("#bell").getByLabel("From", { exact: true }).fill("2035-12-24");
  await page.locator("#bell").getByLabel("To and including").fill("2036-01-06");
  await page.locator("#bell").getByLabel("If the server was off").selectOption("Does not ring any more");
  await page.locator("#bell .primary").click();
  const bell = page.locator(".bell", { hasText: "Class ends in 5 minutes" });
  await bell
    .getByText("Monday to Thursday: 7:50 and 8:40")
    .or(bell.getByText("Monday to Thursday: 07:50 and 08:40"))
    .waitFor();
  const [set] = await listed(does);
  const { id, rule, times, zone, except, say, missed, name } = set;
  assert.match(id, /^bell-[a-z0-9]{8}$/, "another host may add one at the same time");
  assert.deepEqual(
    { rule, times, zone, except, say, missed, name },
    {
      rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH;UNTIL=20360630",
      times: ["07:50", "08:40"],
      zone: ZONE,
      except: ["2035-12-24/2036-01-06"],
      say: "Class ends in 5 minutes",
      missed: "skip",
      name: "Bell",
    },
  );
  await bell.getByRole("button", { name: /^Change: / }).click();
  await page.locator("#bell").getByLabel("What happens").selectOption("It is raised as an alert");
  await page.locator("#bell").getByLabel("This is only a drill").check();
  for (const day of ["Saturday", "Sunday", "Friday"])
    await page.locator("#bell").getByRole("checkbox", { name: day }).check();
  await page.locator("#bell .primary").click();
  await bell.getByText("Drill · Warning").waitFor();
  const [changed] = await listed(does);
  assert.deepEqual(changed.alert, { level: "warning", text: say, drill: true, ends_after: "10m" });
  assert.deepEqual(
    [changed.rule, changed.except, changed.missed],
    ["FREQ=DAILY;UNTIL=20360630", except, "skip"],
  );
  await bell.getByRole("button", { name: /^Remove: / }).click();
  await page.locator("#asking .danger").click();
  await bell.waitFor({ state: "detached" });
  assert.deepEqual(await listed(does), []);
});

it("a day is changed for all bells at once, one bell is left out today, and both are taken back", async () => {
  const { page, does, open } = await hosted({ locale: "en-GB" });
  for (const [id, time, say] of [
    ["one", "23:57", "First"],
    ["two", "23:58", "Second"],
  ])
    await does({ action: "set", id, bell: { ...DAILY, times: [time], say } });
  await open();
  const day = page.locator(".bell-day").nth(1);
  await day.getByRole("button", { name: /^Change this day: / }).click();
  const times = page.locator("#bell").getByLabel("Time", { exact: true });
  await times.first().fill("11:15");
  await page
    .locator("#bell fieldset", { hasText: "Second" })
    .getByRole("button", { name: "Remove this time" })
    .click();
  await page.locator("#bell .primary").click();
  await day.getByText("changed").waitFor();
  assert.deepEqual(await day.locator(".bell-rings li").allInnerTexts(), ["11:15\nFirst"]);
  const days = async () => (await listed(does)).map((bell) => Object.values(bell.days).flat());
  assert.deepEqual(await days(), [["11:15"], []]);
  await day.getByRole("button", { name: /^Change this day: / }).click();
  await page.locator("#bell").getByRole("button", { name: "As always" }).click();
  await day.getByText("changed").waitFor({ state: "detached" });
  assert.deepEqual(
    (await listed(does)).map((bell) => bell.days),
    [{}, {}],
  );
  // The dialog follows what another host does, and so does the focus its button.
  const skip = page.getByRole("button", { name: "Not today: First" });
  await skip.click();
  await skip.waitFor({ state: "detached" });
  await page
    .locator(".bell", { hasText: "First" })
    .getByText(/: does not ring/)
    .waitFor();
  await page.getByRole("button", { name: /As always: First$/ }).click();
  await skip.waitFor();
});

it("given more times than the server tells, days that are not known are not shown, and that nothing rings is asked of every bell", async () => {
  const { page, does, open } = await hosted({ locale: "en-GB" });
  const quarters = Array.from({ length: 96 }, (_, place) =>
    [Math.floor(place / 4), (place % 4) * 15].map((part) => String(part).padStart(2, "0")).join(":"),
  );
  for (const id of ["one", "two", "three"])
    await does({ action: "set", id, bell: { ...DAILY, times: quarters, say: id } });
  await does({
    action: "set",
    id: "late",
    bell: { ...DAILY, from: "2150-01-01", times: ["08:00"], say: "Late" },
  });
  await open();
  // 1,000 times are told: three days, and those that are left of today.
  await page.locator("#bells .bell-day").nth(2).waitFor();
  const days = await page.locator("#bells .bell-day").count();
  assert.ok(days < 5, `${days} days`);
  assert.equal(await page.getByText("Nothing rings.").count(), 0);
  const date = new Date(`${TODAY}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days - 1);
  const last = date.toISOString().slice(0, 10);
  assert.equal(await page.locator("#bells input[type=date]").getAttribute("max"), last);
  await page.locator("#bells [data-does^=day]").last().click();
  await page.getByRole("button", { name: "Nothing rings on this day" }).click();
  await page.locator("#bell .primary").click();
  await page.locator("#bell").waitFor({ state: "hidden" });
  assert.deepEqual(
    (await listed(does)).map((bell) => bell.days),
    Array.from({ length: 4 }, () => ({ [last]: [] })),
  );
});

it("a rule that no form shows stands as text, and a bell of the server's file is changed for single days only", async () => {
  const { page, does, open } = await hosted();
  await does({
    action: "set",
    id: "x",
    bell: { ...DAILY, rule: "FREQ=MONTHLY;BYDAY=1WE", times: ["11:00"], say: "Siren" },
  });
  await open();
  const bell = page.locator(".bell", { hasText: "FREQ=MONTHLY;BYDAY=1WE" });
  await bell.getByText("The page cannot show this rule as a form").waitFor();
  assert.equal(await bell.getByRole("button", { name: /^Change: / }).count(), 0);
  assert.equal(await bell.getByRole("button", { name: /^Remove: / }).count(), 1);
  const made = await V2.connect(server);
  const { host: key } = await made.ask("make", { room: OF_FILE });
  const other = await browser.visit();
  await other.goto(`${server.url}/v1?room=${OF_FILE}#host=${key}`);
  await other.locator("#name").fill("Ms Ortega");
  await other.locator("#enter").click();
  await other.locator("#hosting-button").click();
  await other.getByRole("button", { name: "Set the bells" }).click();
  const siren = other.locator(".bell", { hasText: "Test of the siren" });
  await siren.getByText("It stands in the server’s file.").waitFor();
  assert.equal(await siren.getByRole("button", { name: /^(Change|Remove): / }).count(), 0);
});

it("whoever is no host any more has no bells before them", async () => {
  const { page, room, open } = await hosted();
  await open();
  await page.getByRole("button", { name: "Add a bell" }).click();
  const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
  const deputy = await V2.connect(server);
  await deputy.ask("moderate", { room, host: key, action: "new_key" });
  for (const dialog of ["#bell", "#bells", "#hosting"])
    await page.locator(dialog).waitFor({ state: "hidden" });
  await page.locator("#problem", { hasText: "The host link has been replaced" }).waitFor();
});

it("what the server refuses is said in the dialog that asked for it, and the form stays", async () => {
  const { page, does, open } = await hosted();
  for (let number = 0; number < 64; number += 1)
    await does({ action: "set", id: `b${number}`, bell: { ...DAILY, times: ["23:59"], say: "x" } });
  await open();
  await page.locator(".bell").first().waitFor();
  await page.getByRole("button", { name: "Add a bell" }).click();
  await page.locator("#bell").getByLabel("What it says").fill("One too many");
  await page.locator("#bell").getByLabel("Time", { exact: true }).fill("08:40");
  await page.locator("#bell .primary").click();
  await problem(page, "bell")
    .getByText("Not done: the room has as many bells as it may have. Remove one first.")
    .waitFor();
  assert.equal(await page.locator("#bell").getByLabel("What it says").inputValue(), "One too many");
});

it("an answer that comes late does not close the form that was opened meanwhile", async () => {
  const { page, open } = await hosted({ locale: "en-GB" });
  await open();
  const words = page.locator("#bell").getByLabel("What it says");
  const add = page.getByRole("button", { name: "Add a bell" });
  await add.click();
  await words.fill("First");
  await page.locator("#bell").getByLabel("Time", { exact: true }).fill("08:40");
  server.signal("SIGSTOP");
  await page.locator("#bell .primary").click();
  await page.locator("#bell").getByRole("button", { name: "Cancel" }).click();
  await add.click();
  await words.fill("Second");
  server.signal("SIGCONT");
  await page.locator("#bells .bell", { hasText: "First" }).waitFor();
  await page.locator("#bell[open]").waitFor();
  assert.equal(await words.inputValue(), "Second");
});

it("a bell that was just set rings for everybody at its time", async () => {
  const { page, room, open } = await hosted({ timezoneId: "UTC" });
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  await open();
  await page.getByRole("button", { name: "Add a bell" }).click();
  await page.locator("#bell").getByLabel("What it says").fill("Ding");
  for (const day of ["Saturday", "Sunday"])
    await page.locator("#bell").getByRole("checkbox", { name: day }).check();
  const time = page.locator("#bell").getByLabel("Time", { exact: true });
  await time.evaluate((field) => {
    field.step = "1";
  });
  await time.fill(new Date(Date.now() + 3_000).toISOString().slice(11, 19));
  await page.locator("#bell .primary").click();
  await guest.locator("#log .message", { hasText: "Ding" }).waitFor();
});
