// axe on an open page: every rule it has, those it is not sure of and those of the highest level as well.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const AXE = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

// Rules that stay off, and why.
const OFF = {
  // AAA (7 to 1): the page keeps to AA, and colours that say good, odd and bad would be black.
  "color-contrast-enhanced": "AAA",
  // Experimental. Boxes that scroll are named groups: as landmarks, which it would take, sixty tables would hide the five that count.
  "focus-order-semantics": "experimental",
};

const run = async ({ off, only, checks }) => {
  const rules = {};
  for (const { ruleId } of axe.getRules()) rules[ruleId] = { enabled: only ? only.includes(ruleId) : !off.includes(ruleId) };
  return await axe.run(document, { rules, checks, resultTypes: ["violations", "incomplete"] });
};

/** Injects axe, so the page has to be open without its own policy. Leaves the page wider than it was. */
export async function accessibility(page) {
  await page.evaluate(AXE);
  const first = await page.evaluate(run, { off: [...Object.keys(OFF), "color-contrast"] });
  // Colours are compared where nothing is scrolled out of sight: axe is not sure of what it cannot see. A lone digit is a text as well.
  await page.setViewportSize({ width: 4000, height: 1200 });
  await page.addStyleTag({ content: "main, p, ul { max-width: none !important } .scroll, nav { overflow: visible !important }" });
  const checks = { "color-contrast": { options: { ignoreLength: true } } };
  const second = await page.evaluate(run, { only: ["color-contrast"], checks });
  const violations = [...first.violations, ...second.violations];
  // Words in pictures it cannot judge, whose ground is a shape and no background: `words` measures those. Nor bars of block characters,
  // which have the colour of the text around them and are hidden from those who listen.
  const unsure = [...first.incomplete, ...second.incomplete].map((rule) => ({
    ...rule,
    nodes: rule.nodes.filter(({ html }) => !(rule.id === "color-contrast" && /^<text|aria-hidden="true"/.test(html))),
  })).filter(({ nodes }) => nodes.length);
  const told = (kind) => ({ id, help, nodes }) =>
    `axe ${kind} ${id} (${help}), ${nodes.length} times, first ${nodes[0].target.join(" ")}: ` +
    `${[...nodes[0].any, ...nodes[0].all, ...nodes[0].none][0]?.message ?? ""}`;
  return [...violations.map(told("refuses")), ...unsure.map(told("is not sure of"))];
}
