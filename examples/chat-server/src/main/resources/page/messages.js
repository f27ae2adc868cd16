// The messages of the open conversation: drawn, kept in order, and growing.

import { change, conversationPath, json } from "./api.js";
import { button, byId, el, soon } from "./dom.js";
import { markdown } from "./markdown.js";

const SPEAKERS = { user: "You", assistant: "Assistant", system: "System", tool: "Tool" };
const ENDS = {
  stopped: "stopped",
  interrupted: "interrupted when the server was shut down",
  failed: "the model failed",
};
const QUIET_MILLIS = 10_000;
const time = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** The open conversation. */
export class Messages {
  constructor(conversation, onGrowing, onFork) {
    this.conversation = conversation;
    this.onGrowing = onGrowing;
    this.onFork = onFork;
    this.items = new Map();
    this.growing = new Map();
    this.ends = new Map();
    this.nodes = new Map();
    this.dirty = new Set();
    this.earlier = null;
    this.closed = false;
    this.log = byId("log");
    this.log.replaceChildren();
  }

  /** Takes a page of the server; `earlier` leads to the messages before it. */
  take(messages, earlier) {
    this.earlier = earlier;
    this.upsert(messages);
  }

  upsert(messages) {
    for (const message of messages) {
      const answer = message.metadata?.finishes;
      if (answer) {
        this.ends.set(answer, message);
        this.growing.delete(answer);
        this.dirty.add(answer);
      } else {
        this.items.set(message.id, message);
      }
      this.dirty.add(message.id);
    }
    this.scheduleDraw();
  }

  remove(id) {
    this.items.delete(id);
    this.growing.delete(id);
    this.scheduleDraw();
  }

  /** A piece of a growing answer. One that comes before the text so far is part of that text. */
  grow({ message_id: id, from, text }) {
    const present = this.growing.get(id) ?? "";
    if (this.ends.has(id) || from > present.length) {
      return;
    }
    if (from + text.length > present.length) {
      this.growing.set(id, present.slice(0, from) + text);
    }
    if (!this.items.has(id)) {
      this.items.set(id, { id, role: "assistant", content: "", seq: null, created_at: new Date().toISOString() });
    }
    this.dirty.add(id);
    this.scheduleDraw();
  }

  /** The answer that grows here, or null. */
  growingId() {
    return [...this.growing.keys()].find((id) => !this.ends.has(id)) ?? null;
  }

  /** After a new connection: only what it tells about is growing. */
  forgetGrowing() {
    this.growing.forEach((text, id) => this.dirty.add(id));
    this.growing.clear();
    this.scheduleDraw();
  }

  close() {
    this.closed = true;
  }

  scheduleDraw() {
    if (!this.scheduled) {
      this.scheduled = true;
      soon(() => {
        this.scheduled = false;
        if (!this.closed) {
          this.draw();
        }
      });
    }
  }

