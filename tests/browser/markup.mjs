// The page as text: html-validate's recommended rules, and that every tag that opens is closed in its turn. Opens no browser.

import { HtmlValidate } from "html-validate";
import { readFile } from "node:fs/promises";

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    // A program writes the pages; nobody minds spaces at the ends of their lines, and a title is as long as the names in it.
    "no-trailing-whitespace": "off",
    "long-title": "off",
  },
});

const VOID = new Set("area base br col embed hr img input link meta source track wbr".split(" "));
// HTML lets these end where their parent does; the page closes them all the same, and a missing end would be a slip.
const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z_:][-a-zA-Z0-9_:.]*(?:="[^"<]*")?)*)\s*(\/?)>/y;

/** Where tags do not nest, attributes have no quotes, or a bare `<` stands in the text. */
export function wellFormed(text) {
  const open = [];
  let at = text.indexOf("<", text.indexOf("<!DOCTYPE html>") + 1);
  const line = () => text.slice(0, at).split("\n").length;
  while (at !== -1) {
    TAG.lastIndex = at;
    const tag = TAG.exec(text);
    if (!tag) return [`line ${line()}: no tag: ${text.slice(at, at + 60)}`];
    const [whole, closes, name, , selfClosed] = tag;
    const inDrawing = name === "svg" || open.includes("svg");
    if (closes) {
      const last = open.pop();
      if (last !== name) return [`line ${line()}: </${name}> ends <${last}>`];
    } else if (!(inDrawing ? selfClosed : VOID.has(name))) {
      open.push(name);
    }
    at += whole.length;
    if (!closes && name === "style") at = text.indexOf("</style>", at);
    at = text.indexOf("<", at);
  }
  return open.map((name) => `<${name}> is never closed`);
}

/** Findings of one file. */
export async function markup(path) {
  const text = await readFile(path, "utf8");
  const findings = wellFormed(text).map((problem) => `not well-formed: ${problem}`);
  const report = await validator.validateString(text);
  for (const { messages } of report.results) {
    for (const { ruleId, line, column, message } of messages) {
      findings.push(`html-validate ${ruleId} at ${line}:${column}: ${message}`);
    }
  }
  return findings;
}
