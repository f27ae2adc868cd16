// Draws Markdown as nodes. Markup in a text stays text; links lead to the web or to mail only.

import { el } from "./dom.js";

const DEEPEST = 6;
const FENCE = /^\s{0,3}(`{3,}|~{3,})\s*([\w+-]*)[^`]*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const QUOTE = /^\s{0,3}>\s?/;
const BULLET = /^\s{0,3}[-*+]\s+/;
const NUMBER = /^\s{0,3}\d{1,9}[.)]\s+/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const INLINE =
  /(`+)(.+?)\1(?!`)|\*\*(?=\S)(.+?)\*\*|\*(?=[^\s*])(.+?)\*|\[([^\]\n]+)\]\(([^\s()]+)\)|(https?:\/\/[^\s<>"']+)/s;

/** The nodes of a text. */
export function markdown(text, depth = 0) {
  const lines = text.split(/\r?\n/);
  const nodes = [];
  let at = 0;
  const take = (pattern) => {
    const taken = [];
    while (at < lines.length && pattern.test(lines[at])) {
      taken.push(lines[at++].replace(pattern, ""));
    }
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at];
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    if (!line.trim()) {
      at++;
    } else if (fence) {
      at++;
      const code = [];
      while (at < lines.length && !lines[at].trim().startsWith(fence[1])) {
        code.push(lines[at++]);
      }
      at++;
      nodes.push(el("pre", { tabindex: "0" }, el("code", {}, code.join("\n"))));
    } else if (heading) {
      at++;
      nodes.push(el(`h${Math.min(heading[1].length + 2, 5)}`, {}, ...inline(heading[2])));
    } else if (RULE.test(line)) {
      at++;
      nodes.push(el("hr"));
    } else if (QUOTE.test(line) && depth < DEEPEST) {
      nodes.push(el("blockquote", {}, ...markdown(take(QUOTE).join("\n"), depth + 1)));
    } else if (BULLET.test(line)) {
      nodes.push(el("ul", {}, ...take(BULLET).map((item) => el("li", {}, ...inline(item)))));
    } else if (NUMBER.test(line)) {
      nodes.push(el("ol", {}, ...take(NUMBER).map((item) => el("li", {}, ...inline(item)))));
    } else {
      const paragraph = [lines[at++]];
      while (at < lines.length && lines[at].trim() && !begins(lines[at])) {
        paragraph.push(lines[at++]);
      }
      nodes.push(el("p", {}, ...inline(paragraph.join("\n"))));
    }
  }
  return nodes;
}

const begins = (line) =>
  [FENCE, HEADING, QUOTE, BULLET, NUMBER, RULE].some((pattern) => pattern.test(line));

function inline(text, depth = 0) {
  const nodes = [];
  let rest = text;
  while (rest) {
    const found = depth < DEEPEST ? INLINE.exec(rest) : null;
    if (!found) {
      nodes.push(...withBreaks(rest));
      break;
    }
    nodes.push(...withBreaks(rest.slice(0, found.index)), inlineNode(found, depth));
    rest = rest.slice(found.index + found[0].length);
  }
  return nodes;
}

function inlineNode([whole, , code, strong, emphasis, label, target, address], depth) {
  if (code !== undefined) {
    return el("code", {}, code);
  }
  if (strong !== undefined) {
    return el("strong", {}, ...inline(strong, depth + 1));
  }
  if (emphasis !== undefined) {
    return el("em", {}, ...inline(emphasis, depth + 1));
  }
  const href = safe(target ?? address);
  return href === null
    ? whole
    : el("a", { href, rel: "noopener noreferrer", target: "_blank" }, label ?? address);
}

/** The address, or null if it is none of the web or of mail. */
function safe(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function withBreaks(text) {
  const nodes = [];
  text.split("\n").forEach((line, index) => {
    if (index > 0) {
      nodes.push(el("br"));
    }
    if (line) {
      nodes.push(line);
    }
  });
  return nodes;
}
