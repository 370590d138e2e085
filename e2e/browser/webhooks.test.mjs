// The webhooks of a room on the page of its hosts: made, tested, given another secret and removed; what fails is said, in every
// size and scheme, and axe finds nothing. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, it } from "node:test";
import { browserFor, dialogsFit, host } from "../harness/browser.mjs";
import { serverFor } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";
import { V2 } from "../harness/v2.mjs";

const server = serverFor("--history", "memory", "--outbound-networks", "127.0.0.0/8");
const browser = browserFor();
/** Answers with the status at the end of the address, or not at all. */
const held = [];
const receiver = createServer((request, response) => {
  request.resume();
  const status = Number(/\d+$/.exec(request.url)?.[0] ?? 204);
  if (request.url.includes("held")) held.push(() => response.writeHead(status).end());
  else response.writeHead(status).end();
});
before(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
});
after(() => {
  receiver.closeAllConnections();
  receiver.close();
});
const at = (path) => `http://127.0.0.1:${receiver.address().port}/${path}`;

/** A host's page with what opens its webhooks, and what does something with them as another host. */
async function hosted(options = {}) {
  const page = await browser.visit({ locale: "en-GB", ...options });
  const room = await host(page, server);
  const key = await page.evaluate((room) => localStorage.getItem(`alert.host ${room}`), room);
  const deputy = await V2.connect(server);
  const does = (body, event = "webhook") => deputy.ask(event, { room, host: key, ...body });
  const open = async () => {
    await page.locator("#hosting-button").click();
    await page.locator("#hosting [aria-controls=webhooks]").click();
    await page.locator("#webhooks[open]").waitFor();
  };
  return { page, does, open };
}

const listed = async (does) => (await does({ action: "list" })).webhooks;

for (const [colorScheme, viewport, locale] of [
  ["light", { width: 1280, height: 800 }, "en-GB"],
  ["dark", { width: 360, height: 640 }, "ar"],
  ["light", { width: 360, height: 640 }, "de"],
])
  it(`in ${colorScheme}, ${viewport.width} px, ${locale}: list, form and secret fit, and axe finds nothing`, async () => {
    const { page, does, open } = await hosted({ colorScheme, viewport, locale });
    for (const url of [at("500"), at("410"), at(`${"a-long-address-".repeat(12)}/204`)])
      await does({ action: "add", webhook: { url } });
    await does({ name: "Ada", msg: "Class ends in 5 minutes" }, "send");
    const isTold = (one) => one.failing || one.gone || one.delivered_at !== null;
    await eventually("something of each", async () => (await listed(does)).every(isTold));
    const picture = `webhooks-${locale}-${viewport.width}-${colorScheme}`;
    const fits = (what) => dialogsFit(page, what, picture);
    await open();
    await page.locator("#webhooks .webhook").nth(2).waitFor();
    await page.locator("#webhooks .webhook button").first().click();
    await page.locator("#webhooks .webhook-tested.webhook-bad").waitFor();
    await fits("list");
    await page.locator("#webhooks").evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    await fits("end");
    await page.locator("#webhooks .primary").click();
    await page.locator("#webhook input[type=url]").fill("https://10.0.0.1/");
    await page.locator("#webhook .primary").click();
    await page.locator("#webhook .field-error", { hasText: "outbound_networks" }).waitFor();
    await fits("form");
    await page.locator("#webhook input[type=url]").fill(at("204"));
    await page.locator("#webhook .primary").click();
    await page.locator("#webhook input[readonly]").waitFor();
    await fits("secret");
  });

