// What can be measured in an open page. Each function runs inside of it, knows nothing outside of itself and gives back findings.

/** Elements, attributes and addresses: nothing that could run, load or send. */
export function inert() {
  const known = new Set(
    ("html head meta title style body a div nav ol ul li main header section footer h1 h2 h3 h4 p strong code pre dl dt dd table " +
      "caption thead tbody tr th td figure figcaption details summary blockquote br svg desc rect text path polygon polyline line " +
      "circle g span wbr").split(" "),
  );
  const findings = [];
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (!known.has(name)) findings.push(`<${name}> has no place in a page: ${element.outerHTML.slice(0, 80)}`);
    for (const { name: attribute, value } of element.attributes) {
      const leadsOut = ["href", "src", "xlink:href", "action", "data", "srcset"].includes(attribute) && !value.startsWith("#");
      if (/^on/i.test(attribute) || leadsOut || attribute === "style") {
        findings.push(`<${name} ${attribute}="${value.slice(0, 60)}"> has no place in a page`);
      }
    }
  }
  return findings;
}

/** Ids that stand twice, and links and labels that lead nowhere. */
export function ids() {
  const findings = [];
  const seen = new Set();
  for (const { id } of document.querySelectorAll("[id]")) {
    if (seen.has(id)) findings.push(`two elements have the id ${id}`);
    seen.add(id);
  }
  for (const link of document.querySelectorAll("a")) {
    const to = link.getAttribute("href") ?? "";
    if (!to.startsWith("#") || !seen.has(to.slice(1))) findings.push(`a link leads nowhere: ${to}`);
  }
  for (const element of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    for (const attribute of ["aria-labelledby", "aria-describedby"]) {
      for (const id of (element.getAttribute(attribute) ?? "").split(" ").filter(Boolean)) {
        if (!seen.has(id)) findings.push(`${attribute} names ${id}, which is not there`);
      }
    }
  }
  return findings;
}

/** Pictures have a name, words, something drawn, and a table behind them; tables are full. */
export function pictures() {
  const findings = [];
  for (const svg of document.querySelectorAll("svg")) {
    const title = svg.querySelector(":scope > title")?.textContent.trim();
    const words = svg.querySelector(":scope > desc")?.textContent.trim();
    const named = `picture "${title ?? svg.outerHTML.slice(0, 60)}"`;
    if (svg.getAttribute("role") !== "img") findings.push(`${named}: no role="img"`);
    if (!title) findings.push(`${named}: no title`);
    if (!words) findings.push(`${named}: no description`);
    if (!svg.querySelector("text")) findings.push(`${named}: empty`);
    const rows = svg.closest("figure")?.querySelectorAll("details tbody tr").length ?? 0;
    if (rows === 0) findings.push(`${named}: no table behind it`);
  }
  for (const table of document.querySelectorAll("table")) {
    const name = table.querySelector("caption")?.textContent;
    const columns = table.querySelectorAll("thead th").length;
    if (table.querySelectorAll("tbody tr").length === 0) findings.push(`table "${name}" has no row`);
    for (const row of table.querySelectorAll("tbody tr")) {
      if (row.children.length !== columns) findings.push(`table "${name}": a row of ${row.children.length} cells under ${columns} headings`);
    }
  }
  return findings;
}

/** Each picture stands alone: its text as it is in the file is a well-formed SVG document. */
export function alone(texts) {
  const findings = [];
  if (texts.length !== document.querySelectorAll("svg").length) findings.push("a picture begins or ends where it should not");
  for (const text of texts) {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const error = parsed.querySelector("parsererror");
    if (error) findings.push(`a picture is not well-formed: ${error.textContent.slice(0, 200)}`);
    else if (parsed.documentElement.namespaceURI !== "http://www.w3.org/2000/svg") findings.push("a picture names no namespace");
  }
  return findings;
}

