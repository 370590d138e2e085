// The page for everybody: axe in light and dark, keyboard only, and a narrow screen.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browserFor, enter, line, say, state, violations } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { Server, serverFor } from "../harness/server.mjs";
import { eventually } from "../harness/time.mjs";

const server = serverFor();
const browser = browserFor();

/** A room with everything in it that the log can show, except a gap. */
async function busyRoom(page, on = server) {
  const room = fresh("room");
  await enter(page, on, "Ada", room);
  const bell = await Client.connect(on);
  await bell.join(room, "Bell");
  await bell.ask("text", { msg: "Class ends in 5 minutes" });
  await bell.ask("text", {
    msg: "Unterricht endet in 5 Minuten, https://example.org/a/rather/long/address?with=query",
  });
  await bell.ask("left", {});
  await line(page, "status", "Bell has left the room.");
  await say(page, "Thanks");
  await line(page, "message", "Ada: Thanks");
}

for (const colorScheme of ["light", "dark"]) {
  describe(`axe finds nothing in ${colorScheme}`, () => {
    for (const [size, viewport] of [
      ["wide", { width: 1200, height: 800 }],
      ["narrow", { width: 360, height: 640 }],
    ]) {
      const visit = (options) => browser.visit({ colorScheme, viewport, ...options });

      it(`on the login, ${size}`, async () => {
        const page = await visit();
        await page.goto(`${server.url}/v1`);
        assert.deepEqual(await violations(page), []);
        await page.locator("#room").fill("engine");
        await page.locator("#fresh").click();
        assert.deepEqual(await violations(page), []);
      });

      it(`on the login for the invited, after trouble, ${size}`, async () => {
        const page = await visit();
        const room = "7C0F2E9A41D84B6FA3520C9E6D18B7F4";
        await page.goto(`${server.url}/v1?${new URLSearchParams({ room, why: "login-unknown" })}`);
        await page.locator("#trouble").waitFor();
        assert.deepEqual(await violations(page), []);
      });

      it(`on the login with errors, ${size}`, async () => {
        const page = await visit({ mayFail: true });
        await page.goto(`${server.url}/v1`);
        await page.locator("#enter").click();
        await page.locator("#name-error").waitFor();
        assert.deepEqual(await violations(page), []);
      });

      it(`on the chat, ${size}`, async () => {
        const page = await visit();
        await busyRoom(page);
        assert.deepEqual(await violations(page), []);
        await page.locator("#message").fill("x".repeat(16_400));
        assert.deepEqual(await violations(page), []);
        await page.locator("#leave").click();
        assert.deepEqual(await violations(page), []);
      });

      it(`on the chat without a connection and after a gap, ${size}`, async () => {
        const page = await visit({ mayFail: true });
        let restarting = await new Server(["--history", "memory"]).start();
        try {
          await busyRoom(page, restarting);
          Client.closeAll();
          await restarting.stop();
          await state(page, "reconnecting");
          assert.deepEqual(await violations(page), []);
          restarting = await restarting.restarted();
          await page.locator("#log .gap").waitFor();
          assert.deepEqual(await violations(page), []);
        } finally {
          await restarting.stop();
        }
      });

      it(`on the page for client writers, ${size}`, async () => {
        const page = await visit();
        await page.goto(`${server.url}/docs/`);
        assert.deepEqual(await violations(page), []);
      });

      it(`on a document, ${size}`, async () => {
        const page = await visit();
        for (const name of ["protocol-v1.md", "terminal.md", "clients/README.md"]) {
          await page.goto(`${server.url}/docs/${name}`);
          await page.locator("h1").waitFor();
          assert.deepEqual(await violations(page), []);
        }
      });

      it(`on a page that is not there, ${size}`, async () => {
        const page = await visit({ mayFail: true });
        const response = await page.goto(`${server.url}/no-such-page`);
        assert.equal(response.status(), 404);
        assert.deepEqual(await violations(page), []);
      });
    }
  });
}

