// Requests to the server. The user is a stand-in for a login: a proxy in front sets the same header.

const asked = new URLSearchParams(location.search).get("user");
export const user = asked || localStorage.getItem("user") || "guest";
localStorage.setItem("user", user);

/** A refused request, with the fields of the server's answer. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || "The server refused the request.");
    this.status = problem.status;
    this.kind = String(problem.type || "").split(":").pop();
  }
}

/** Sends a request; throws Refused, or a TypeError if the server cannot be reached. */
export async function request(method, path, { body, headers = {}, signal } = {}) {
  const response = await fetch(path, {
    method,
    signal,
    headers: {
      "X-User": user,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) {
    let problem = { status: response.status };
    if ((response.headers.get("Content-Type") || "").includes("json")) {
      problem = await response.json();
    }
    throw new Refused(problem);
  }
  return response;
}

export async function json(method, path, options) {
  return (await request(method, path, options)).json();
}

export const conversationPath = (id) => `conversations/${encodeURIComponent(id)}`;

const wait = (millis) => new Promise((done) => setTimeout(done, millis));

/** Repeats a request while the server is away or busy. The key makes repetitions harmless. */
export async function persist(method, path, body) {
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  for (let tries = 1; ; tries++) {
    try {
      return await json(method, path, { body, headers });
    } catch (failed) {
      const mayPass = !(failed instanceof Refused) || failed.status === 503;
      if (!mayPass || tries === 5) {
        throw failed;
      }
      await wait(250 * 2 ** tries);
    }
  }
}

/**
 * Changes what somebody else may change too: reads the tag, asks `decide` with what is there, and
 * sends the change with the tag; begins again if it changed in between.
 */
export async function change(path, decide) {
  for (let tries = 1; ; tries++) {
    const present = await request("GET", path);
    const body = decide(await present.json());
    try {
      return await json("PATCH", path, {
        body,
        headers: { "If-Match": present.headers.get("ETag") },
      });
    } catch (failed) {
      if (!(failed instanceof Refused) || failed.status !== 412 || tries === 5) {
        throw failed;
      }
    }
  }
}