/** Nothing is wider than the page, but what lies in a box that scrolls. `scrolls`: whether such boxes count as one (not on paper). */
export function inside(scrolls) {
  const findings = [];
  const root = document.documentElement;
  const wide = root.clientWidth;
  if (root.scrollWidth > wide) findings.push(`the page is ${root.scrollWidth} wide in a window of ${wide}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest(".skip, .unseen, svg *") || (scrolls && element.parentElement.closest(".scroll"))) continue;
    const { left, right, width } = element.getBoundingClientRect();
    if (width > 0 && (right > wide + 1 || left < -1)) {
      findings.push(`<${element.localName}> reaches from ${Math.round(left)} to ${Math.round(right)} in ${wide}: ${element.textContent.trim().slice(0, 60)}`);
    }
    const style = getComputedStyle(element);
    const hides = style.overflowX === "hidden" || style.overflowX === "clip" || style.textOverflow === "ellipsis";
    if (hides && element.localName !== "svg" && element.scrollWidth > element.clientWidth + 1) {
      findings.push(`<${element.localName}> cuts its text: ${element.textContent.trim().slice(0, 60)}`);
    }
  }
  return findings;
}

/** Words in pictures: inside of the picture, not on each other, and of a colour that can be read where they stand. */
export function words() {
  const findings = [];
  const numbers = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((c, at) => c * a + below[at] * (1 - a));
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const paper = numbers(getComputedStyle(document.body).backgroundColor).slice(0, 3);
  for (const svg of document.querySelectorAll("svg")) {
    const named = svg.querySelector("title").textContent.slice(0, 60);
    const { width, height } = svg.viewBox.baseVal;
    const drawn = [...svg.children].map((element) => ({ element, box: element.getBBox?.() }));
    const before = [];
    drawn.forEach(({ element, box }, at) => {
      if (element.localName !== "text" || box.width === 0) return;
      const text = element.textContent.trim();
      if (box.x < -0.5 || box.y < -1 || box.x + box.width > width + 0.5 || box.y + box.height > height + 1) {
        findings.push(`picture "${named}": "${text.slice(0, 40)}" is cut off (${Math.round(box.x)} to ${Math.round(box.x + box.width)} of ${width}, ${Math.round(box.y)} to ${Math.round(box.y + box.height)} of ${height})`);
      }
      const lies = before.find((other) =>
        box.x < other.box.x + other.box.width - 1 && other.box.x < box.x + box.width - 1 &&
        // Lines of text may touch with what letters seldom use.
        box.y + 3 < other.box.y + other.box.height - 3 && other.box.y + 3 < box.y + box.height - 3);
      if (lies) findings.push(`picture "${named}": "${text.slice(0, 40)}" lies on "${lies.text.slice(0, 40)}"`);
      before.push({ text, box });
      // The last filled shape below the middle of the text is what it stands on.
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      let ground = paper;
      for (const { element: below, box: of } of drawn.slice(0, at)) {
        if (!["rect", "polygon"].includes(below.localName)) continue;
        const style = getComputedStyle(below);
        if (style.fill === "none" || x < of.x || x > of.x + of.width || y < of.y || y > of.y + of.height) continue;
        const [r, g, b, a] = numbers(style.fill);
        ground = over([r, g, b, a * Number(style.fillOpacity) * Number(style.opacity)], ground);
      }
      const ratio = contrast(numbers(getComputedStyle(element).fill).slice(0, 3), ground);
      if (ratio < 4.5) findings.push(`picture "${named}": "${text.slice(0, 40)}" has a contrast of ${ratio.toFixed(1)}`);
    });
  }
  return findings;
}

/** What fills a shape is seen on the page, and no two swatches of a legend have the same colour there. */
export function inks() {
  const findings = [];
  const numbers = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  for (const svg of document.querySelectorAll("svg")) {
    const named = svg.querySelector("title").textContent.slice(0, 60);
    for (const element of svg.querySelectorAll("[fill], [stroke]")) {
      for (const part of ["fill", "stroke"]) {
        const said = element.getAttribute(part);
        if (said && said !== "none" && getComputedStyle(element)[part] === "none") {
          findings.push(`${part} ${said} of <${element.localName}> is not painted`);
        }
      }
    }
    // A swatch is a filled square with a frame around it and a word behind it.
    const is = (element, wide) => element?.localName === "rect" && element.getAttribute("width") === wide && element.getAttribute("height") === wide;
    const swatches = [...svg.children].filter((element) => {
      const frame = element.nextElementSibling;
      return is(element, "12") && is(frame, "12") && frame.getAttribute("fill") === "none" && frame.nextElementSibling?.localName === "text";
    });
    swatches.forEach((one, at) => {
      const word = (element) => element.nextElementSibling.nextElementSibling.textContent.trim().slice(0, 40);
      for (const other of swatches.slice(0, at)) {
        const [a, b] = [one, other].map((element) => numbers(getComputedStyle(element).fill));
        const apart = a.reduce((sum, c, channel) => sum + Math.abs(c - b[channel]), 0);
        if (apart < 40) findings.push(`picture "${named}": "${word(one)}" and "${word(other)}" have one colour (${a} and ${b})`);
      }
    });
  }
  return findings;
}

/** How many swatches `inks` finds: where it finds none in any page it looks at nothing. */
export function swatches() {
  return document.querySelectorAll('svg rect[width="12"][height="12"] + rect[width="12"][height="12"][fill="none"] + text').length;
}

/** What goes on beyond the edge says so, and letters of pictures are as large as small print. */
export function narrow() {
  const findings = [];
  for (const box of document.querySelectorAll(".scroll")) {
    if (!box.checkVisibility() || box.scrollWidth <= box.clientWidth) continue;
    const svg = box.querySelector("svg");
    const named = box.getAttribute("aria-label").slice(0, 60);
    const says = svg ? getComputedStyle(box, "::before").content !== "none" : getComputedStyle(box).backgroundImage.includes("gradient");
    if (!says) findings.push(`"${named}" goes on beyond the edge and does not say so`);
    if (!svg) {
      const first = box.querySelector("tbody td:first-child");
      if (first && getComputedStyle(first).position !== "sticky") findings.push(`"${named}" leaves the names of its rows behind`);
    }
  }
  for (const svg of document.querySelectorAll("svg")) {
    const size = (svg.getBoundingClientRect().width / svg.viewBox.baseVal.width) * 12;
    if (size < 11) findings.push(`letters of ${size.toFixed(1)} pixels in "${svg.querySelector("title").textContent.slice(0, 60)}"`);
  }
  return findings;
}

/** What the keyboard should reach, in the order of the page. */
export function reachable() {
  const all = document.querySelectorAll("a[href], summary, [tabindex='0']");
  return [...all].filter((element) => element.checkVisibility()).map((element) => ({
    what: element.localName + (element.className ? `.${element.className}` : ""),
    named: (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 60),
  }));
}

/** Where the keyboard is, and whether that can be seen. */
export function focused() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return {
    what: element.localName + (element.className ? `.${element.className}` : ""),
    named: (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 60),
    ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}

/** On paper short tables are unfolded and long ones say where they are, and paper is white whatever the screen is. */
export function onPaper() {
  const findings = [];
  for (const table of document.querySelectorAll("details table")) {
    const named = table.querySelector("caption").textContent;
    const folded = !table.checkVisibility() || table.getBoundingClientRect().height < 10;
    const rows = table.querySelectorAll("tbody tr").length;
    if (rows <= 12) {
      if (folded) findings.push(`the table "${named}" of ${rows} rows is folded away`);
      continue;
    }
    if (!folded) findings.push(`the table "${named}" fills the paper with ${rows} rows`);
    const instead = table.closest("details").querySelector("summary");
    const says = instead.checkVisibility() && getComputedStyle(instead, "::after").content.includes("not on paper");
    if (!says || !instead.textContent.includes(`(${rows.toLocaleString("en")} rows)`)) {
      findings.push(`nothing says where the ${rows} rows of "${named}" are`);
    }
  }
  const paper = getComputedStyle(document.body).backgroundColor;
  if (paper !== "rgb(255, 255, 255)") findings.push(`the paper is ${paper}`);
  return findings;
}
