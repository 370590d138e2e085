// What hosts do with alerts on the page: prepared ones, a second person, mistakes; by the keyboard alone; and what a screen
// reader is told, and how often. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, host, looksRight, settled, violations } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory");
const browser = browserFor();

const said = (page, words) => page.locator("#alerted", { hasText: words }).waitFor({ state: "attached" });

/** A host's page and its room, and what does something with alerts there as another host. */
async function hosted(options) {
  const page = await browser.visit(options);
  const room = await host(page, server);
  const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
  const deputy = await V2.connect(server);
  const asks = (event, body) => deputy.ask(event, { room, host: key, ...body });
  const does = (body) => asks("alert", { name: "Bell", ...body });
  return { page, room, does, asks };
}

/** Whether the button that raises an alert is to be seen without scrolling. */
const inSight = (page) =>
  page
    .locator("#alerting .primary")
    .evaluate((one) => one.getBoundingClientRect().bottom <= innerHeight - 16);

const ICE = {
  name: "Ice",
  text: "Ice in {place}",
  level: "emergency",
  drill: true,
  ends_after: "2h",
  all_clear: "No ice in {place}",
};

for (const [colorScheme, viewport, locale] of [
  ["light", { width: 1280, height: 800 }, "en"],
  ["dark", { width: 360, height: 640 }, "ar"],
  ["light", { width: 360, height: 640 }, "de"],
])
  it(`in ${colorScheme}, ${viewport.width} px, ${locale}: what is prepared, more fields and what waits fit, and axe finds nothing`, async () => {
    const { page, does, asks } = await hosted({ colorScheme, viewport, locale });
    const other = { name: "Leave the building by the doors that are named", text: "Leave" };
    await does({ action: "prepare", prepared: [ICE, other] });
    await asks("moderate", { action: "set", settings: { two_person: true } });
    await does({ action: "raise", level: "emergency", text: "Leave the building" });
    await page.locator("#waiting .alert").waitFor();
    const shows = async (what) => {
      assert.deepEqual(await violations(page), [], what);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), what);
      if (process.env.SCREENSHOTS === undefined) return;
      await settled(page);
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/alerting-${locale}-${what}.png` });
    };
    await shows("waiting");
    await page.locator("#hosting-button").click();
    await page.locator("#hosting .hand", { hasText: "Ice" }).scrollIntoViewIfNeeded();
    await shows("prepared");
    await page.keyboard.press("Escape");
    await page.locator("#raise-alert").click();
    await page.locator("#alerting .prepared button").first().waitFor();
    await shows("simple");
    assert.ok(await inSight(page), "the button that raises it is in sight");
    await page.locator("#alerting .prepared button").nth(1).click();
    await page.locator("#alerting summary").click();
    await page.locator("#alerting details[open]").waitFor();
    await page.locator("#alerting details input").first().scrollIntoViewIfNeeded();
    await shows("more");
    assert.ok(await inSight(page), "however much there is");
  });

it("what is prepared is chosen in a click, its blanks are fields, and more can be changed", async () => {
  const { page, does } = await hosted();
  await does({ action: "prepare", prepared: ICE });
  await page.locator("#raise-alert").click();
  await page.getByRole("button", { name: "Ice" }).click();
  assert.ok(await page.getByLabel("This is only a drill").isDisabled(), "a drill stays one");
  await page.getByRole("button", { name: "Raise it now" }).click();
  await page.locator("#alerting input:invalid").waitFor();
  await page.getByLabel("place", { exact: true }).fill("the yard");
  await page.locator("#alerting blockquote", { hasText: "Ice in the yard" }).waitFor();
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("Who is meant").fill("all near {place}");
  await page.getByLabel("Countdown").selectOption("After 5 minutes");
  await page.getByLabel("Ask everybody to confirm it").check();
  await page.getByRole("button", { name: "Raise it now" }).click();
  await page.locator("#alerts .alert").waitFor();
  const [alert] = (await does({ action: "list" })).alerts;
  const { text, level, drill, confirm, audience, all_clear } = alert;
  assert.deepEqual(
    { text, level, drill, confirm, audience, all_clear },
    {
      text: "Ice in the yard",
      level: "emergency",
      drill: true,
      confirm: true,
      audience: "all near the yard",
      all_clear: "No ice in the yard",
    },
  );
  assert.ok(alert.countdown_to !== null && alert.ends_at !== null);
  await page.getByRole("button", { name: "End the alert: Ice in the yard" }).click();
  assert.equal(await page.locator("#asking textarea").inputValue(), "No ice in the yard");
  await page.locator("#asking textarea").fill("You can go out");
  await page.locator("#asking .danger").click();
  await said(page, "Drill: All clear: You can go out");
});

it("what is typed into the form stays when its button is pressed again, and when the answer for another comes late", async () => {
  const { page, does } = await hosted();
  await does({ action: "prepare", prepared: ICE });
  const words = page.locator("#alerting").getByLabel("What everybody has to know");
  const other = page.locator("#alerting").getByRole("button", { name: "Something else" });
  await page.locator("#raise-alert").click();
  await words.fill("First");
  await other.click();
  assert.equal(await words.inputValue(), "First");
  server.signal("SIGSTOP");
  await page.getByRole("button", { name: "Raise it now" }).click();
  await page.locator("#alerting").getByRole("button", { name: "Cancel" }).click();
  await page.locator("#raise-alert").click();
  await words.fill("Second");
  server.signal("SIGCONT");
  await page.locator("#alerts .alert", { hasText: "First" }).waitFor();
  // Asked for after the alert was raised, and answered after it.
  await other.waitFor();
  await page.locator("#alerting[open]").waitFor();
  assert.equal(await words.inputValue(), "Second");
});

it("a host prepares an alert on the page, changes it, gives it another name and removes it", async () => {
  const { page, does } = await hosted();
  await page.locator("#hosting-button").click();
  await page.getByRole("button", { name: "Prepare an alert" }).click();
  await page.getByLabel("What it is called").fill("Gas");
  await page.getByLabel("What everybody has to know").fill("Gas in {the place}");
  await page.locator("#alerting .primary").click();
  await page.locator("#alerting textarea:invalid").waitFor();
  await page.getByLabel("What everybody has to know").fill("Gas in {place}");
  await page.getByLabel("It ends").selectOption("After 1 hour");
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("Answers to choose from").fill("Safe\nI need help\n");
  assert.ok(await page.getByLabel("Ask everybody to confirm it").isChecked(), "answers are for confirming");
  await page.getByLabel("Word that confirms it").fill("safe");
  await page.getByLabel("Countdown").selectOption("After 5 minutes");
  await page.locator("#alerting .primary").click();
  const prepared = page.locator("#hosting .hand", { hasText: "Warning: Gas in {place}" });
  await prepared.waitFor();
  const [one] = (await does({ action: "prepared" })).prepared;
  const { ends_after, countdown, confirm, answers, word, blanks } = one;
  assert.deepEqual(
    { ends_after, countdown, confirm, answers, word, blanks },
    {
      ends_after: "1h",
      countdown: "5m",
      confirm: true,
      answers: ["Safe", "I need help"],
      word: "safe",
      blanks: ["place"],
    },
  );
  await page.getByRole("button", { name: "Change the prepared alert: Gas" }).click();
  await page.getByLabel("What it is called").fill("Smell of gas");
  await page.getByLabel("How serious it is").selectOption("emergency");
  await page.locator("#alerting .primary").click();
  await page.locator("#hosting .hand", { hasText: "Smell of gas" }).waitFor();
  const all = (await does({ action: "prepared" })).prepared;
  assert.deepEqual(all, [{ ...one, name: "Smell of gas", level: "emergency" }], "what was not changed stays");
  await page.getByRole("button", { name: "Remove the prepared alert: Smell of gas" }).click();
  await page.locator("#asking .danger").click();
  await page.getByText("None is prepared yet.").waitFor();
});

it("an alert that is given the name of another one takes its place only when the host says so", async () => {
  const { page, does } = await hosted();
  await does({ action: "prepare", prepared: [ICE, { name: "Gas", text: "Smell of gas" }] });
  const texts = async () =>
    (await does({ action: "prepared" })).prepared.map(({ name, text }) => `${name}: ${text}`).sort();
  await page.locator("#hosting-button").click();
  const name = page.getByLabel("What it is called");
  const save = page.locator("#alerting .primary");
  const asking = page.locator("#asking");
  await page.getByRole("button", { name: "Prepare an alert" }).click();
  await name.fill("Gas ");
  await page.getByLabel("What everybody has to know").fill("Open the windows");
  await save.click();
  await asking.getByText("An alert called \u2068Gas\u2069 is already prepared.").waitFor();
  await looksRight(page, "replace", "prepared");
  await asking.locator("blockquote", { hasText: "Smell of gas" }).waitFor();
  await asking.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.getByLabel("What everybody has to know").inputValue(), "Open the windows");
  assert.deepEqual(await texts(), ["Gas: Smell of gas", "Ice: Ice in {place}"]);
  await save.click();
  await asking.getByRole("button", { name: "Replace it" }).click();
  await page.locator("#hosting .hand", { hasText: "Open the windows" }).waitFor();
  await page.getByRole("button", { name: "Change the prepared alert: Ice" }).click();
  await name.fill("Gas");
  await save.click();
  await asking.getByRole("button", { name: "Cancel" }).click();
  assert.deepEqual(await texts(), ["Gas: Open the windows", "Ice: Ice in {place}"]);
  // Under its own name there is nothing to be asked.
  await name.fill("Ice");
  await save.click();
  await page.locator("#alerting").waitFor({ state: "hidden" });
});

it("answers and a word are given when an alert is raised, and a client of v1 confirms by the word", async () => {
  const { page, room, does } = await hosted();
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  const old = await Client.inRoom(server, room, "Cy");
  await page.locator("#raise-alert").click();
  await page.getByLabel("What everybody has to know").fill("Leave the building");
  await page.getByText("More", { exact: true }).click();
  await page
    .getByLabel("Answers to choose from")
    .fill(Array.from({ length: 9 }, (_, place) => `${place}`).join("\n"));
  await page.getByRole("button", { name: "Raise it now" }).click();
  await page.locator("#alerting textarea:invalid").waitFor();
  await page.getByLabel("Answers to choose from").fill("Safe\nI need help");
  await page.getByLabel("Word that confirms it").fill("out");
  await page.getByRole("button", { name: "Raise it now" }).click();
  await guest.getByRole("button", { name: "I need help: Leave the building" }).click();
  await old.ask("text", { msg: "OUT" });
  await page.getByRole("button", { name: /^Roll call: 3 of 3/ }).waitFor();
  const [{ answers, word }] = (await does({ action: "list" })).alerts;
  assert.deepEqual({ answers, word }, { answers: ["Safe", "I need help"], word: "out" });
});

it("what the server refuses is said in the dialog, in the language of the page", async () => {
  const { page, room, does, asks } = await hosted({ locale: "de" });
  await asks("moderate", { action: "set", settings: { two_person: true } });
  const { alert } = await does({ action: "raise", text: "Eis" });
  await page.locator("#alerts .alert").waitFor();
  await page.getByRole("button", { name: "Diese Warnung ändern: Eis" }).click();
  await page.getByLabel("Wie ernst es ist").selectOption("emergency");
  await page.getByRole("button", { name: "Jetzt ändern" }).click();
  await page
    .locator("#alerting .field-error", { hasText: "ein Notfall braucht hier eine zweite Person" })
    .waitFor();
  await does({ action: "end", id: alert.id });
  await page.getByRole("button", { name: "Jetzt ändern" }).click();
  await page.locator("#alerting .field-error", { hasText: "diese Warnung gilt nicht mehr" }).waitFor();
  await page.keyboard.press("Escape");
  // A room as people paste it.
  await page.locator("#raise-alert").click();
  await page.getByLabel("Was alle wissen müssen").fill("Eis");
  await page.getByText("Mehr", { exact: true }).click();
  await page.getByLabel("Sagen, wer nicht bestätigt hat, nach").selectOption("2 Minuten");
  await page.getByLabel("Diesem Raum sagen").focus();
  await page.keyboard.insertText(`https://alert.${"long-".repeat(10)}name.example.org/v1?room=${room}`);
  await page.getByRole("button", { name: "Jetzt auslösen" }).click();
  await page.locator("#alerting .field-error", { hasText: "in einen anderen Raum als diesen" }).waitFor();
});

