// Makes the pictures of the web app manifest (web/public/*.png) from web/public/favicon.svg: `make icons`.

import { readFileSync, writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { ARGS, EXECUTABLE } from "./harness/browser.mjs";

const folder = new URL("../web/public/", import.meta.url);
const svg = readFileSync(new URL("favicon.svg", folder), "utf8");
/** Of a maskable icon, only a circle of 80 % of its width is sure to be seen; the background fills the corners. */
const masked = svg
  .replace('viewBox="0 0 32 32"', 'viewBox="-4 -4 40 40"')
  .replace('width="32" height="32" rx="8"', 'x="-4" y="-4" width="40" height="40"');

const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
for (const [name, size, source] of [
  ["icon-192", 192, svg],
  ["icon-512", 512, svg],
  ["icon-maskable-512", 512, masked],
]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${source}`,
  );
  writeFileSync(new URL(`${name}.png`, folder), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
