// The number, before and now, with its histogram, what followed a move, and what else is known of the tube.

import { byId, clock, count, el, interval, numberTyped, picture, plainStatus } from "./words.js";

const FIELDS = { rd: (n) => n.reported, ci: interval, n: (n) => count(n.n_cells), st: (n) => plainStatus(n.status) };

function row(id, number) {
  for (const [name, words] of Object.entries(FIELDS)) byId(id).querySelector(`td.${name}`).textContent = number ? words(number) : "–";
}

/** Return how much a density differs, in percent; "" where it does not. */
export function difference(before, now) {
  if (!before?.rd || !now?.rd || before.rd === now.rd) return "";
  const share = 100 * (now.rd / before.rd - 1);
  return `${share < 0 ? "−" : "+"}${Math.abs(share).toPrecision(2)} %`;
}

/** Show the number in the study and on the bench. */
export function showNumber(before, now, { isMoved, settled }) {
  row("n-before", before);
  row("n-now", isMoved ? now : before);
  byId("n-now").classList.toggle("differs", isMoved);
  byId("n-now").classList.toggle("waits", !settled);
  const change = isMoved ? difference(before, now) : "";
  if (change) byId("n-now").querySelector("td.rd").append(el("small", { text: ` ${change}` }));
  if (isMoved && now.rd !== null) byId("n-now").dataset.rd = String(now.rd);
  else delete byId("n-now").dataset.rd;
}

/** Join sentences "Step: words" so that each step is named once. */
export function byStep(sentences) {
  const steps = new Map();
  for (const [step, ...words] of sentences.map((one) => one.split(": "))) steps.set(step, [...(steps.get(step) ?? []), words.join(": ")]);
  return [...steps].map(([step, words]) => `${step}: ${words.join(", ")}`).join("; ");
}

/** Say what was found again and what was held. */
export function showChanges(changes, { isMoved, settled, isSaved }) {
  const box = byId("moved");
  if (!isMoved) {
    box.replaceChildren("No gate is moved. Drag a line or a corner, or press 1 to 9 and the arrow keys.");
    return;
  }
  const lines = [
    el("strong", { text: !settled ? "Other gates held until you let go." : isSaved ? "Saved. The next run gives this." : "As in a run. Not saved yet." }),
    changes?.refitted.length ? el("span", { text: ` Found again: ${byStep(changes.refitted)}.` }) : null,
    settled && changes?.unchanged.length ? el("span", { text: ` As before: ${changes.unchanged.map((one) => one.replace(/: as before$/, "")).join(", ")}.` }) : null,
  ];
  box.replaceChildren(...lines.filter(Boolean));
}

export function showHistogram(markup) {
  const box = byId("histogram");
  if (box.markup === markup) return;
  box.markup = markup;
  box.replaceChildren(markup ? picture(markup) : "No histogram: no cell was quantified.");
}

/** Offer molecules for channel units and back, along the curve of the beads. */
export function showScale(scale) {
  byId("look").hidden = !scale?.length;
  byId("look").scale = scale ?? [];
  convert(byId("look-mfi"), byId("look-abc"), 0);
}

/** Write into a box what another one is along the curve. */
function convert(from, to, way) {
  const value = numberTyped(from.value);
  const { scale } = byId("look");
  to.value = value > 0 && scale?.length ? String(Number(read(scale, value, way).toPrecision(4))) : "";
}

export function followLook() {
  const [mfi, abc] = [byId("look-mfi"), byId("look-abc")];
  byId("look").addEventListener("submit", (event) => event.preventDefault());
  for (const [from, to, way] of [[mfi, abc, 0], [abc, mfi, 1]]) {
    from.addEventListener("input", () => convert(from, to, way));
  }
}

/** Return a value along the curve, straight between two places on logarithmic scales and beyond the ends. */
export function read(scale, value, way) {
  const logs = scale.map((pair) => [Math.log(pair[way]), Math.log(pair[1 - way])]);
  const at = Math.log(value);
  let k = logs.findIndex(([place]) => place >= at);
  k = k < 0 ? logs.length - 1 : Math.max(k, 1);
  const [[x0, y0], [x1, y1]] = [logs[k - 1], logs[k]];
  return Math.exp(y0 + ((y1 - y0) * (at - x0)) / (x1 - x0));
}

/** Show what else is known: flags, notes, time, history. */
export function showFacts(tube) {
  byId("t-flags").replaceChildren(...tube.flags.map((flag) => el("span", { class: "flag", title: flag.action ? `To do: ${flag.action}` : "" }, el("code", { text: flag.code }), ` ${flag.says}`)));
  byId("trace").replaceChildren(tube.trace ? picture(tube.trace) : "");
  byId("notes").replaceChildren(...(tube.notes.length ? tube.notes : ["No notes."]).map((note) => el("li", { text: note })));
  byId("history").hidden = !tube.history.length;
  byId("history").tBodies[0].replaceChildren(...tube.history.map((line) => el("tr", {},
    el("td", { text: clock(line.at) }), el("td", { text: line.who }), el("td", { text: line.reason ? `${line.subject}: ${line.reason}` : line.subject }),
    el("td", { text: line.old || "–" }), el("td", { text: line.new || "–" }))));
}
