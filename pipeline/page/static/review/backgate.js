// Back-gating: the quantified cells on any two channels, among the events they were chosen from.

import { api } from "./api.js";
import { byId, el, many, picture } from "./words.js";

export class BackGate {
  constructor(review) {
    this.review = review;
    byId("backgate").addEventListener("toggle", () => this.draw());
    for (const id of ["bg-x", "bg-y"]) byId(id).addEventListener("change", () => this.draw());
  }

  toggle() {
    const box = byId("backgate");
    box.open = !box.open;
    if (!box.open) return;
    byId("bg-x").focus();
  }

  /** Offer the channels of a tube; what was chosen stays chosen where the tube has it. */
  offer(tube) {
    const channels = tube.channels ?? [];
    const named = (word, other) => { const at = channels.findIndex((one) => one.label.toUpperCase().includes(word)); return at < 0 ? other : at; };
    // CD45 against side scatter is where a cytometrist looks first
    for (const [id, first] of [["bg-x", named("CD45", 0)], ["bg-y", named("SSC-A", 1)]]) {
      const box = byId(id);
      const before = box.value;
      box.replaceChildren(...channels.map((one) => el("option", { value: one.channel, text: one.label })));
      const index = Math.max(channels.findIndex((one) => one.channel === before), 0);
      box.selectedIndex = before && channels[index]?.channel === before ? index : Math.min(first, channels.length - 1);
    }
    this.draw();
  }

  /** Draw the cells that are on the bench now; of several pictures under way the last one is shown. */
  async draw() {
    const { review } = this;
    const [x, y, id] = [byId("bg-x").value, byId("bg-y").value, review.id];
    if (!byId("backgate").open || !x || !y) return;
    this.asked = (this.asked ?? 0) + 1;
    const { asked } = this;
    try {
      const answer = await api.backgate(id, x, y);
      if (id !== review.id || asked !== this.asked) return;
      byId("bg-picture").replaceChildren(picture(answer.picture));
      byId("bg-picture").append(el("figcaption", { text: `${many(answer.n_cells, "quantified cell")} in colour, the events they were chosen from in grey. A look only: nothing is gated here.` }));
      if (byId("backgate").contains(document.activeElement)) byId("bg-picture").scrollIntoView({ block: "end" });
    } catch (refusal) {
      review.voice.refusal(refusal);
    }
  }
}
