// "Re-run 3 tubes": runs the tubes whose gates were changed since the last run and shows what changed.

import { api } from "./api.js";
import { ask, beforeAfter, progressOf, tell } from "./dialogs.js";
import { byId, el, many } from "./words.js";

const PAUSE = 700;

export class Again {
  constructor(review) {
    this.review = review;
  }

  async ask() {
    const { review } = this;
    const changed = review.list.tubes.filter((tube) => tube.stale).map((tube) => tube.sample_id);
    if (!changed.length) { review.voice.warn("Every result is as its gates are: there is nothing to run."); return; }
    const said = await ask({ title: `Re-run ${many(changed.length, "tube")}`, yes: "Run", body: [el("p", { text: changed.join(", ") }), el("p", { text: "The study is run with the gates in review.csv, and its results are written again. All other tubes are taken as they are." })] });
    if (said) await this.#run(changed);
  }

  async #run(changed) {
    const { review } = this;
    try {
      let job = await api.run(changed);
      const shown = tell("The study is being run", progressOf(job));
      byId("ask-no").firstChild.textContent = "Hide ";
      const stop = el("button", { type: "button", text: "Stop", onclick: () => api.stop().catch((refusal) => review.voice.refusal(refusal)) });
      while (["running", "stopping"].includes(job.state)) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        job = await api.job();
        if (byId("ask").open) byId("ask-body").replaceChildren(...progressOf(job), stop);
      }
      if (byId("ask").open) byId("ask").close();
      await shown;
      await this.#finished(job);
    } catch (refusal) {
      if (byId("ask").open) byId("ask").close();
      review.voice.refusal(refusal);
    }
  }

  async #finished(job) {
    const { review } = this;
    review.tubes.clear();
    await review.look({ isOwnRun: true });
    await review.open(review.id, { fresh: true });
    if (job.state !== "done") { review.voice.warn(`The run ${job.state}: ${job.messages}`); return; }
    review.voice.say(`The run is done. ${many(job.changed.length, "tube")} changed.`);
    await tell("What the run changed", job.changed.length ? [beforeAfter(job.changed)] : [el("p", { text: "No number changed." })]);
  }
}
