// The big screen: what is in force fills the wall in every size and scheme, it hears the room without being in it, comes
// back by itself, and works in a browser of 2018. SCREENSHOTS=folder keeps pictures.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { browserFor, settled, violations } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { readQr } from "../harness/qr.mjs";
import { address as addressOn, hosted as hostedOn, open as openOn } from "../harness/screen.mjs";
import { BINARY, Server, serverFor } from "../harness/server.mjs";

const server = serverFor("--history", "memory");
// As a kiosk is started.
const browser = browserFor("--autoplay-policy=no-user-gesture-required");
after(() => Client.closeAll());

const hosted = (of = server) => hostedOn(of);
const address = (room, more = "", of = server) => addressOn(of, room, more);
const open = (page, room, more = "", of = server) => openOn(of, page, room, more);

const shot = async (page, name) => {
  if (process.env.SCREENSHOTS === undefined) return;
  await settled(page);
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/screen-${name}.png` });
};

/** What does not fit into the view, by its id. */
const outside = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("[id]:not(script):not(body)")]
      .filter((one) => one.checkVisibility())
      .filter((one) => {
        const { top, left, bottom, right, width, height } = one.getBoundingClientRect();
        return (
          width * height > 0 && (top < -1 || left < -1 || bottom > innerHeight + 1 || right > innerWidth + 1)
        );
      })
      .map((one) => one.id),
  );

const SIZES = [
  ["360", { width: 360, height: 640 }],
  ["720p", { width: 1280, height: 720 }],
  ["1080p", { width: 1920, height: 1080 }],
  ["4k", { width: 3840, height: 2160 }],
];
const LANGUAGES = ["en", "de", "fr", "ar"];

for (const colorScheme of ["light", "dark"])
  for (const [place, [size, viewport]] of SIZES.entries())
    it(`in ${colorScheme}, ${size}: each level fills the wall, all of it is to be seen, and axe finds nothing`, async () => {
      const { room, host, does } = await hosted();
      const page = await browser.visit({ colorScheme, viewport, locale: LANGUAGES[place] });
      for (const msg of ["Good morning", "Lunch is at noon", "The bus is late today, please wait inside"])
        await host.tell(msg);
      await open(page, room);
      await page.locator("#messages li").nth(2).waitFor();
      const looks = async (name) => {
        await shot(page, `${size}-${colorScheme}-${name}`);
        assert.deepEqual(await outside(page), [], name);
        await page.waitForFunction(() => {
          const { scrollHeight, clientHeight } = document.querySelector("#words");
          return scrollHeight <= clientHeight + 1;
        });
        assert.deepEqual(await violations(page), [], name);
      };
      assert.equal(await page.locator("#link").innerText(), server.host);
      await looks("calm");
      const raise = (level, text, more = {}) => does({ action: "raise", level, text, ...more });
      for (const [level, text, more] of [
        ["info", "The lesson ends", { countdown_to: "5m" }],
        ["warning", "Ice on the stairs", { audience: "Year 7" }],
        ["emergency", "Leave the building by the nearest exit and gather at the sports field", {}],
      ]) {
        const { alert } = await raise(level, text, more);
        await page.locator(`#screen[data-level=${level}] #words`, { hasText: text }).waitFor();
        await looks(level);
        await does({ action: "end", id: alert.id });
        await page.locator("#calm").waitFor();
      }
      await raise("info", "Lunch is late");
      await raise("warning", "Ice on the stairs");
      await raise("emergency", "Fire drill", { drill: true, countdown_to: "10m" });
      await page.locator("#others li").nth(1).waitFor();
      const words = await page.locator("#words").innerText();
      assert.equal(words, "Ice on the stairs", "what is real before a drill");
      await looks("several");
    });

it("whoever sees the screen can join by its code, its address and its QR code", async () => {
  const { room } = await hosted();
  const page = await browser.visit({ viewport: { width: 1280, height: 720 } });
  await open(page, room);
  assert.equal(await page.locator("#code").innerText(), room);
  const picture = page.locator("#qr svg");
  await picture.waitFor();
  assert.equal(await readQr(picture), `${server.url}/v1?room=${room}`);
});