it("the keyboard alone is enough, from the login to leaving", async () => {
  const room = fresh("room");
  const bell = await Client.connect(server);
  await bell.join(room, "Bell");
  const page = await browser.visit();
  await page.goto(`${server.url}/v1`);
  const focused = () => page.evaluate(() => document.activeElement?.id ?? "");
  const tabTo = async (id) => {
    for (let presses = 0; presses < 20; presses += 1) {
      if ((await focused()) === id) {
        const outline = await page.evaluate(() => {
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
          return { outlineStyle, outlineWidth, boxShadow };
        });
        const isSeen =
          (outline.outlineStyle !== "none" && outline.outlineWidth !== "0px") || outline.boxShadow !== "none";
        assert.ok(isSeen, `the focus on #${id} can be seen: ${JSON.stringify(outline)}`);
        return;
      }
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not reach #${id}`);
  };
  assert.equal(await focused(), "name", "the first field has the focus");
  await page.keyboard.type("Ada");
  await tabTo("room");
  await page.keyboard.type(room);
  await page.keyboard.press("Enter");
  await state(page, "connected");
  assert.equal(await focused(), "message", "ready to type");
  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await bell.waitFor("message", "Ada: first line\nsecond line");
  assert.equal(await focused(), "message", "ready to type again");
  for (const id of ["sound", "copy", "log", "message", "leave"]) await tabTo(id);
  await page.keyboard.press("Enter");
  await page.locator("#leaving").waitFor();
  await tabTo("leave-now");
  await page.keyboard.press("Enter");
  await page.locator("#enter").waitFor();
  await bell.waitFor("status", "Ada has left the room.");
});

it("at 360 px nothing scrolls sideways, and everything can be reached", async () => {
  const page = await browser.visit({ viewport: { width: 360, height: 640 }, mayFail: true });
  const isTooWide = () =>
    page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  const within = async (selector) => {
    const box = await page.locator(selector).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 360, `${selector}: ${JSON.stringify(box)}`);
  };
  await page.goto(`${server.url}/v1`);
  assert.equal(await isTooWide(), false, "login");
  await page.goto(`${server.url}/docs/`);
  assert.equal(await isTooWide(), false, "documents");
  for (const name of ["protocol-v1.md", "http-api.md", "operations.md", "clients/README.md"]) {
    await page.goto(`${server.url}/docs/${name}`);
    assert.equal(await isTooWide(), false, name);
  }
  await page.goto(`${server.url}/v1`);
  await page.locator("#enter").click();
  await page.locator("#name-error").waitFor();
  assert.equal(await isTooWide(), false, "login with errors");
  for (const selector of ["#name", "#room", "#enter", "#fresh"]) await within(selector);

  for (const room of ["W".repeat(128), "7C0F2E9A41D84B6FA3520C9E6D18B7F4"]) {
    await enter(page, server, "W".repeat(64), room);
    await say(page, "x".repeat(3_000));
    await say(page, "An ordinary sentence.");
    await line(page, "message", `${"W".repeat(64)}: An ordinary sentence.`);
    assert.equal(await isTooWide(), false, "chat");
    assert.equal(
      await page.locator("#log").evaluate((log) => log.scrollWidth > log.clientWidth),
      false,
      "the log does not scroll sideways either",
    );
    for (const selector of ["#message", "#send", "#leave", "#copy", "#state", "#code", "#sound"])
      await within(selector);
  }
});

it("over an open keyboard at least five messages are to be seen, whole", async () => {
  const room = "7C0F2E9A41D84B6FA3520C9E6D18B7F4";
  const page = await browser.visit({ viewport: { width: 360, height: 640 } });
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  for (let index = 0; index < 12; index += 1) bell.say(`Exercise ${index} is on page ${index + 40}.`);
  await line(page, "message", "Bell: Exercise 11 is on page 51.");
  await page.locator("#message").focus();
  await page.setViewportSize({ width: 360, height: 330 });
  const seen = () =>
    page.evaluate(() => {
      const log = document.querySelector("#log").getBoundingClientRect();
      const boxes = [...document.querySelectorAll("#log .message")].map((line) =>
        line.getBoundingClientRect(),
      );
      return boxes.filter(({ top, bottom }) => top >= log.top && bottom <= log.bottom).length;
    });
  await page.waitForFunction(() => {
    const log = document.querySelector("#log");
    return (
      document.body.classList.contains("short") && log.scrollTop + log.clientHeight >= log.scrollHeight - 2
    );
  });
  assert.ok((await seen()) >= 5, `while typing: ${await seen()}`);
  for (const id of ["#message", "#send", "#leave", "#copy", "#code", "#state"]) {
    const { y, height } = await page.locator(id).boundingBox();
    assert.ok(y >= 0 && y + height <= 330, id);
  }
  await page.locator("#log").focus();
  await page.locator("#notify").waitFor();
  // The log follows when it has become lower.
  await eventually("five messages while reading", async () => (await seen()) >= 5);
  assert.deepEqual(await violations(page), []);
});

it("where the browser picks the colours, what is pressed and what is connected can be seen", async () => {
  const page = await browser.visit({ forcedColors: "active" });
  await enter(page, server, "Ada", fresh("room"));
  const picture = async (selector) => (await page.locator(selector).screenshot()).toString("base64");
  for (const id of ["#sound"]) {
    await page.locator("#message").focus();
    const before = await picture(id);
    await page.locator(id).click();
    await page.locator("#message").focus();
    await page.mouse.move(0, 0);
    assert.notEqual(await picture(id), before, id);
  }
  const shape = (state) =>
    page.locator("#state").evaluate((element, state) => {
      element.dataset.state = state;
      const { borderTopWidth, backgroundColor, clipPath } = getComputedStyle(element, "::before");
      return JSON.stringify([borderTopWidth, backgroundColor, clipPath]);
    }, state);
  const shapes = [await shape("connected"), await shape("connecting"), await shape("lost")];
  assert.equal(new Set(shapes).size, 3, shapes.join(" "));
});