it("an alert that was raised by mistake is ended in one click, with that word", async () => {
  const { page, room, does } = await hosted();
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  await does({ action: "raise", text: "Fire", all_clear: "Come back" });
  await guest.locator("#alerts .alert").waitFor();
  assert.equal(await guest.locator("#alerts button:visible").count(), 0);
  await page.getByRole("button", { name: "it was raised by mistake: Fire" }).click();
  await guest.locator("#alerts").waitFor({ state: "hidden" });
  await said(guest, "Raised by mistake: Fire");
});

it("an emergency waits until another host releases it, who sees it and hears of it; guests know nothing", async () => {
  const { page, room, does, asks } = await hosted();
  await asks("moderate", { action: "set", settings: { two_person: true } });
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  await does({ action: "raise", level: "emergency", text: "Fire", drill: true });
  await said(page, "Drill: Emergency: Fire");
  await page.locator("#waiting", { hasText: "Bell asks for a second person to release this." }).waitFor();
  assert.ok(await guest.locator("#waiting").isHidden());
  assert.equal(await guest.locator("#alerted").textContent(), "");
  await page.getByRole("button", { name: "Release it: Drill: Emergency: Fire" }).click();
  await guest.locator("#alerts .alert").waitFor();
  await page.locator("#waiting").waitFor({ state: "hidden" });
  // What somebody proposes on the page, they cannot release there.
  await page.locator("#raise-alert").click();
  await page.getByLabel("What everybody has to know").fill("Flood");
  await page.getByLabel("How serious it is").selectOption("emergency");
  await page.getByRole("button", { name: "Raise it now" }).click();
  await page.locator("#waiting .alert", { hasText: "It waits until somebody else releases it." }).waitFor();
  assert.equal(await page.getByRole("button", { name: /^Release it/ }).count(), 0);
  await page.getByRole("button", { name: "Withdraw it: Emergency: Flood" }).click();
  await page.locator("#waiting").waitFor({ state: "hidden" });
});