it("the screen is in no list, hears what is said and removed, and says the words of an alert once", async () => {
  const { room, key, host, does } = await hosted();
  const page = await browser.visit();
  await open(page, room);
  const { members } = await host.ask("members", { room });
  assert.deepEqual(members, ["Ms Ortega"]);
  const { id } = await host.tell("<b>first</b>");
  await host.tell("second");
  await page.locator("#messages li", { hasText: "second" }).waitFor();
  assert.deepEqual(await page.locator("#messages .what").allInnerTexts(), ["<b>first</b>", "second"]);
  await host.ask("moderate", { room, host: key, action: "remove", id });
  await page.locator("#messages li", { hasText: "first" }).waitFor({ state: "detached" });
  await does({ action: "raise", text: "Ice on the stairs", drill: true });
  await page.locator("#caption", { hasText: "Drill: Warning: Ice on the stairs" }).waitFor();
  assert.match(await page.locator("#level").innerText(), /^drill · warning$/i);
  assert.deepEqual(await page.locator("#messages .what").allInnerTexts(), ["second"]);
  const [alert] = (await does({ action: "list" })).alerts;
  await does({ action: "end", id: alert.id, mistake: true });
  await page.locator("#caption", { hasText: "Drill: Raised by mistake: Ice on the stairs" }).waitFor();
  await page.locator("#calm").waitFor();
});

it("an alert is said aloud in the language that is asked for, after a signal, and a countdown at 10 s", async () => {
  const { room, does } = await hosted();
  const page = await browser.visit();
  await page.addInitScript(() => {
    window.said = [];
    window.speechSynthesis.speak = ({ text, lang }) => window.said.push([lang, text]);
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      window.said.push("signal");
      return start.apply(this, when);
    };
  });
  await open(page, room, "&lang=de");
  assert.equal(await page.locator("#sound").isVisible(), false, "a kiosk may sound");
  await does({ action: "raise", level: "info", text: "Ice on the stairs", countdown_to: "12s" });
  await page.waitForFunction(() => window.said.length >= 3);
  assert.deepEqual(await page.evaluate(() => window.said), [
    "signal",
    ["de", "Hinweis – Ice on the stairs"],
    ["de", "Noch 10 Sekunden. Hinweis – Ice on the stairs"],
  ]);
});

it("what is more urgent is said at once, and what is less waits", async () => {
  const { room, does } = await hosted();
  const page = await browser.visit();
  await open(page, room);
  const caption = (words) => page.locator("#caption", { hasText: words }).waitFor();
  await does({ action: "raise", level: "warning", text: "Ice on the stairs" });
  await caption("Ice on the stairs");
  await does({ action: "raise", level: "emergency", text: "Leave the building" });
  await caption("Leave the building");
  await does({ action: "raise", level: "info", text: "Lunch is late" });
  await page.locator("#others li", { hasText: "Lunch is late" }).waitFor();
  assert.match(await page.locator("#caption").innerText(), /Leave the building/);
  await caption("Lunch is late");
});

it("a countdown is that of the server, is paused and goes on, and what is over by its time goes without the server", async () => {
  const own = await new Server(["--history", "memory"]).start();
  const { room, does } = await hosted(own);
  const page = await browser.visit({ mayFail: true });
  await page.addInitScript(() => {
    const { now } = Date;
    Date.now = () => now() - 3_600_000;
  });
  await open(page, room, "", own);
  const { alert } = await does({ action: "raise", text: "The lesson ends", countdown_to: "10m" });
  const count = (words) => page.locator("#count", { hasText: words }).waitFor();
  await count(/^(9:\d\d|10:00)$/);
  await does({ action: "update", id: alert.id, paused: true });
  await count(/^Paused: (9:\d\d|10:00)$/);
  await does({ action: "update", id: alert.id, paused: false });
  await count(/^(9:\d\d|10:00)$/);
  await does({ action: "update", id: alert.id, ends_at: 3 });
  await page.waitForFunction(() => document.querySelector("#state").hidden);
  await own.kill();
  await page.locator("#state", { hasText: "comes back by itself" }).waitFor();
  await page.locator("#calm").waitFor();
});

