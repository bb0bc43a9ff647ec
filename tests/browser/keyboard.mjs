// The page by keyboard alone: Tab reaches everything in the order of the page, what has the focus is seen, and keys do what they say.

import { focused, reachable } from "./looks.mjs";

export async function keyboard(page) {
  const findings = [];
  const expected = await page.evaluate(reachable);
  for (const [at, { what, named }] of expected.entries()) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(focused);
    if (now?.what !== what || now?.named !== named) {
      findings.push(`Tab ${at + 1} leads to ${now ? `${now.what} "${now.named}"` : "nothing"} instead of ${what} "${named}"`);
      break;
    }
    if (!now.ringed) findings.push(`${what} "${named}" has the focus and does not show it`);
    if (!now.seen) findings.push(`${what} "${named}" has the focus out of sight`);
  }
  if (expected[0]?.what !== "a.skip") findings.push("the first thing that Tab reaches is not the link over the contents");
  // Keys.
  const details = page.locator("details").first();
  if (await details.count()) {
    await details.locator("summary").focus();
    await page.keyboard.press("Enter");
    if (!(await details.evaluate((element) => element.open))) findings.push("Enter does not open the numbers behind a picture");
  }
  await page.locator("a.skip").focus();
  await page.keyboard.press("Enter");
  const went = await page.waitForURL(/#content$/, { timeout: 3000 }).then(() => true, () => false);
  if (!went) findings.push("the link over the contents leads nowhere");
  return findings;
}
