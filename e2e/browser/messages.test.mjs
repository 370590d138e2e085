// How messages look: whose they are, which belong together, of which day they are, and what in them is a link.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browserFor, enter, line, say } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

/** Of each message: its text, and the classes that say where it belongs. */
const messages = (page) =>
  page.locator("#log .message").evaluateAll((lines) =>
    lines.map((line) => {
      const is = (name) => (line.classList.contains(name) ? name : "");
      return [line.querySelector(".said").textContent, `${is("own")}${is("continued")}`];
    }),
  );

it("one's own messages are set apart, and whoever goes on is named once", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  for (const msg of ["one", "two"]) await bell.ask("text", { msg });
  await line(page, "message", "Bell: two");
  for (const text of ["three", "four"]) {
    await say(page, text);
    await line(page, "message", `Ada: ${text}`);
  }
  await bell.ask("text", { msg: "five" });
  const eve = await Client.inRoom(server, room, "Eve");
  await line(page, "status", "Eve has entered the room.");
  await bell.ask("text", { msg: "six" });
  await eve.ask("text", { name: "Ada", msg: "seven" });
  await line(page, "message", "Ada: seven");
  assert.deepEqual(await messages(page), [
    ["one", ""],
    ["two", "continued"],
    ["three", "own"],
    ["four", "owncontinued"],
    ["five", ""],
    ["six", ""],
    ["seven", "own"],
  ]);
  const [own, other] = await page.evaluate(() =>
    [".message.own", ".message:not(.own)"].map((kind) => {
      const message = document.querySelector(kind);
      return [message.getBoundingClientRect().left, getComputedStyle(message).backgroundColor];
    }),
  );
  assert.ok(own[0] > other[0] && own[1] !== other[1], `${own} ${other}`);
  const heights = await page
    .locator("#log .message .name")
    .evaluateAll((names) => names.map((name) => name.getBoundingClientRect().height > 5));
  assert.deepEqual(
    heights,
    [true, false, true, false, true, true, true],
    "a name is seen where a group begins",
  );
});

it("after two minutes a name is said again, and another day begins under its date", async () => {
  const room = fresh("room");
  const page = await browser.visit({ timezoneId: "UTC", locale: "en-GB" });
  // The time of a message is the server's; here it is what the test says. The page's clock does not jump with it: a client
  // would miss its pings.
  await page.clock.setFixedTime(new Date("2031-03-01T23:56:00Z"));
  await page.addInitScript(() => {
    window.said = Date.now();
    Date.parse = () => window.said;
  });
  const at = (time) =>
    page.evaluate((said) => {
      window.said = said;
    }, new Date(time).getTime());
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  const hear = async (time, msg) => {
    await at(time);
    await bell.ask("text", { msg });
    await line(page, "message", `Bell: ${msg}`);
  };
  await hear("2031-03-01T23:56:10Z", "one");
  await hear("2031-03-01T23:57:50Z", "two");
  await hear("2031-03-01T23:58:20Z", "three");
  await hear("2031-03-01T23:59:50Z", "four");
  await hear("2031-03-02T00:00:05Z", "five");
  await hear("2031-03-02T00:00:10Z", "six");
  assert.deepEqual(await messages(page), [
    ["one", ""],
    ["two", "continued"],
    ["three", ""],
    ["four", "continued"],
    ["five", ""],
    ["six", "continued"],
  ]);
  assert.deepEqual(await page.locator("#log .day").allInnerTexts(), ["Sunday 2 March"]);
  const after = await page.locator("#log .day + .message .said").innerText();
  assert.equal(after, "five");
});

it("links are links, in another window that knows nothing of this one, and nothing else is markup", async () => {
  const room = fresh("room");
  const page = await browser.visit();
  await enter(page, server, "Ada", room);
  const bell = await Client.inRoom(server, room, "Bell");
  const msg =
    "<b>See</b> https://example.org/a?b=1&c=<2> or mail ada@example.org, not javascript:alert(1), main.py or [x](https://x.example/y).";
  await bell.ask("text", { msg });
  await line(page, "message", `Bell: ${msg}`);
  const links = await page
    .locator("#log .message a")
    .evaluateAll((links) =>
      links.map(({ textContent, href, rel, target }) => [textContent, href, rel, target]),
    );
  assert.deepEqual(links, [
    ["https://example.org/a?b=1&c=", "https://example.org/a?b=1&c=", "noopener noreferrer", "_blank"],
    ["ada@example.org", "mailto:ada@example.org", "noopener noreferrer", "_blank"],
    ["https://x.example/y", "https://x.example/y", "noopener noreferrer", "_blank"],
  ]);
  const tags = await page
    .locator("#log .said *")
    .evaluateAll((all) => [...new Set(all.map(({ tagName }) => tagName))]);
  assert.deepEqual(tags, ["A"]);
});

describe("a name has its colour, which can be read", () => {
  const NAMES = Array.from(
    { length: 150 },
    (_, index) => `${"Ada Bob Cleo Dan Eve".split(" ")[index % 5]} ${index}`,
  );

  /** The WCAG contrast of each name with what it stands on, and the colours. */
  const contrasts = (page) =>
    page.evaluate(() => {
      const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const pixel = (colour) => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
      };
      const luminance = (rgb) => {
        const [r, g, b] = rgb.map((value) => {
          const part = value / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return colour === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : colour;
      };
      return [...document.querySelectorAll("#log .message .name, #members .name")].map((name) => {
        const [text, under] = [pixel(getComputedStyle(name).color), pixel(ground(name))];
        const [high, low] = [luminance(text), luminance(under)].sort((a, b) => b - a);
        return { name: name.textContent, colour: text.join(), ratio: (high + 0.05) / (low + 0.05) };
      });
    });

  for (const colorScheme of ["light", "dark"]) {
    it(`in ${colorScheme}`, async () => {
      const room = fresh("room");
      const page = await browser.visit({ colorScheme, viewport: { width: 1200, height: 800 } });
      await enter(page, server, "Ada 0", room);
      const gateway = await Client.inRoom(server, room, "Gateway");
      for (const name of NAMES) await gateway.ask("text", { name, msg: "hello" });
      await line(page, "message", `${NAMES.at(-1)}: hello`);
      // All of them on the ground of one's own messages and on that of the panel too.
      await page.evaluate(() => {
        for (const message of document.querySelectorAll("#log .message:nth-child(3n)"))
          message.classList.add("own");
      });
      const found = await contrasts(page);
      assert.ok(found.length > NAMES.length);
      for (const { name, ratio } of found) assert.ok(ratio >= 4.5, `${name}: ${ratio}`);
      const colours = new Map(found.map(({ name, colour }) => [name, colour]));
      assert.ok(new Set(colours.values()).size >= 20, "many colours");
      for (const { name, colour } of found)
        assert.equal(colour, colours.get(name), "the same one everywhere");
    });
  }
});