  draw() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    const atEnd = scrollHeight - scrollTop - clientHeight < 80;
    const order = (message) => message.seq ?? Number.MAX_SAFE_INTEGER;
    const sorted = [...this.items.values()].sort((a, b) => order(a) - order(b));
    const wanted = [];
    if (this.earlier) {
      this.more ??= button("Show earlier messages", () => this.showEarlier());
      wanted.push(this.more);
    }
    for (const message of sorted) {
      let node = this.nodes.get(message.id);
      if (!node || (this.dirty.has(message.id) && !node.querySelector("form"))) {
        const fresh = this.node(message);
        node?.replaceWith(fresh);
        node = fresh;
        this.nodes.set(message.id, node);
      }
      wanted.push(node);
    }
    this.dirty.clear();
    const keep = new Set(wanted);
    [...this.log.children].filter((child) => !keep.has(child)).forEach((child) => child.remove());
    wanted.forEach((node, index) => {
      if (this.log.children[index] !== node) {
        this.log.insertBefore(node, this.log.children[index] ?? null);
      }
    });
    if (atEnd) {
      this.log.scrollTop = this.log.scrollHeight;
    }
    this.onGrowing(this.growingId());
  }

  async showEarlier() {
    const before = this.log.scrollHeight - this.log.scrollTop;
    const parameters = new URLSearchParams({ order: "backward", cursor: this.earlier });
    const page = await json("GET", `${conversationPath(this.conversation)}/messages?${parameters}`);
    this.take(page.messages, page.cursor);
    soon(() => {
      this.log.scrollTop = this.log.scrollHeight - before;
      this.log.focus();
    });
  }

  /** Shows a message, if it is among those that were read. */
  reveal(id) {
    soon(() => {
      const node = this.nodes.get(id);
      if (node) {
        this.log.querySelectorAll(".target").forEach((each) => each.classList.remove("target"));
        node.classList.add("target");
        node.scrollIntoView({ block: "center" });
      }
    });
  }

  node(message) {
    const growing = this.growing.get(message.id);
    const parts = contentParts(message);
    const stored = parts.filter((part) => part.type === "text").map((part) => part.text).join("");
    const text = growing !== undefined && growing.length > stored.length ? growing : stored;
    const head = el(
      "header",
      {},
      el("strong", {}, message.name && message.role !== "tool" ? message.name : SPEAKERS[message.role]),
      el("time", { datetime: message.created_at }, time.format(new Date(message.created_at))),
      message.edited_at && message.role === "user" ? "edited" : null,
      message.seq === null && growing === undefined ? "waiting for the database" : null,
    );
    const body = [];
    if (message.role === "tool") {
      body.push(folded(`Result of ${message.name ?? "a tool"}${message.is_error ? " (failed)" : ""}`, text));
    } else {
      body.push(...parts.filter((part) => part.type !== "text").map(otherPart));
      if (text) {
        body.push(el("div", { class: "text" }, ...markdown(text)));
      }
    }
    for (const call of message.tool_calls ?? []) {
      body.push(folded(`Calls ${call.function.name}`, call.function.arguments));
    }
    // A fork does not end between a tool call and its result.
    if (growing === undefined && message.role !== "tool" && !message.tool_calls?.length) {
      head.append(this.actions(message));
    }
    return el(
      "article",
      { "data-role": message.role, "data-id": message.id, "aria-busy": growing === undefined ? null : "true" },
      head,
      ...body,
      this.end(message, growing),
    );
  }

  actions(message) {
    const edit = button("Edit", () => this.edit(message), { "aria-label": "Edit this message" });
    // With how an answer ended.
    const through = () => this.ends.get(message.id)?.id ?? message.id;
    const fork = button("Fork", () => this.onFork(through()), { "aria-label": "Fork after this message" });
    return el("span", { class: "actions" }, message.role === "user" ? edit : null, fork);
  }

  /** How an answer ended, with its tokens. */
  end(message, growing) {
    if (message.role !== "assistant" || growing !== undefined) {
      return null;
    }
    const end = this.ends.get(message.id);
    const usage = end?.usage ?? message.usage;
    const words = [message.model, usage ? `${usage.total_tokens} tokens` : null, ENDS[end?.metadata.finish_reason]];
    const changed = Date.parse(message.edited_at ?? message.created_at);
    if (!end && message.edited_at && Date.now() - changed > QUIET_MILLIS) {
      words.push("broke off");
    }
    const line = words.filter(Boolean).join(", ");
    return line ? el("p", { class: "end" }, line) : null;
  }

  edit(message) {
    const node = this.nodes.get(message.id);
    const before = contentParts(message).map((part) => part.text ?? "").join("");
    const area = el("textarea", { rows: "4", "aria-label": "Text of the message" });
    area.value = before;
    const close = () => {
      form.remove();
      this.upsert([this.items.get(message.id) ?? message]);
    };
    const save = async () => {
      const path = `${conversationPath(this.conversation)}/messages/${message.id}`;
      const changed = await change(path, (present) => {
        if (JSON.stringify(present.content) !== JSON.stringify(message.content)) {
          throw new Error("Somebody else has changed this message meanwhile. Look at it first.");
        }
        return { content: area.value };
      });
      this.items.set(message.id, changed);
      close();
    };
    const form = el(
      "form",
      { class: "edit" },
      area,
      el("div", { class: "actions" }, el("button", { type: "submit", class: "primary" }, "Save"), button("Cancel", close)),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save().catch((failed) => {
        byId("notice").textContent = failed.message;
      });
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        close();
      }
    });
    node.querySelector(".text")?.replaceWith(form);
    area.focus();
  }
}

function contentParts(message) {
  if (message.content === null) {
    return [];
  }
  return typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content;
}

function otherPart(part) {
  if (part.type === "reasoning") {
    return folded("Reasoning", part.text);
  }
  const name = part.type === "media" ? `${part.mime_type} ${part.name ?? ""}` : String(part.type ?? "part");
  return el("p", { class: "end" }, `[${name.trim()}]`);
}

function folded(title, text) {
  return el("details", {}, el("summary", {}, title), el("pre", { tabindex: "0" }, el("code", {}, text)));
}