it("the screen comes back by itself after a restart of the server, and loads a page that is newer", async () => {
  const own = await new Server([]).start();
  const { room, does } = await hosted(own);
  const page = await browser.visit({ mayFail: true });
  await open(page, room, "", own);
  await does({ action: "raise", text: "Ice on the stairs" });
  await page.locator("#words", { hasText: "Ice" }).waitFor();
  await page.evaluate(() => {
    window.isOld = true;
  });
  await own.kill();
  await page.locator("#state").waitFor();
  const next = await own.restarted();
  await page.locator("#state").waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => window.isOld), true, "the same version is not loaded anew");
  // As after an update: the page names another script.
  await page.route(
    /\/v1\/screen/,
    async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(/screen-[\w-]+\.js/, "screen-another.js");
      await route.fulfill({ response, body });
    },
    { times: 1 },
  );
  await next.kill();
  await page.locator("#state").waitFor();
  const last = await next.restarted();
  await page.waitForFunction(() => window.isOld === undefined && document.querySelector("#state")?.hidden);
  await page.locator("#words", { hasText: "Ice" }).waitFor();
  await last.stop();
});

it("a password is in the fragment of the address, or is entered once; a closed room says so", async () => {
  const { room, key, host, does } = await hosted();
  await does({ action: "raise", text: "Ice on the stairs" });
  await host.ask("moderate", { room, host: key, action: "set", settings: { password: "sesame" } });
  const page = await browser.visit();
  await open(page, room, "#password=sesame");
  await page.locator("#words", { hasText: "Ice" }).waitFor();
  const other = await browser.visit();
  await other.goto(address(room));
  await other.locator("#state", { hasText: "This room has a password" }).waitFor();
  assert.equal(await other.locator("#calm").isVisible(), false, "nobody knows whether anything is in force");
  assert.deepEqual(await violations(other), []);
  await other.keyboard.type("wrong\n");
  await other.locator("#state", { hasText: "not the password" }).waitFor();
  const kept = await other.evaluate((room) => localStorage.getItem(`alert.screen ${room}`), room);
  assert.equal(kept, "{}", "a wrong one is not tried again");
  await other.locator("#key-field").fill("sesame");
  await other.keyboard.press("Enter");
  await other.locator("#words", { hasText: "Ice" }).waitFor();
  await other.reload();
  await other.locator("#words", { hasText: "Ice" }).waitFor();
  await host.ask("moderate", { room, host: key, action: "close" });
  await other.locator("#state", { hasText: "The room is closed" }).waitFor();
  assert.equal(await other.locator("#key").isVisible(), false);
  assert.equal(await other.locator("#in-force").isVisible(), false);
  assert.equal(await other.locator("#calm").isVisible(), false);
  assert.equal(await other.locator("#caption").isVisible(), false, "nor is it a caption any more");
});

