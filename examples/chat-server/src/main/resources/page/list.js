// The conversations by day, and the hits of a search in their place.

import { json } from "./api.js";
import { button, byId, el, marked, soon } from "./dom.js";

const PAGE = 100;
const known = new Map();
let cursor = null;
let current = null;
let searching = "";
let loading = 0;

const day = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const dayWithYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" });

export const href = (id, message) =>
  `#/c/${encodeURIComponent(id)}${message ? `/m/${message}` : ""}`;

const archived = () => byId("archived").checked;

/** Reads the list from its beginning. */
export async function loadList() {
  const mine = ++loading;
  const page = await json("GET", path(null));
  if (mine === loading) {
    known.clear();
    take(page);
  }
}

function path(from) {
  const parameters = new URLSearchParams({ limit: PAGE, status: archived() ? "archived" : "active" });
  if (from) {
    parameters.set("cursor", from);
  }
  return `conversations?${parameters}`;
}

function take(page) {
  page.conversations.forEach((each) => known.set(each.id, each));
  cursor = page.cursor;
  draw();
}

async function more() {
  const focused = document.activeElement;
  take(await json("GET", path(cursor)));
  if (focused?.isConnected === false) {
    byId("list").focus();
  }
}

/** A conversation is new or has changed. */
export function upsert(conversation) {
  const oldest = [...known.values()].at(-1);
  const inReach = !cursor || !oldest || conversation.updated_at >= oldest.updated_at;
  if ((conversation.status === "archived") !== archived()) {
    known.delete(conversation.id);
  } else if (known.has(conversation.id) || inReach) {
    known.set(conversation.id, conversation);
  }
  scheduleDraw();
}

export function remove(id) {
  known.delete(id);
  scheduleDraw();
}

export function select(id) {
  current = id;
  for (const link of byId("list").querySelectorAll("a")) {
    if (link.dataset.id === id && !searching) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

let scheduled = false;
function scheduleDraw() {
  if (!scheduled) {
    scheduled = true;
    soon(() => {
      scheduled = false;
      draw();
    });
  }
}

function group(conversation) {
  if (conversation.pinned) {
    return "Pinned";
  }
  const used = new Date(conversation.updated_at);
  const today = new Date();
  today.setHours(0, 0, 0, 0);
  const ago = Math.ceil((today - used) / 86_400_000);
  if (ago <= 0) {
    return "Today";
  }
  if (ago === 1) {
    return "Yesterday";
  }
  return (ago < 200 ? day : dayWithYear).format(used);
}

function draw() {
  if (searching) {
    return;
  }
  const list = byId("list");
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const sorted = [...known.values()].sort(
    (a, b) => b.pinned - a.pinned || (a.updated_at < b.updated_at ? 1 : -1),
  );
  const groups = new Map();
  for (const each of sorted) {
    const name = group(each);
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  const nodes = [];
  for (const [name, members] of groups) {
    nodes.push(el("h3", {}, name), el("ul", {}, ...members.map(item)));
  }
  if (nodes.length === 0) {
    nodes.push(el("p", { class: "empty" }, archived() ? "Nothing is archived." : "No conversations yet."));
  }
  if (cursor) {
    const next = button("Show older", more);
    nodes.push(next);
  }
  list.replaceChildren(...nodes);
  if (focused) {
    [...list.querySelectorAll("a")].find((link) => link.dataset.id === focused)?.focus();
  }
}

function item(conversation) {
  return el(
    "li",
    {},
    el(
      "a",
      {
        href: href(conversation.id),
        "data-id": conversation.id,
        "aria-current": !searching && conversation.id === current ? "page" : null,
      },
      el("span", { class: "name" }, conversation.title || "Untitled"),
    ),
  );
}

/** Shows the hits for a text, or the list again if it is empty. */
export async function search(text) {
  searching = text.trim();
  const mine = ++loading;
  if (!searching) {
    draw();
    await loadList();
    return;
  }
  let hits = [];
  let words = true;
  try {
    hits = (await json("GET", `search?${new URLSearchParams({ q: searching, limit: 30 })}`)).hits;
  } catch (refused) {
    if (refused.status !== 400) {
      throw refused;
    }
    words = false;
  }
  if (mine !== loading) {
    return;
  }
  const found = hits.map((hit) =>
    el(
      "li",
      {},
      el(
        "a",
        { href: href(hit.conversation_id, hit.message_id), "data-id": hit.message_id },
        el("span", { class: "name" }, hit.title || "Untitled"),
        el("span", { class: "about" }, ...marked(hit.snippet, hit.matches)),
      ),
    ),
  );
  const none = words ? "No message has these words." : "Type a letter or a digit.";
  byId("list").replaceChildren(
    el("h3", {}, "Found"),
    found.length ? el("ul", {}, ...found) : el("p", { class: "empty" }, none),
  );
}

/** Arrow keys move between the entries. */
export function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) {
    return;
  }
  const links = [...byId("list").querySelectorAll("a")];
  const next = links[links.indexOf(document.activeElement) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  } else if (step < 0) {
    event.preventDefault();
    byId("search").focus();
  }
}