/** All that a page says, in order: what its live regions hold, each time that changes. */
async function listens(page) {
  await page.evaluate(() => {
    window.heardAll = [];
    for (const region of document.querySelectorAll("#heard, #alerted"))
      new MutationObserver(() => window.heardAll.push(region.textContent)).observe(region, {
        childList: true,
      });
  });
  return () => page.evaluate(() => window.heardAll.join("\n").toLowerCase());
}

const count = (text, words) => text.split(words).length - 1;

it("an alert is said once, a countdown near its end only, and a replay as one sum", async () => {
  const { room, does } = await hosted();
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  const heard = await listens(guest);
  await does({ action: "raise", text: "Ice", countdown_to: "12s" });
  await said(guest, "10 seconds left: Ice");
  const fence = await V2.inRoom(server, room, "Cy");
  await fence.tell("fence");
  await guest.waitForFunction(() => window.heardAll.some((one) => one.includes("fence")));
  const all = await heard();
  assert.equal(count(all, "warning: ice"), 1, all);
  assert.equal(count(all, "left: ice"), 1, all);
  assert.ok(
    (await guest.locator("#alerts .alert-count").textContent()).length > 0,
    "it is seen all the time",
  );

  await does({ action: "raise", text: "Flood", level: "emergency" });
  await does({ action: "raise", text: "Lunch", level: "info" });
  const late = await browser.visit();
  await enter(late, server, "Di", room);
  await said(late, "3 alerts are in force. The first: Emergency: Flood");
  assert.ok(!(await late.locator("#alerted").textContent()).includes("Lunch"));
});

