// Accept, change, reject, ask, sign, apply to others. The page says "saved" when the server has it on disk.

import { api } from "./api.js";
import { askApply, askConflict, askName, askReason, askSignature } from "./dialogs.js";
import { byId, many } from "./words.js";

const SAVED = { accept: "accepted", change: "changed", reject: "rejected", ask: "asked" };
const WHO = "cd38rd reviewer";

export class Decisions {
  constructor(review) {
    [this.review, this.busy, this.unsure] = [review, false, null];
    byId("who").value = localStorage.getItem(WHO) ?? "";
    byId("who").addEventListener("change", () => this.#keep(byId("who").value.trim()));
  }

  #keep(name) {
    byId("who").value = name;
    localStorage.setItem(WHO, name);
    return name;
  }

  async #who() {
    const name = byId("who").value.trim() || (await askName());
    return name ? this.#keep(name) : "";
  }

  /** One decision is under way at a time: a key held down decides once. */
  async #alone(work) {
    if (this.busy || !this.review.tube) return;
    this.busy = true;
    try {
      await work();
    } finally {
      this.busy = false;
    }
  }

  decide(choice) {
    return this.#alone(async () => {
      const { review } = this;
      const { id, tube } = review;
      const { isMoved } = review;
      if (choice === "change" && !isMoved) { review.voice.warn("No gate is moved: there is no change to save."); return; }
      const asked = choice === "accept" && isMoved ? "change" : choice;
      const moves = asked === "change" ? review.moves.now : [];
      const who = await this.#who();
      if (!who) return;
      const reason = asked === "accept" ? "" : await askReason(asked, id, moves);
      if (reason === null) return;
      await this.#save(id, { version: tube.version, shown: tube.shown, decision: asked, moves, reason, who });
    });
  }

  async #save(id, decision) {
    const { review } = this;
    const isThere = (now) => now.version > decision.version && now.choice === decision.decision && now.by === decision.who;
    try {
      await this.#written(`${id} ${SAVED[decision.decision]}`, id, isThere, () => api.decide(id, decision));
    } catch (refusal) {
      if (refusal.status === 409) await this.#conflict(id, decision, refusal.answer);
      else review.voice.refusal(refusal);
      return;
    }
    const next = decision.decision === "change" ? null : review.list.beside(0, { undecided: true });
    await review.cleared(id);
    const first = `${id} ${SAVED[decision.decision]}, saved.${decision.decision === "change" ? " It counts from the next run on." : ""}`;
    review.voice.done(first);
    // whoever chooses another tube meanwhile need not wait for this one to come
    if (next) await Promise.race([review.nextShown(), review.open(next, { first })]);
    else if (review.id === id) await review.open(id, { fresh: true, first });
  }

  /** Ask for what is written to the disk. Where no answer comes, nobody knows yet whether it was. */
  async #written(words, id, isThere, work) {
    const { voice } = this.review;
    voice.waits(words);
    try {
      await work();
    } catch (refusal) {
      if (refusal.status === 0) { this.unsure = { words, id, isThere }; throw refusal; }
      voice.waits("");
      throw refusal;
    }
    voice.waits("");
  }

  /** Say whether what got no answer was saved: the list of now shows it. */
  async recall() {
    const { review, unsure } = this;
    if (!unsure) return;
    this.unsure = null;
    review.voice.waits("");
    const { words, id, isThere } = unsure;
    const isSaved = isThere(review.list.of(id)?.decision ?? {});
    if (isSaved) {
      await review.cleared(id);
      if (review.id === id) await review.open(id, { fresh: true });
    }
    if (isSaved) review.voice.done(`The program answers again. ${words}: it was saved.`);
    else review.voice.warn(`The program answers again. ${words}: it was not saved. Do it again.`);
  }

  async #conflict(id, decision, conflict) {
    const side = await askConflict(id, conflict);
    if (side === "mine") await this.#save(id, { ...decision, version: conflict.version, shown: conflict.shown });
    else if (side === "theirs") {
      await this.review.cleared(id);
      await this.review.open(id, { fresh: true });
      this.review.voice.done("Theirs counts. Nothing of yours was written.");
    }
  }

  sign() {
    return this.#alone(async () => {
      const { review } = this;
      const { id, tube } = review;
      const { decision } = tube;
      if (review.isMoved) { review.voice.warn("Save or reset what you moved first: what is signed is what is saved."); return; }
      if (["open", "asked"].includes(decision.state)) { review.voice.warn("Decide first: accept, change or reject. Then sign."); return; }
      if (decision.state === "countersigned") { review.voice.warn("It is signed and counter-signed."); return; }
      const isSecond = decision.state === "signed";
      const said = await askSignature(id, decision, byId("who").value.trim(), isSecond);
      if (!said) return;
      this.#keep(said.who);
      try {
        const signature = { version: tube.version, shown: tube.shown, who: said.who, meaning: said.meaning };
        const isThere = (now) => now.version > tube.version && said.who === (isSecond ? now.countersigned_by : now.signed_by);
        await this.#written(`${id} ${isSecond ? "counter-signed" : "signed"}`, id, isThere, () => api[isSecond ? "countersign" : "sign"](id, signature));
      } catch (refusal) {
        if (refusal.status !== 409) { review.voice.refusal(refusal); return; }
        review.voice.warn("Somebody else decided on this tube meanwhile. Look at it again, then sign.");
        await review.open(id, { fresh: true });
        return;
      }
      await review.cleared(id);
      await review.open(id, { fresh: true });
      review.voice.done(`${id} ${isSecond ? "counter-signed" : "signed"} by ${said.who}, saved.`);
    });
  }

  /** Try the moved gates on the tubes of the same panel and day, and save them where they are ticked. */
  apply() {
    return this.#alone(async () => {
      const { review } = this;
      const { id, list } = review;
      const moves = review.moves.fresh;
      const here = list.of(id);
      const others = list.tubes.filter((tube) => tube.sample_id !== id && tube.panel === here.panel && tube.day === here.day);
      if (!moves.length) { review.voice.warn("No gate is moved: there is nothing to apply."); return; }
      if (!others.length) { review.voice.warn("No other tube has this panel and this day."); return; }
      const who = await this.#who();
      if (!who) return;
      review.voice.done(`Trying the gates on ${many(others.length, "tube")} …`);
      const before = new Map(others.map((tube) => [tube.sample_id, { version: tube.version, shown: tube.shown }]));
      let rows;
      try {
        rows = await api.apply(id, { moves, to: others.map((tube) => tube.sample_id) });
      } catch (refusal) {
        review.voice.refusal(refusal);
        return;
      }
      const kept = await askApply(moves, rows);
      if (kept) await this.#applyEach(kept, who, before);
    });
  }

  /** Save each as it was when the gates were tried: what others decided meanwhile is not written over. */
  async #applyEach({ rows, reason }, who, before) {
    const { review } = this;
    const failed = [];
    for (const { sample_id: id, moves } of rows) {
      try {
        await api.decide(id, { ...before.get(id), decision: "change", moves, reason, who });
      } catch (refusal) {
        failed.push(`${id}: ${refusal.message}`);
      }
    }
    await review.look();
    const words = `${many(rows.length - failed.length, "tube")} changed, saved. This tube is not saved yet.`;
    if (failed.length) review.voice.warn(`${words} Not saved: ${failed.join("; ")}`);
    else review.voice.done(words);
  }
}
