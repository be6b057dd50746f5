// Watches whether the program behind the page answers: a program that hangs takes requests, and none of them ever fails.

const PATIENCE = 3000;
/** Milliseconds without an answer before the program is asked whether it lives, and then until it counts as silent. */
const LONG = 30000;
/** Milliseconds after which a person is told that the program lives but has not finished. */

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Return the status of the answer of a program that does nothing but answer; 0 where none comes. */
export async function aliveStatus() {
  try {
    const answer = await fetch("/api/alive", { signal: AbortSignal.timeout(PATIENCE) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** Say how the program is, to whoever listens for "program": "silent", "busy" or "answers". */
const say = (state) => dispatchEvent(new CustomEvent("program", { detail: state }));

/** Return what comes of a request, however long it takes; while it is waited for, say how the program is. */
export async function watched(request) {
  let waits = true;
  const watch = async () => {
    for (let waited = PATIENCE; waits; waited += PATIENCE) {
      await pause(PATIENCE);
      const status = waits ? await aliveStatus() : 0;
      if (waits) say(status === 0 ? "silent" : waited >= LONG ? "busy" : "answers");
    }
  };
  watch();
  try {
    return await request();
  } finally {
    waits = false;
  }
}

/** Return what is to be done where the program is silent, ended, or was started again. */
export function loss(status, command) {
  return status === 401 || status === 403
    ? `This page is no longer let in: the program was started again, or ended because nobody used it. Start “${command}” again and use the page that it opens`
    : `The program behind this page does not answer. Wait a little. If nothing changes, it was ended or hangs: end it with Ctrl-C, and start “${command}” again. This page goes on by itself when the program is back`;
}
