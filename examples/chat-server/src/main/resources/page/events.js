// Server-sent events over fetch: EventSource cannot send the header with the user.

import { request } from "./api.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

/**
 * Follows events until the returned function is called. `onOpen` is called for each connection: what
 * happened before it has to be read.
 */
export function follow(path, { onOpen, onEvent, onLost }) {
  const control = new AbortController();
  run(path, control.signal, { onOpen, onEvent, onLost });
  return () => control.abort();
}

async function run(path, signal, handlers) {
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    try {
      const response = await request("GET", path, { signal });
      wait = FIRST_WAIT;
      handlers.onOpen();
      await read(response.body.pipeThrough(new TextDecoderStream()).getReader(), signal, handlers);
    } catch (failed) {
      if (signal.aborted) {
        return;
      }
    }
    if (!signal.aborted) {
      handlers.onLost();
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }
}

async function read(reader, signal, handlers) {
  let rest = "";
  while (!signal.aborted) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split("\n").map((line) => {
          const colon = line.indexOf(": ");
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      );
      if (fields.event && !signal.aborted) {
        handlers.onEvent(fields.event, JSON.parse(fields.data));
      }
    }
  }
}
