// Opens every page of a folder as people do (light, dark, on a phone, on paper, by keyboard, by screen reader) and says what is wrong.
//
//   node check.mjs FOLDER [NAME ...]
//
// Pictures of the pages are left beside them: NAME-light.png, -dark, -360, -print, and NAME.pdf. Ends with 1 where something is wrong.

import { readFile, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { accessibility } from "./accessibility.mjs";
import { open, start } from "./browser.mjs";
import { keyboard } from "./keyboard.mjs";
import * as looks from "./looks.mjs";
import { markup } from "./markup.mjs";

const DESK = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
// A4 within the page's own margins of 14 mm, at 96 pixels an inch.
const PAPER = { width: 688, height: 1017 };
// Pictures of long pages end here: the encoder has its limit.
const TALLEST = 16_000;

async function picture(page, path) {
  const tall = await page.evaluate(() => document.documentElement.scrollHeight);
  const { width } = page.viewportSize();
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(tall, TALLEST) } });
}

/** With scripts off: nothing here needs one. */
async function read(browser, address, name, options, then) {
  const { page, noted, close } = await open(browser, address, { javaScriptEnabled: false, ...options });
  const findings = await then(page);
  await close();
  return [...noted, ...findings].map((finding) => `${name}: ${finding}`);
}

let swatches = 0;

async function check(browser, folder, file) {
  const name = file.replace(/\.html$/, "");
  const path = join(folder, file);
  const address = pathToFileURL(path).href;
  const shot = (kind) => join(folder, `${name}-${kind}.png`);
  const findings = (await markup(path)).map((finding) => `markup: ${finding}`);
  for (const colorScheme of ["light", "dark"]) {
    findings.push(...await read(browser, address, colorScheme, { colorScheme, viewport: DESK }, async (page) => {
      await picture(page, shot(colorScheme));
      swatches += await page.evaluate(looks.swatches);
      return [
        ...await page.evaluate(looks.inside, true),
        ...await page.evaluate(looks.words),
        ...await page.evaluate(looks.inks),
      ];
    }));
    // Scripts on and the page's own policy off: what was smuggled in would run here.
    const { page, noted, close } = await open(browser, address, { colorScheme, viewport: DESK, bypassCSP: true });
    findings.push(...noted.map((finding) => `${colorScheme}, unprotected: ${finding}`));
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    findings.push(...(await accessibility(page)).map((finding) => `${colorScheme}: ${finding}`));
    await close();
  }
  findings.push(...await read(browser, address, "page", { viewport: DESK }, async (page) => [
    ...await page.evaluate(looks.inert),
    ...await page.evaluate(looks.ids),
    ...await page.evaluate(looks.pictures),
    ...await page.evaluate(looks.alone, (await readFile(path, "utf8")).match(/<svg .*?<\/svg>/gs) ?? []),
    ...await keyboard(page),
  ]));
  findings.push(...await read(browser, address, "360 px", { viewport: PHONE }, async (page) => {
    await picture(page, shot("360"));
    const closed = [...await page.evaluate(looks.inside, true), ...await page.evaluate(looks.narrow)];
    // With everything unfolded, too.
    for (const summary of await page.locator("summary").all()) await summary.click();
    return [...closed, ...await page.evaluate(looks.inside, true), ...await page.evaluate(looks.narrow)];
  }));
  findings.push(...await read(browser, address, "on paper", { viewport: PAPER, colorScheme: "dark" }, async (page) => {
    await page.emulateMedia({ media: "print" });
    await picture(page, shot("print"));
    await page.pdf({ path: join(folder, `${name}.pdf`), preferCSSPageSize: true, printBackground: true });
    return [
      ...await page.evaluate(looks.inside, false),
      ...await page.evaluate(looks.words),
      ...await page.evaluate(looks.onPaper),
    ];
  }));
  return findings;
}

const [folder, ...only] = process.argv.slice(2);
const files = (await readdir(resolve(folder))).filter((file) => file.endsWith(".html")).sort();
const chosen = only.length ? files.filter((file) => only.includes(file.replace(/\.html$/, ""))) : files;
if (chosen.length === 0) throw new Error(`${folder} holds no page`);
const browser = await start();
let wrong = 0;
const waiting = chosen.values();
async function work() {
  for (const file of waiting) {
    const findings = [...new Set(await check(browser, resolve(folder), file))];
    wrong += findings.length;
    for (const finding of findings) console.log(`${file}: ${finding}`);
  }
}
// Two at a time: one page is drawn while the next is read.
await Promise.all([work(), work()]);
await browser.close();
if (swatches === 0) {
  wrong += 1;
  console.log("no legend was found in any page: nothing was looked at");
}
console.log(`${chosen.length} pages, ${wrong} findings`);
process.exitCode = wrong ? 1 : 0;
