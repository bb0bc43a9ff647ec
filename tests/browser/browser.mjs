// A browser that notes what a page does: what it says, asks for, opens or breaks. Judges nothing.

import { chromium } from "playwright-core";
import { existsSync } from "node:fs";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
// Without these it asks its maker for updates, which would be noise here.
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function start() {
  if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is not there`);
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: QUIET });
}

/** Opens a file. `noted` fills with everything that a page that only lies there would not do. */
export async function open(browser, address, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const noted = [];
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) noted.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => noted.push(`script error: ${error.message}`));
  page.on("dialog", (dialog) => {
    noted.push(`a dialog opened: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("popup", () => noted.push("a window opened"));
  page.on("download", () => noted.push("a download began"));
  page.on("crash", () => noted.push("the page crashed"));
  page.on("frameattached", () => noted.push("a frame was attached"));
  page.on("request", (request) => {
    if (request.url() !== address) noted.push(`it asked for ${request.url()}`);
  });
  await page.goto(address, { waitUntil: "load" });
  return { page, noted, close: () => context.close() };
}
