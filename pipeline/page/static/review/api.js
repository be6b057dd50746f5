// Talks to the program behind the page. One move is under way at a time, and the latest one wins.

import { watched } from "../alive.js";

/** What the program refused, or that it does not answer (status 0). */
export class Refusal extends Error {
  constructor(status, answer) {
    super(answer.error || `the program answered with status ${status}`);
    this.status = status;
    this.answer = answer;
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

async function ask(method, path, body) {
  const sent = {
    method,
    credentials: "same-origin",
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  };
  const [status, text] = await watched(async () => {
    const answer = await fetch(path, sent);
    return [answer.status, await answer.text()];
  }).catch(() => { throw new Refusal(0, { error: "the program does not answer" }); });
  const said = read(text);
  if (status >= 300) throw new Refusal(status, said);
  return said;
}

const tube = (id) => `/api/tubes/${encodeURIComponent(id)}`;

export const api = {
  study: () => ask("GET", "/api/study"),
  tubes: () => ask("GET", "/api/tubes"),
  tube: (id) => ask("GET", tube(id)),
  move: (id, request) => ask("POST", `${tube(id)}/move`, request),
  backgate: (id, x, y) => ask("GET", `${tube(id)}/backgate?x=${encodeURIComponent(x)}&y=${encodeURIComponent(y)}`),
  decide: (id, decision) => ask("POST", `${tube(id)}/decide`, decision),
  sign: (id, signature) => ask("POST", `${tube(id)}/sign`, signature),
  countersign: (id, signature) => ask("POST", `${tube(id)}/countersign`, signature),
  apply: (id, request) => ask("POST", `${tube(id)}/apply`, request),
  run: (only) => ask("POST", "/api/run", { only }),
  job: () => ask("GET", "/api/job"),
  stop: () => ask("POST", "/api/job/stop"),
};

/** Sends moves one after the other; what is overtaken while one is under way is never sent. */
export class Mover {
  constructor(show, fail) {
    [this.show, this.fail] = [show, fail];
    // a page that is opened again goes on counting: the server takes a lower number for an older move
    [this.request, this.wanted, this.busy] = [Date.now(), null, false];
  }

  want(id, moves, settle, since = performance.now()) {
    this.wanted = { id, moves, settle, since };
    if (!this.busy) this.#go();
  }

  /** Whether an answer is still to come. */
  get waits() {
    return this.busy || this.wanted !== null;
  }

  async #go() {
    this.busy = true;
    while (this.wanted) {
      const { id, moves, settle, since } = this.wanted;
      this.wanted = null;
      try {
        const answer = await api.move(id, { request: ++this.request, moves, settle });
        this.show(id, answer, { moves, settle, since });
      } catch (refusal) {
        this.fail(id, refusal);
      }
    }
    this.busy = false;
  }
}
