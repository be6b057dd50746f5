// The list of tubes, worst first, with its filters. Each row is light; a row that changes is drawn alone.

import { byId, clock, count, el, many } from "./words.js";

const STATES = { open: "", decided: "✓", asked: "?", signed: "✎", countersigned: "✎✎", unsigned: "!" };
const SAID = { accept: "accepted", change: "changed", reject: "rejected", ask: "asked" };

/** Return a decision in words: "changed by AB, 2024-06-03 09:10". */
export function decisionWords(decision) {
  if (!decision || decision.state === "open") return "not decided";
  const said = SAID[decision.choice] ?? decision.choice ?? "decided";
  const who = `${said} by ${decision.by}${decision.at ? `, ${clock(decision.at)}` : ""}`;
  const reason = decision.reason ? `: ${decision.reason}` : "";
  if (decision.state === "unsigned") return `${who}${reason}. Its signature does not count any more: ${decision.unsigned_because}`;
  const signed = decision.signed_by ? `. Signed by ${decision.signed_by}${decision.meaning ? ` (${decision.meaning})` : ""}` : "";
  return `${who}${reason}${signed}${decision.countersigned_by ? `, counter-signed by ${decision.countersigned_by}` : ""}`;
}

export class TubeList {
  /** @param verdicts words of a verdict → {badge, symbol}; @param choose what a click on a tube does */
  constructor(verdicts, choose) {
    [this.verdicts, this.choose] = [verdicts, choose];
    [this.tubes, this.rows, this.current, this.unsaved] = [[], new Map(), "", new Set()];
    this.box = byId("tubes");
    this.filters = ["f-words", "f-verdict", "f-state", "f-flag", "f-panel", "f-day"].map(byId);
    this.filters.forEach((one) => one.addEventListener("input", () => this.filter()));
    byId("f-clear").addEventListener("click", () => {
      this.filters.forEach((one) => { one.value = ""; });
      this.filter();
      this.filters[0].focus();
    });
    this.box.addEventListener("keydown", (event) => this.#key(event));
  }

  fill(tubes) {
    this.tubes = tubes;
    this.rows = new Map(tubes.map((tube) => [tube.sample_id, this.#row(tube)]));
    this.box.replaceChildren(...this.rows.values());
    this.#offers();
    this.filter();
  }

  #offers() {
    const { tubes } = this;
    this.#offer("f-verdict", tubes.map((tube) => tube.verdict));
    this.#offer("f-flag", tubes.flatMap((tube) => tube.flags));
    this.#offer("f-panel", tubes.map((tube) => tube.panel));
    this.#offer("f-day", tubes.map((tube) => tube.day));
  }

  /** Take in what the server says now; return the tubes whose version changed. */
  update(tubes) {
    const before = new Map(this.tubes.map((tube) => [tube.sample_id, tube]));
    if (tubes.length !== before.size || tubes.some((tube) => !before.has(tube.sample_id))) {
      this.fill(tubes);
      return tubes;
    }
    const fresh = new Map(tubes.map((tube) => [tube.sample_id, tube]));
    const changed = tubes.filter((tube) => JSON.stringify(before.get(tube.sample_id)) !== JSON.stringify(tube));
    this.tubes = this.tubes.map((tube) => fresh.get(tube.sample_id));
    changed.forEach((tube) => this.redraw(tube.sample_id));
    if (changed.length) this.#offers();
    this.#progress();
    return changed;
  }

  of(id) {
    return this.tubes.find((tube) => tube.sample_id === id);
  }

  redraw(id) {
    const [tube, old] = [this.of(id), this.rows.get(id)];
    if (!tube || !old) return;
    const row = this.#row(tube);
    row.hidden = old.hidden;
    const focused = old.contains(document.activeElement);
    old.replaceWith(row);
    this.rows.set(id, row);
    if (focused) row.firstElementChild.focus();
  }

  mark(id) {
    const before = this.current;
    this.current = id;
    [before, id].forEach((one) => this.redraw(one));
    this.rows.get(id)?.scrollIntoView({ block: "nearest" });
  }

  get shown() {
    return this.tubes.filter((tube) => !this.rows.get(tube.sample_id).hidden);
  }

  /** Return the tube so many places on among those shown; after a decision the next one that has none. */
  beside(step, { undecided = false } = {}) {
    const shown = this.shown.map((tube) => tube.sample_id);
    const at = shown.indexOf(this.current);
    if (!undecided) return shown[Math.min(Math.max(at + step, 0), shown.length - 1)];
    const order = [...shown.slice(at + 1), ...shown.slice(0, Math.max(at, 0))];
    return order.find((id) => ["open", "unsigned"].includes(this.of(id).decision.state));
  }

  filter() {
    const [words, verdict, state, flag, panel, day] = this.filters.map((one) => one.value);
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    for (const tube of this.tubes) {
      const text = [tube.sample_id, tube.patient_id, tube.status, tube.verdict, ...tube.flags].join(" ").toLowerCase();
      const fits = wanted.every((word) => text.includes(word)) && (!verdict || tube.verdict === verdict) && (!panel || tube.panel === panel)
        && (!state || tube.decision.state === state) && (!flag || tube.flags.includes(flag)) && (!day || tube.day === day);
      this.rows.get(tube.sample_id).hidden = !fits;
    }
    this.#progress();
  }

  #progress() {
    const [shown, all] = [this.shown.length, this.tubes.length];
    const decided = this.tubes.filter((tube) => !["open", "unsigned"].includes(tube.decision.state)).length;
    byId("list-count").textContent = shown === all ? many(all, "tube") : `${shown} of ${many(all, "tube")}`;
    byId("decided-count").textContent = `${decided} decided`;
    byId("decided-bar").max = all || 1;
    byId("decided-bar").value = decided;
    const stale = this.tubes.filter((tube) => tube.stale).length;
    byId("b-run").textContent = stale ? `Re-run ${many(stale, "tube")}` : "Re-run";
    byId("list-nothing").hidden = shown > 0;
  }

  #offer(id, values) {
    const box = byId(id);
    const chosen = box.value;
    const distinct = [...new Set(values.filter(Boolean))].sort();
    box.replaceChildren(box.options[0], ...distinct.map((value) => el("option", { value, text: value })));
    box.value = distinct.includes(chosen) ? chosen : "";
  }

  #row(tube) {
    const look = this.verdicts[tube.verdict] ?? { badge: "", symbol: "" };
    const isCurrent = tube.sample_id === this.current;
    const { state } = tube.decision;
    const button = el("button", {
      type: "button", class: "tube", tabindex: isCurrent || (!this.current && tube === this.tubes[0]) ? "0" : "-1",
      "aria-current": isCurrent ? "true" : null, title: decisionWords(tube.decision), onclick: () => this.choose(tube.sample_id),
    },
    el("span", { class: `mark ${state}`, "aria-hidden": "true", text: STATES[state] ?? "" }),
    el("b", { text: tube.sample_id }),
    el("span", { class: "value", text: tube.reported }),
    el("span", { class: `badge ${look.badge}` }, el("i", { text: look.symbol, "aria-hidden": "true" }), tube.verdict),
    el("span", { class: "sure", text: tube.confidence === null ? "" : `gates ${tube.confidence.toFixed(2)}` }),
    tube.stale ? el("span", { class: "stale", text: "to be run" }) : null,
    this.unsaved.has(tube.sample_id) ? el("span", { class: "unsaved", text: "not saved" }) : null,
    el("span", { class: "aloud", text: decisionWords(tube.decision) }));
    return el("li", { data: { id: tube.sample_id, state } }, button);
  }

  /** Arrow keys go from tube to tube, so that the list is one stop of the Tab key. */
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const id = this.beside(step);
    this.choose(id);
    this.rows.get(id)?.firstElementChild.focus();
  }
}

/** Return what the list says of how sure the gates are. */
export const sureness = (tube) => [
  tube.confidence === null ? "" : `confidence in the gates ${tube.confidence.toFixed(2)}`,
  tube.agreement === null ? "" : `agreement of the second opinion ${count(tube.agreement)}`,
].filter(Boolean).join(" · ");
