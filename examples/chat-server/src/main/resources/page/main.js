// Puts the page together: what is open, what the keys do, what the server tells.

import { change, conversationPath, json, persist, request } from "./api.js";
import { byId, el } from "./dom.js";
import { follow } from "./events.js";
import { href, loadList, moveFocus, remove, search, select, upsert } from "./list.js";
import { Messages } from "./messages.js";
import { showState, showUnreachable } from "./state.js";

let open = null;
let unfollow = null;
let lost = false;

const notice = (text) => {
  byId("notice").textContent = text;
};
const attempt = (work) => (event) => {
  notice("");
  return Promise.resolve(work(event)).catch((failed) => notice(failed.message));
};

// What is open

function route() {
  const [, id, message] = /^#\/c\/([^/]+)(?:\/m\/([0-9a-f-]+))?$/.exec(location.hash) ?? [];
  return { id: id ? decodeURIComponent(id) : null, message };
}

async function show() {
  const { id, message } = route();
  open?.messages?.close();
  unfollow?.();
  notice("");
  select(id);
  document.body.dataset.view = location.hash ? "chat" : "list";
  byId("stop").hidden = true;
  if (!id) {
    open = null;
    drawHeader(null);
    byId("log").replaceChildren(
      el("div", { class: "welcome" }, el("p", {}, "Ask something, or open a conversation.")),
    );
    unfollow = follow("events", handlers(null));
    return;
  }
  const mine = { id, header: null, target: message, messages: new Messages(id, showStop, attempt(fork)) };
  open = mine;
  drawHeader({ title: "", usage: null });
  unfollow = follow(`events?${new URLSearchParams({ conversation: id })}`, handlers(mine));
}

/** Reads the open conversation; called for each connection. */
async function read(mine) {
  try {
    const answer = await json("GET", conversationPath(mine.id));
    if (mine !== open) {
      return;
    }
    mine.header = answer.conversation;
    drawHeader(mine.header);
    upsert(mine.header);
    mine.messages.take(answer.messages, answer.cursor);
    if (mine.target && !answer.messages.some((each) => each.id === mine.target)) {
      const parameters = new URLSearchParams({ order: "backward", from: mine.target });
      const around = await json("GET", `${conversationPath(mine.id)}/messages?${parameters}`);
      mine.messages.take(around.messages, around.cursor);
    }
    if (mine.target) {
      mine.messages.reveal(mine.target);
      mine.target = null;
    }
  } catch (failed) {
    if (mine === open) {
      notice(failed.message);
    }
  }
}

function handlers(mine) {
  return {
    onOpen() {
      if (lost) {
        lost = false;
        notice("");
      }
      mine?.messages.forgetGrowing();
      attempt(loadList)();
      if (mine) {
        read(mine);
      }
    },
    onLost() {
      lost = true;
      showUnreachable();
    },
    onEvent(name, data) {
      if (name === "state") {
        showState(data);
      } else if (name === "conversation") {
        upsert(data);
        if (mine && data.id === mine.id) {
          mine.header = data;
          drawHeader(data);
        }
      } else if (name === "deleted") {
        remove(data.id);
        if (data.id === mine?.id) {
          location.hash = "";
        }
      } else if (mine && data.conversation_id === mine.id) {
        message(mine, name, data);
      }
    },
  };
}

function message(mine, name, data) {
  if (name === "messages") {
    mine.messages.upsert(data.messages);
  } else if (name === "removed") {
    mine.messages.remove(data.message_id);
  } else if (name === "delta") {
    mine.messages.grow(data);
  }
}

function drawHeader(header) {
  byId("bar").hidden = header === null;
  byId("title").textContent = header?.title || (header ? "Untitled" : "");
  document.title = header?.title ? `${header.title} - Chat` : "Chat";
  byId("usage").textContent = header?.usage?.total_tokens
    ? `${header.message_count} messages, ${header.usage.total_tokens} tokens`
    : "";
  const origin = header?.metadata?.forked_from;
  byId("origin").hidden = !origin;
  byId("origin").href = origin ? href(origin.conversation_id, origin.message_id) : "";
  byId("do-pin").setAttribute("aria-pressed", String(Boolean(header?.pinned)));
  byId("do-archive").setAttribute("aria-pressed", String(header?.status === "archived"));
}

function showStop(growing) {
  byId("stop").hidden = growing === null;
}

// What the user does

