// Chromium, driven by Playwright; every page is watched for what must never happen.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, before } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { DEADLINE } from "./time.mjs";

const CANDIDATES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
export const EXECUTABLE =
  process.env.CHROMIUM ?? CANDIDATES.map((name) => `/usr/bin/${name}`).find(existsSync);
assert.ok(EXECUTABLE, "no browser: install Chromium (apt-get install chromium), or set CHROMIUM to its path");

/** A name for this machine that servers answer to. It is no secure context, like an address in a local network. */
export const PLAIN_HOST = "alert.local";
/** Below it is this machine, too: browsers count `a.school.test` and `b.school.test` as one site. */
export const TEST_DOMAIN = "test";

export const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
];
ARGS.push(
  "--disable-component-update",
  "--disable-sync",
  `--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1,MAP *.${TEST_DOMAIN} 127.0.0.1`,
);

/** What the browser itself writes to the console when a server is away, or goes while the page has something to say. */
const NETWORK = /net::ERR_|WebSocket connection to|WebSocket is already in CLOSING|Failed to load resource/;

/**
 * A browser, with more flags if some are given, for the tests of the calling file. After each test its pages are closed,
 * and nothing may have gone wrong in them.
 */
export function browserFor(...flags) {
  const holder = { pages: [], contexts: [] };
  before(async () => {
    holder.browser = await chromium.launch({ executablePath: EXECUTABLE, args: [...ARGS, ...flags] });
  });
  after(() => holder.browser?.close());
  afterEach(async () => {
    const wrong = holder.pages.flatMap(({ wrong }) => wrong);
    for (const context of holder.contexts) await context.close();
    holder.pages = [];
    holder.contexts = [];
    assert.deepEqual(wrong, [], "what went wrong in a page");
  });

  /**
   * A fresh visitor with a page. `mayFail` says that the server may be away or refuse something; a pattern, what else
   * the browser may write to the console then. `mayFrame` says that there are frames, and `mayOpen` windows.
   */
  holder.visit = async ({ mayFail, mayFrame, mayOpen, ...options } = {}) => {
    const context = await holder.browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
    holder.contexts.push(context);
    return holder.page(context, { mayFail, mayFrame, mayOpen });
  };

  /** Another page of the same visitor. */
  holder.page = async (context, { mayFail = false, mayFrame = false, mayOpen = false } = {}) => {
    const page = await context.newPage();
    page.setDefaultTimeout(DEADLINE);
    const wrong = [];
    page.on("dialog", (dialog) => {
      wrong.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("pageerror", (error) => wrong.push(`an error: ${error.stack}`));
    page.on("console", (message) => {
      const isExpected = mayFail && (NETWORK.test(message.text()) || mayFail.test?.(message.text()));
      if (["error", "warning"].includes(message.type()) && !isExpected)
        wrong.push(`${message.type()}: ${message.text()}`);
    });
    if (!mayOpen) page.on("popup", () => wrong.push("a window opened"));
    const notFramed = (frame) => frame !== page.mainFrame() && wrong.push("a frame appeared");
    if (!mayFrame) page.on("framenavigated", notFramed);
    holder.pages.push({ page, wrong });
    return page;
  };
  return holder;
}

/** Logs in by the form and waits until the page is connected. */
export async function enter(page, server, name, room, origin = server.url) {
  await page.goto(`${origin}/v1`);
  await page.locator("#name").fill(name);
  await page.locator("#room").fill(room);
  await page.locator("#enter").click();
  await state(page, "connected");
}

/** Makes a room by the form, of which Ms Ortega is the host, and waits until she is in it. Returns its code. */
export async function host(page, server) {
  await page.goto(`${server.url}/v1`);
  await page.locator("#name").fill("Ms Ortega");
  await page.locator("#fresh").click();
  const room = await page.locator("#room").inputValue();
  await page.locator("#enter").click();
  await state(page, "connected");
  await page.locator("#hosting-button").waitFor();
  return room;
}

/** Waits for the state that the page shows. */
export const state = (page, name) => page.locator(`#state[data-state=${name}]`).waitFor();

/** Leaves the room, and confirms it. */
export async function leave(page) {
  await page.locator("#leave").click();
  await page.locator("#leave-now").click();
  await page.locator("#enter").waitFor();
}

/** Writes into the input and sends it. */
export async function say(page, text) {
  await page.locator("#message").fill(text);
  await page.locator("#send").click();
}

/** Waits for a line of the log with exactly this text, `kind` being message or status. */
export async function line(page, kind, text) {
  await page.waitForFunction(
    ([kind, text]) =>
      [...document.querySelectorAll(`#log .${kind} .text`)].some((line) => line.textContent === text),
    [kind, text],
  );
}

/** The texts of all lines of a kind. */
export const lines = (page, kind) => page.locator(`#log .${kind} .text`).allTextContents();

/** Waits until no transition is under way, so that colours are final. What moves forever does not count. */
export const settled = (page) =>
  page.evaluate(async () => {
    const passing = document
      .getAnimations()
      .filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.all(passing.map((one) => one.finished.catch(() => {})));
  });

/** What axe finds wrong with the page as it is. */
export async function violations(page) {
  await settled(page);
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" | ")}`,
  );
}

/** The same, and no dialog that is open is wider than its place. */
export async function dialogsFit(page, what, picture) {
  await looksRight(page, what, picture);
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll("dialog[open]")].map((one) => one.scrollWidth - one.clientWidth),
  );
  assert.ok(
    wide.every((excess) => excess <= 0),
    `${what}: ${wide}`,
  );
}

/** A page in which axe finds nothing and that is not wider than its view. SCREENSHOTS=folder keeps a picture of it. */
export async function looksRight(page, what, picture) {
  assert.deepEqual(await violations(page), [], what);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), what);
  if (process.env.SCREENSHOTS === undefined) return;
  await settled(page);
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/${picture}-${what}.png` });
}