it("a screen reader finds each alert with its level, its text and what can be done with it", async () => {
  const { page, room, does } = await hosted();
  const guest = await browser.visit();
  await enter(guest, server, "Ada", room);
  const before = await guest.locator("main").ariaSnapshot();
  assert.ok(!before.includes("Alerts in force"), before);
  assert.equal(await guest.locator("#alerted").getAttribute("role"), "alert", "there before its text");
  await does({ action: "raise", text: "Ice", audience: "Year 7", drill: true });
  await page.locator("#alerts .alert").waitFor();
  await guest.locator("#alerts .alert").waitFor();
  const tree = await page.locator("#alerts").ariaSnapshot();
  for (const part of [
    'list "Alerts in force"',
    "listitem",
    /Drill Warning Ice/i,
    "Year 7",
    'button "Change the alert: Ice"',
    'button "End the alert: Ice"',
    'button "End it at once, it was raised by mistake: Ice"',
  ])
    assert.ok(part instanceof RegExp ? part.test(tree) : tree.includes(part), `${part} in ${tree}`);
  assert.ok(!(await guest.locator("#alerts").ariaSnapshot()).includes("button"));
  await page.locator("#raise-alert").click();
  const dialog = await page.locator("#alerting").ariaSnapshot();
  for (const part of [
    'heading "Raise an alert"',
    'textbox "What everybody has to know"',
    'combobox "It ends"',
  ])
    assert.ok(dialog.includes(part), `${part} in ${dialog}`);
});

it("all of it goes by the keyboard alone, with colours forced and motion reduced", async () => {
  const { page } = await hosted({ forcedColors: "active", reducedMotion: "reduce" });
  // The system's colours are forced, and axe knows those of the page.
  const faults = async () => (await violations(page)).filter((one) => !one.startsWith("color-contrast"));
  await page.locator("#raise-alert").focus();
  await page.keyboard.press("Enter");
  await page.locator("#alerting textarea[required]:focus").waitFor();
  await page.keyboard.type("Ice on the stairs");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#alerting details[open]").waitFor();
  assert.deepEqual(await faults(), []);
  const yes = page.getByRole("button", { name: "Raise it now" });
  for (let tabs = 0; tabs < 9 && !(await yes.evaluate((one) => one.matches(":focus"))); tabs += 1)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#alerts .alert[data-drill]").waitFor();
  const border = await page.locator("#alerts .alert").evaluate((one) => getComputedStyle(one).borderTopWidth);
  assert.equal(border, "1px", "where colours are forced, a line tells them apart");
  assert.deepEqual(await faults(), []);
  await page.getByRole("button", { name: "End the alert: Ice on the stairs" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("#asking").waitFor();
  const end = page.locator("#asking .danger");
  for (let tabs = 0; tabs < 4 && !(await end.evaluate((one) => one.matches(":focus"))); tabs += 1)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#alerts").waitFor({ state: "hidden" });
});