async function ask() {
  const field = byId("question");
  const question = field.value.trim();
  if (!question) {
    return;
  }
  const id = open?.id ?? crypto.randomUUID();
  const title = question.split("\n")[0].slice(0, 60);
  field.value = "";
  byId("send").disabled = true;
  try {
    const answer = await persist("POST", `${conversationPath(id)}/answers`, { question, create: true, title });
    if (open?.id === id) {
      open.messages.upsert([answer.question]);
      byId("log").scrollTop = byId("log").scrollHeight;
    } else {
      location.hash = href(id);
    }
  } catch (failed) {
    field.value = question;
    throw failed;
  } finally {
    byId("send").disabled = false;
    field.focus();
  }
}

async function patch(fields) {
  const mine = open;
  const changed = await change(conversationPath(mine.id), () => fields);
  upsert(changed);
  if (mine === open) {
    mine.header = changed;
    drawHeader(changed);
  }
}

async function fork(through) {
  const made = await persist("POST", `${conversationPath(open.id)}/forks`, {
    through,
    title: open.header?.title ?? "",
  });
  upsert(made);
  location.hash = href(made.id);
  byId("question").focus();
}

function beginRename() {
  byId("title").hidden = true;
  byId("rename").hidden = false;
  byId("name").value = open.header?.title ?? "";
  byId("name").select();
}

function endRename() {
  byId("rename").hidden = true;
  byId("title").hidden = false;
  byId("do-rename").focus();
}

async function rename() {
  const title = byId("name").value.trim();
  const before = open.header?.title;
  endRename();
  const changed = await change(conversationPath(open.id), ({ conversation }) => {
    if (conversation.title !== before) {
      throw new Error(`Somebody else has renamed this conversation to "${conversation.title}" meanwhile.`);
    }
    return { title };
  });
  open.header = changed;
  upsert(changed);
  drawHeader(changed);
}

async function exportFile() {
  const response = await request("GET", `${conversationPath(open.id)}/export?format=markdown`);
  const url = URL.createObjectURL(await response.blob());
  const link = el("a", { href: url, download: "conversation.md" });
  link.click();
  URL.revokeObjectURL(url);
}

async function erase() {
  const dialog = byId("sure");
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  if (dialog.returnValue === "yes") {
    await request("DELETE", conversationPath(open.id));
    remove(open.id);
    location.hash = "";
    byId("new").focus();
  }
}

function startNew() {
  location.hash = "#/new";
  byId("question").focus();
}

function keys(event) {
  const typing = event.target.matches("input, textarea");
  if (event.altKey && event.code === "KeyN") {
    event.preventDefault();
    startNew();
  } else if (event.altKey && event.code === "KeyR" && open) {
    event.preventDefault();
    beginRename();
  } else if (event.key === "/" && !typing) {
    event.preventDefault();
    document.body.dataset.view = "list";
    byId("search").focus();
  }
}

let typed = 0;
function searchSoon() {
  clearTimeout(typed);
  typed = setTimeout(attempt(() => search(byId("search").value)), 150);
}

// Begin

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(ask)();
});
byId("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    attempt(ask)();
  }
});
byId("stop").addEventListener(
  "click",
  attempt(() => request("DELETE", `${conversationPath(open.id)}/answers/${open.messages.growingId()}`)),
);
byId("new").addEventListener("click", startNew);
byId("back").addEventListener("click", () => {
  location.hash = "";
});
byId("do-rename").addEventListener("click", beginRename);
byId("rename").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(rename)();
});
byId("name").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    endRename();
  }
});
byId("do-pin").addEventListener("click", attempt(() => patch({ pinned: !open.header?.pinned })));
byId("do-archive").addEventListener(
  "click",
  attempt(() => patch({ status: open.header?.status === "archived" ? "active" : "archived" })),
);
byId("do-export").addEventListener("click", attempt(exportFile));
byId("do-delete").addEventListener("click", attempt(erase));
byId("search").addEventListener("input", searchSoon);
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") {
    event.preventDefault();
    byId("list").querySelector("a")?.focus();
  } else if (event.key === "Escape") {
    byId("search").value = "";
    searchSoon();
  }
});
byId("archived").addEventListener("change", attempt(loadList));
byId("list").addEventListener("keydown", moveFocus);
document.addEventListener("keydown", keys);
window.addEventListener("hashchange", show);
show();
// Not only when the connection for events is there: the list is what people look for first.
attempt(loadList)();
