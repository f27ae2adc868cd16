// The quiet line about the store.

import { byId } from "./dom.js";

const changes = (count) => (count === 1 ? "1 change" : `${count} changes`);

export function showState({ mode, pending, rejected }) {
  const parked = rejected.filter((each) => each.parked);
  if (parked.length > 0) {
    const ids = [...new Set(parked.map((each) => each.conversation_id).filter(Boolean))];
    set(
      "parked",
      `The database refused ${changes(parked.length)}${ids.length ? ` (${ids.join(", ")})` : ""}. ` +
        "They are kept: ask the operator to retry or discard them.",
    );
  } else if (mode === "offline") {
    set(mode, `Offline. ${pending ? `${changes(pending)} waiting` : "Nothing waiting"}; all is stored here.`);
  } else if (mode === "resyncing") {
    set(mode, `Resyncing, ${changes(pending)} to send`);
  } else if (mode === "local_only") {
    set(mode, "Stored in files of this server");
  } else {
    set(mode, pending ? `Online, ${changes(pending)} waiting` : "Online");
  }
}

export function showUnreachable() {
  set("unreachable", "The server does not answer. Trying again.");
}

function set(mode, text) {
  const line = byId("state");
  if (line.textContent !== text) {
    line.dataset.mode = mode;
    line.textContent = text;
  }
}