it("with the keyboard alone a webhook is added and its secret copied, then it is tested, has another secret, and is removed", async () => {
  const { page, does, open } = await hosted({ permissions: ["clipboard-read", "clipboard-write"] });
  const presses = async (name) => {
    await page.getByRole("button", { name }).focus();
    await page.keyboard.press("Enter");
  };
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await open();
  await page.getByText("There are no webhooks yet.").waitFor();
  await presses("Add a webhook");
  await page.keyboard.type("https://127.0.0.2.example/");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  assert.equal(
    await page
      .locator("#webhook [type=checkbox]")
      .first()
      .evaluate((box) => box.validationMessage),
    "Choose at least one.",
  );
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page
    .locator("#webhook")
    .getByLabel("Address of the program")
    .fill("https://127.0.0.1:1@example.org/");
  await page.keyboard.press("Enter");
  await page
    .locator("#webhook [role=alert]")
    .getByText("Not done: the address must not contain a name and a password")
    .waitFor();
  await page.locator("#webhook").getByLabel("Address of the program").fill(at("204"));
  await page.keyboard.press("Enter");
  const secret = page.locator("#webhook").getByLabel("Secret", { exact: true });
  const first = await secret.inputValue();
  assert.match(first, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await presses("Copy the secret");
  await page.getByRole("status").getByText("The secret has been copied.").waitFor();
  assert.equal(await copied(), first);
  await presses("Done");
  await page.locator("#webhook").waitFor({ state: "hidden" });
  assert.ok(!(await page.locator("#webhooks").innerHTML()).includes("whsec_"));
  const webhook = page.locator(".webhook", { hasText: at("204") });
  await webhook.getByText("It is told of alerts.").waitFor();
  await webhook.getByText("Nothing has been delivered yet.").waitFor();
  assert.deepEqual(
    (await listed(does)).map(({ url, tells, made_by }) => ({ url, tells, made_by })),
    [{ url: at("204"), tells: ["alert"], made_by: "Ms Ortega" }],
  );
  await presses(`Test: ${at("204")}`);
  await webhook.getByRole("status").getByText("The test was delivered: the program answers 204.").waitFor();
  await presses(`New secret: ${at("204")}`);
  await page.getByRole("button", { name: "New secret", exact: true }).click();
  await secret.waitFor();
  assert.notEqual(await secret.inputValue(), first);
  await page.keyboard.press("Escape");
  await presses(`Remove: ${at("204")}`);
  await page.locator("#asking").getByText("The program is told nothing any more").waitFor();
  await page.locator("#asking .danger").click();
  await webhook.waitFor({ state: "detached" });
  await page.locator("#webhooks .primary:focus").waitFor();
  assert.deepEqual(await listed(does), []);
});

it("while a test waits for its answer the page goes on, follows other hosts, and says what became of it", async () => {
  const { page, does, open } = await hosted();
  await does({ action: "add", webhook: { url: at("held500") } });
  await open();
  const webhook = page.locator(".webhook", { hasText: "held500" });
  await webhook.getByRole("button", { name: /^Test: / }).click();
  await webhook.getByText("The test is on its way").waitFor();
  await does({ action: "add", webhook: { url: at("204") } });
  await page.locator(".webhook", { hasText: at("204") }).waitFor();
  await webhook.locator("button:focus").waitFor();
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  held.shift()();
  await webhook
    .getByRole("status")
    .getByText("The test was not delivered: it answers 500 Internal Server Error")
    .waitFor();
});

it("a secret that comes late is shown although the form is gone: nobody could see it again", async () => {
  const { page, open } = await hosted();
  await open();
  await page.getByRole("button", { name: "Add a webhook" }).click();
  await page.locator("#webhook").getByLabel("Address of the program").fill(at("204"));
  server.signal("SIGSTOP");
  await page.locator("#webhook .primary").click();
  await page.locator("#webhook").getByRole("button", { name: "Cancel" }).click();
  await page.locator("#webhook").waitFor({ state: "hidden" });
  server.signal("SIGCONT");
  assert.match(await page.locator("#webhook").getByLabel("Secret", { exact: true }).inputValue(), /^whsec_/);
  // Enter does not send the form anywhere.
  await page.locator("#webhook").getByLabel("Secret", { exact: true }).press("Enter");
  await page.locator("#webhook").waitFor({ state: "hidden" });
  await page.locator(".webhook", { hasText: at("204") }).waitFor();
});

it("whoever is no host any more has no webhooks before them", async () => {
  const { page, does, open } = await hosted();
  await open();
  await page.getByRole("button", { name: "Add a webhook" }).click();
  await does({ action: "new_key" }, "moderate");
  for (const dialog of ["#webhook", "#webhooks", "#hosting"])
    await page.locator(dialog).waitFor({ state: "hidden" });
});
