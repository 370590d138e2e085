// The pages in the language of the browser, and the page as an app.

import assert from "node:assert/strict";
import { it } from "node:test";
import { browserFor, enter, leave, say } from "../harness/browser.mjs";
import { Client, fresh } from "../harness/client.mjs";
import { request } from "../harness/http.mjs";
import { serverFor } from "../harness/server.mjs";

const server = serverFor();
const browser = browserFor();

for (const [locale, language, direction, words] of [
  ["en-US", "en", "ltr", ["Enter the room", "Your name is required.", "Bell has entered the room."]],
  ["de-AT", "de", "ltr", ["Raum betreten", "Bitte gib deinen Namen ein.", "Bell ist jetzt im Raum."]],
  ["fr-FR", "fr", "ltr", ["Entrer dans le salon", "Indiquez votre nom.", "Bell entre dans le salon."]],
  ["es-MX", "es", "ltr", ["Entrar en la sala", "Escribe tu nombre.", "Bell entra en la sala."]],
  [
    "ar-EG",
    "ar",
    "rtl",
    [
      /\u0627\u0644\u063A\u0631\u0641\u0629/,
      /\u0627\u0633\u0645\u0643/,
      /^Bell .*\u0627\u0644\u0622\u0646\.$/,
    ],
  ],
  ["ja-JP", "en", "ltr", ["Enter the room", "Your name is required.", "Bell has entered the room."]],
]) {
  it(`a browser that asks for ${locale} gets every page in ${language}`, async () => {
    const room = fresh("room");
    const page = await browser.visit({ locale, mayFail: true });
    const matches = (text, wanted) =>
      wanted instanceof RegExp ? assert.match(text, wanted) : assert.equal(text, wanted);
    const isRight = async () => {
      const html = page.locator("html");
      assert.deepEqual(
        [await html.getAttribute("lang"), await html.getAttribute("dir")],
        [language, direction],
      );
    };
    await page.goto(`${server.url}/v1`);
    await isRight();
    matches(await page.locator("#enter").innerText(), words[0]);
    await page.locator("#enter").click();
    matches(await page.locator("#name-error").innerText(), words[1]);
    await isRight();
    await page.goto(`${server.url}/no-such-page`);
    await isRight();
    await enter(page, server, "Ada", room);
    await isRight();
    const bell = await Client.inRoom(server, room, "Bell");
    await page.locator("#log .status").nth(1).waitFor();
    matches(await page.locator("#log .status .text").nth(1).innerText(), words[2]);
    await bell.waitFor("status", "Bell has entered the room.");
    await say(page, "hello");
    await page.locator("#log .message").waitFor();
    // Whatever the page says, it says in its language: no key and no place for a value is left over.
    const said = await page.locator("body").innerText();
    assert.doesNotMatch(said, /[a-z]_[a-z]|\{|undefined/);
    const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(isTooWide, false);
    await leave(page);
    await isRight();
  });
}

it("caches are told that a page depends on the language", async () => {
  for (const [path, wanted, language] of [
    ["/v1", "de;q=0.8, fr;q=0.9", "fr"],
    ["/no-such-page", "es", "es"],
    ["/v1?name=%FF", "ar", "ar"],
    ["/v1", "", "en"],
  ]) {
    const { headers } = await request(server.url + path, { headers: { "accept-language": wanted } });
    assert.deepEqual([headers["content-language"], headers.vary], [language, "Accept-Language"], path);
  }
});

it("in every language the bar and the input fit on a phone", async () => {
  for (const locale of ["en", "de", "fr", "es", "ar"]) {
    const page = await browser.visit({ locale, viewport: { width: 360, height: 640 } });
    await enter(page, server, "Ada", fresh("K7Q"));
    for (const id of [
      "#code",
      "#state",
      "#copy",
      "#people",
      "#leave",
      "#message",
      "#send",
      "#sound",
      "#notify",
    ]) {
      const box = await page.locator(id).boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= 360, `${locale} ${id}: ${JSON.stringify(box)}`);
    }
    const { height } = await page.locator(".bar").boundingBox();
    assert.ok(height <= 72, `${locale}: the bar is one row, ${height}`);
    await page.context().close();
  }
});

it("the page can be installed: its manifest and icons are what browsers ask for", async () => {
  const page = await browser.visit();
  await page.goto(`${server.url}/v1`);
  const browserSays = await page.context().newCDPSession(page);
  const { errors, data, url } = await browserSays.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  assert.equal(url, `${server.url}/assets/alert.webmanifest`);
  const { installabilityErrors } = await browserSays.send("Page.getInstallabilityErrors");
  assert.deepEqual(
    installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito"),
    [],
  );
  for (const { src, sizes, type } of JSON.parse(data).icons) {
    const response = await page.request.get(server.url + src);
    assert.deepEqual([response.status(), response.headers()["content-type"]], [200, type], src);
    if (type !== "image/png") continue;
    // Width and height stand in the first chunk of a PNG.
    const bytes = await response.body();
    assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes, src);
  }
});