it("where a token is needed, it is behind # in the address, or is entered once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "alert-screen-"));
  const pem = join(folder, "key.pem");
  const alert = (...words) => execFileSync(BINARY, words, { env: {}, encoding: "utf8" }).trim();
  alert("token", "keygen", pem);
  const own = await new Server(["--history", "memory", "--access", "token", "--token-keys", pem]).start();
  try {
    const room = fresh("room");
    const token = alert("token", "mint", "screen", "--room", room, "--can", "read", "--key", pem);
    const page = await browser.visit();
    await open(page, room, `#token=${token}`, own);
    const other = await browser.visit();
    await other.goto(address(room, "", own));
    await other.locator("#state", { hasText: "You need a personal link" }).waitFor();
    await other.getByLabel("Token of a personal link").fill(token);
    await other.keyboard.press("Enter");
    await other.locator("#state").waitFor({ state: "hidden" });
    assert.equal(await other.locator("#key").isVisible(), false);
  } finally {
    await own.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

it("a text that is too long for the wall stays as large as can be read, and is turned like pages", async () => {
  const { room, does } = await hosted();
  const page = await browser.visit({ viewport: { width: 1280, height: 720 } });
  await page.clock.install();
  await open(page, room);
  const text = Array.from({ length: 150 }, (_, place) => `word${place}`).join(" ");
  await does({ action: "raise", text });
  await page.locator("#words", { hasText: "word149" }).waitFor();
  const place = () =>
    page.locator("#words").evaluate((words) => ({
      size: Number.parseFloat(getComputedStyle(words).fontSize),
      top: words.scrollTop,
      last: words.scrollTop + words.clientHeight >= words.scrollHeight - 1,
    }));
  const { size, top, last } = await place();
  assert.deepEqual([size, top, last], [36, 0, false], "a twentieth of the height");
  for (let turns = 0; !(await place()).last; turns += 1) {
    assert.ok(turns < 10);
    const { top } = await place();
    await page.clock.fastForward(8_000);
    await page.waitForFunction((top) => document.querySelector("#words").scrollTop > top, top);
  }
  await page.clock.fastForward(8_000);
  await page.waitForFunction(() => document.querySelector("#words").scrollTop === 0);
});

it("a browser that may not sound yet has a button for it, which a key or a click takes away", async () => {
  const shy = await browser.visit();
  await shy.addInitScript(() => {
    const context = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "state");
    let isAllowed = false;
    Object.defineProperty(BaseAudioContext.prototype, "state", {
      get() {
        return isAllowed ? context.get.call(this) : "suspended";
      },
    });
    AudioContext.prototype.resume = async function () {
      isAllowed = true;
      this.onstatechange();
    };
  });
  await open(shy, fresh("room"));
  await shy.locator("#sound").click();
  await shy.locator("#sound").waitFor({ state: "hidden" });
});

it("a browser of 2018, without all that came later, shows it all", async () => {
  const { room, does } = await hosted();
  const page = await browser.visit({ viewport: { width: 1280, height: 720 } });
  await page.addInitScript(() => {
    for (const [of, names] of [
      [Array.prototype, ["at", "findLast", "findLastIndex", "toSorted", "toReversed", "toSpliced", "with"]],
      [String.prototype, ["matchAll", "replaceAll", "at", "isWellFormed", "toWellFormed"]],
      [Object, ["fromEntries", "hasOwn", "groupBy"]],
      [Promise, ["allSettled", "any", "withResolvers"]],
      [Element.prototype, ["replaceChildren", "checkVisibility"]],
      [Document.prototype, ["replaceChildren"]],
      [window, ["structuredClone", "queueMicrotask", "WeakRef", "AggregateError", "BigInt64Array"]],
      [Crypto.prototype, ["randomUUID"]],
      [AbortSignal, ["any", "timeout"]],
      [Navigator.prototype, ["wakeLock", "userActivation"]],
      [Intl, ["ListFormat", "RelativeTimeFormat", "DisplayNames", "Locale", "Segmenter"]],
    ])
      for (const name of names) delete of[name];
    Intl.NumberFormat = new Proxy(Intl.NumberFormat, {
      construct(of, [locale, options = {}]) {
        if (options.style === "unit") throw new RangeError("no such style");
        return new of(locale, options);
      },
    });
    delete window.globalThis;
  });
  await open(page, room);
  await does({ action: "raise", text: "The lesson ends", countdown_to: "2h" });
  await page.locator("#count", { hasText: /^(1:59:\d\d|2:00:00)$/ }).waitFor();
  await page.locator("#qr svg").waitFor();
});

it("its scripts are of ES2019, and its style sheet has only what browsers of 2018 know", async () => {
  const page = await browser.visit();
  const files = new Map();
  page.on("response", async (response) => {
    const name = new URL(response.url()).pathname;
    if (/\.(js|css)$/.test(name)) files.set(name, response.text());
  });
  await open(page, fresh("room"));
  await page.locator("#qr svg").waitFor();
  assert.equal(files.size, 3, "the page's own, what draws QR codes, and the style sheet");
  for (const [name, file] of files) {
    const later = name.endsWith(".js")
      ? /\?\?|\?\.[a-z([]|[.{;]#[a-z]|static\s*\{|\d_\d|[|&]{2}=/i
      : /(?<!grid-)gap:|inset|min\(|max\(|clamp\(|:is\(|:where\(|:has\(|dvh|color-mix|light-dark|@layer|&|aspect-ratio:/;
    assert.doesNotMatch(await file, later, name);
  }
});

it("nothing flashes: what moves is slower than 3 times a second, and is still where less motion is wanted", async () => {
  const { room, does } = await hosted();
  for (const [reducedMotion, moves] of [
    ["no-preference", 1],
    ["reduce", 0],
  ]) {
    const page = await browser.visit({ reducedMotion });
    await open(page, room);
    await does({ action: "raise", level: "emergency", text: "Leave the building", key: "once" });
    await page.locator("#screen[data-level=emergency]").waitFor();
    const durations = await page.evaluate(() =>
      document.getAnimations().map(({ effect }) => effect.getTiming().duration),
    );
    assert.equal(durations.length, moves);
    assert.ok(durations.every((duration) => duration >= 1_000));
  }
});
