// Builds nodes. Data only ever becomes text or the value of an attribute, never markup.

/** An element with attributes and children; strings become text. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      throw new Error("handlers are added by addEventListener");
    }
    if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** A button that calls a function. */
export function button(label, action, attributes = {}) {
  const node = el("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", action);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** The text with the parts between start and end (UTF-16) marked. */
export function marked(text, ranges) {
  const nodes = [];
  let at = 0;
  for (const { start, end } of ranges) {
    nodes.push(text.slice(at, start), el("mark", {}, text.slice(start, end)));
    at = end;
  }
  nodes.push(text.slice(at));
  return nodes;
}

/** Calls at the next frame; in a tab that nobody sees there are none, so soon. */
export function soon(work) {
  let done = false;
  const once = () => {
    if (!done) {
      done = true;
      work();
    }
  };
  requestAnimationFrame(once);
  setTimeout(once, 200);
}
