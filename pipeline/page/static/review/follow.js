// Follows the study: what others decided, what another run changed, and whether the program is still there.

import { api } from "./api.js";
import { decisionWords } from "./list.js";
import { many } from "./words.js";

const LOOK_AGAIN = 8000;
const LOST = 1500;
/** Milliseconds between two looks, and where the program was lost. */
const NAMED = 5;
/** Tubes that are named in a sentence; the list shows all. */

const listed = (tubes) => `${tubes.slice(0, NAMED).map((tube) => tube.sample_id).join(", ")}${tubes.length > NAMED ? " …" : ""}`;

/** Return in words how the results differ that are listed and those that are there now; "" where they do not. */
function otherResults(before, now) {
  const [old, fresh] = [before, now].map((tubes) => new Map(tubes.map((tube) => [tube.sample_id, tube])));
  const rerun = now.filter((tube) => old.has(tube.sample_id) && old.get(tube.sample_id).shown.result !== tube.shown.result);
  const added = now.filter((tube) => !old.has(tube.sample_id));
  const gone = before.filter((tube) => !fresh.has(tube.sample_id));
  return [
    rerun.length && `${many(rerun.length, "tube")} with another result (${listed(rerun)})`,
    added.length && `${many(added.length, "tube")} more (${listed(added)})`,
    gone.length && `${many(gone.length, "tube")} without a result now (${listed(gone)})`,
  ].filter(Boolean).join(", ");
}

export class Follow {
  constructor(review) {
    this.review = review;
    addEventListener("program", ({ detail }) => { if (detail === "answers" && review.voice.isLost) this.look(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && review.tube) this.look(); });
  }

  /** Look from now on, again and again; more often where the program was lost. */
  async begin() {
    const { voice } = this.review;
    setTimeout(async () => {
      if (!document.hidden || voice.isLost) await this.look();
      this.begin();
    }, voice.isLost ? LOST : LOOK_AGAIN);
  }

  /** See what others decided or ran, and whether the program is still there. */
  async look({ isOwnRun = false } = {}) {
    const { review } = this;
    let study;
    let tubes;
    try {
      [study, tubes] = [await api.study(), await api.tubes()];
    } catch (refusal) {
      review.voice.refusal(refusal, { quiet: true });
      if (refusal.status === 422) { review.voice.found(); review.voice.standing(refusal.message); }
      return;
    }
    review.voice.found();
    review.voice.standing(study.refused);
    const others = otherResults(review.list.tubes, tubes);
    if (others) review.list.fill(tubes);  // worst first: their order may be another
    const changed = others ? tubes : review.list.update(tubes);
    changed.forEach((tube) => review.tubes.delete(tube.sample_id));
    if (others && !isOwnRun) review.voice.warn(`The study was run again meanwhile: ${others}. The list is loaded again.`);
    await this.#bench();
    await review.decisions.recall();
  }

  /** Show the tube in hand again, where it is another one by now. */
  async #bench() {
    const { review } = this;
    const row = review.list.of(review.id);
    if (!row && review.list.tubes.length) { await review.open(review.list.tubes[0].sample_id); return; }
    if (!row || !review.tube) return;
    const isDecided = row.version !== review.tube.version;
    const isTyped = row.shown.rows !== review.tube.shown.rows;
    if (!isDecided && !isTyped && row.shown.result === review.tube.shown.result) return;
    if (!review.isMoved || !(isDecided || isTyped)) await review.open(review.id, { fresh: true });
    else if (isDecided) review.voice.warn(`${row.sample_id} was decided by somebody else meanwhile: ${decisionWords(row.decision)}. What you moved is not saved.`);
    else review.voice.warn(`${row.sample_id}: review.csv was changed elsewhere. What you moved is not saved.`);
  }
}
