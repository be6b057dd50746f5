// Questions: one dialog for all, closed by Escape, with the first field in focus.

import { difference } from "./result.js";
import { decisionWords } from "./list.js";
import { byId, count, el, interval, many } from "./words.js";

/**
 * Ask; return the values of the named fields, or null where the person cancels.
 * `check` returns what is wrong with the values, or "". `yes` empty: there is nothing to confirm.
 */
export function ask(question) {
  last = last.then(() => shown(question));
  return last;
}

let last = Promise.resolve();
/** The question that is open, or was: one waits until the other is closed. */

function shown({ title, body, yes, check = () => "" }) {
  const dialog = byId("ask");
  byId("ask-title").textContent = title;
  byId("ask-body").replaceChildren(...body);
  byId("ask-wrong").textContent = "";
  byId("ask-yes").textContent = yes;
  byId("ask-yes").hidden = !yes;
  byId("ask-no").firstChild.textContent = yes ? "Cancel " : "Close ";
  const form = dialog.querySelector("form");
  const back = document.activeElement;
  return new Promise((resolve) => {
    let values = null;
    const done = new AbortController();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const now = Object.fromEntries([...form.elements].filter((one) => one.name).map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value.trim()]));
      const wrong = check(now);
      byId("ask-wrong").textContent = wrong;
      if (wrong) return;
      values = now;
      dialog.close();
    }, { signal: done.signal });
    byId("ask-no").addEventListener("click", () => dialog.close(), { signal: done.signal });
    dialog.addEventListener("close", () => {
      done.abort();
      if (back?.isConnected) back.focus({ preventScroll: true });
      resolve(values);
    }, { signal: done.signal });
    if (!dialog.open) dialog.showModal();
    (byId("ask-body").querySelector("input:not([type=checkbox]), select, textarea") ?? byId(yes ? "ask-yes" : "ask-no")).focus();
  });
}

const field = (words, properties) => el("label", { class: "field" }, words, el("input", { maxlength: "500", autocomplete: "off", ...properties }));

export async function askName() {
  const said = await ask({
    title: "Who reviews?", yes: "Go on", body: [field("Your name or initials, as it is to stand in the audit trail", { name: "who", maxlength: "60" })],
    check: ({ who }) => (who ? "" : "A decision needs a name."),
  });
  return said?.who ?? "";
}

const ASKED = {
  change: ["Save the moved gates", "Why were they moved?", "Save change"],
  reject: ["Reject this tube", "Why is it rejected?", "Reject"],
  ask: ["Ask a colleague", "What is the question?", "Ask"],
};

/** Return the reason of a decision; null where the person cancels. */
export async function askReason(choice, id, moves) {
  const [title, words, yes] = ASKED[choice];
  const said = await ask({
    title: `${title}: ${id}`, yes, check: ({ reason }) => (reason ? "" : "Please give a reason: it stands in the audit trail."),
    body: [...(choice === "change" ? [moveList(moves)] : []), field(words, { name: "reason" })],
  });
  return said ? said.reason : null;
}

export const moveWords = (move) => (move.polygon ? `${move.gate}: polygon of ${many(move.polygon.vertices.length, "corner")} on ${move.polygon.x} × ${move.polygon.y}` : `${move.gate}: ${move.value}`);

const moveList = (moves) => el("ul", {}, ...(moves.length ? moves.map((move) => el("li", { text: moveWords(move) })) : [el("li", { text: "every gate automatic again" })]));

export function askSignature(id, decision, who, isSecond) {
  const meanings = isSecond ? ["counter-signed: I agree", "checked as a second person"] : ["reviewed and approved", "reviewed", "responsible for the result"];
  return ask({
    title: `${isSecond ? "Counter-sign" : "Sign"}: ${id}`, yes: isSecond ? "Counter-sign" : "Sign",
    body: [
      el("p", { text: `What is signed: ${decisionWords(decision)}.` }),
      field("Name", { name: "who", value: who, maxlength: "60" }),
      el("label", { class: "field" }, "Meaning of the signature", el("select", { name: "meaning" }, ...meanings.map((one) => el("option", { text: one })))),
    ],
    check: (said) => (said.who ? "" : "A signature needs a name."),
  });
}

/** Show both versions of a tube that two people decided on; return "theirs", "mine" or null. */
export async function askConflict(id, conflict) {
  const side = (title, decision) => el("div", { class: "version" }, el("h3", { text: title }), el("p", { text: decisionWords(decision) }),
    ...(decision.moves?.length ? [moveList(decision.moves)] : []));
  const said = await ask({
    title: `${id}: somebody else was faster`, yes: "Go on",
    body: [
      el("p", { text: "Nothing was written. Which version counts?" }),
      el("div", { class: "versions" }, side("Theirs, saved", conflict.theirs), side("Yours, not saved", conflict.yours)),
      el("label", { class: "field" }, "Keep", el("select", { name: "side" }, el("option", { value: "theirs", text: "theirs" }), el("option", { value: "mine", text: "mine, after theirs: both stand in the audit trail" }))),
    ],
  });
  return said?.side ?? null;
}

const numberCells = (number) => [
  el("td", { class: "n", text: number ? number.reported : "–" }), el("td", { class: "ci", text: number ? interval(number) : "" }),
  el("td", { class: "n", text: number ? count(number.n_cells) : "" }),
];

const width = (number) => (number?.rd_low > 0 && number.rd_high ? Math.log(number.rd_high / number.rd_low) : Infinity);

/** Return why a gate may not fit a tube; such a tube is ticked by a person, not by the page. */
function doubtOf({ before, after }) {
  if (!before || !after) return "";
  if (before.status !== after.status) return `now ${after.status}: look first`;
  if (after.n_cells > 2 * before.n_cells || before.n_cells > 2 * after.n_cells) return "twice or half the cells: look first";
  return width(after) > 2 * width(before) ? "interval twice as wide: look first" : "";
}

export function beforeAfter(rows, { pick = false } = {}) {
  const head = [pick ? "" : null, "tube", "before", "interval", "cells", "after", "interval", "cells", "change"].filter((one) => one !== null);
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Before and after" }, el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((one) => (one ? el("th", { scope: "col", text: one }) : el("td"))))),
    el("tbody", {}, ...rows.map((row) => el("tr", {},
      pick ? el("td", {}, el("input", { type: "checkbox", name: `tube:${row.sample_id}`, checked: !row.failed && !doubtOf(row), disabled: Boolean(row.failed), "aria-label": `Change ${row.sample_id}` })) : null,
      el("th", { scope: "row", text: row.sample_id }), ...numberCells(row.before), ...numberCells(row.after),
      el("td", { class: "n", text: [row.failed || difference(row.before, row.after) || "as before", pick && !row.failed ? doubtOf(row) : ""].filter(Boolean).join("; ") }))))));
}

/** Show what the moves give on other tubes; return those that were kept, with the reason. */
export async function askApply(moves, rows) {
  const said = await ask({
    title: `The same gates on ${many(rows.length, "other tube")} of this panel and day`, yes: "Save on the ticked tubes",
    body: [moveList(moves), beforeAfter(rows, { pick: true }), field("Why?", { name: "reason" })],
    check: ({ reason }) => (reason ? "" : "Please give a reason: it stands in the audit trail."),
  });
  if (!said) return null;
  return { reason: said.reason, rows: rows.filter((row) => said[`tube:${row.sample_id}`]) };
}

export const tell = (title, body) => ask({ title, yes: "", body });

const KEYS = [
  ["N, P", "next and previous tube; ↑ and ↓ in the list"], ["A", "accept, and on to the next tube without a decision"],
  ["C", "save the moved gates, with a reason"], ["R", "reject, with a reason"], ["Q", "ask a colleague"], ["S", "sign, or counter-sign"],
  ["1 – 9", "take a step's gate in hand"], ["Tab", "from handle to handle"], ["Esc", "while dragging: the gate goes back"], ["← → ↑ ↓", "nudge: 0.5 % of the axis; with Shift 5 %, with Alt 0.1 %"],
  ["V", "type a value"], ["D", "draw the gate as a polygon"], ["U, Y", "undo, redo; also Ctrl+Z and Ctrl+Y"], ["0", "reset: every gate as in the study"], ["B", "before and after"],
  ["T", "apply to the tubes of the same panel and day"], ["G", "back-gate"], ["/", "filter the list"], ["Insert, Delete", "add a corner after the one in hand, or remove it; a double click on an edge adds one"], ["?", "this help"],
];

/** Show the keys; a person who speaks to the computer can turn single letters off. */
export async function help(isOn, turn) {
  const box = el("input", { type: "checkbox", checked: isOn, onchange: () => turn(box.checked) });
  await tell("Keys", [
    el("dl", { class: "keys" }, ...KEYS.flatMap(([key, words]) => [el("dt", {}, el("kbd", { text: key })), el("dd", { text: words })])),
    el("p", {}, el("label", {}, box, " Single letters are commands")),
    el("p", { text: "Nothing is changed in the study before the page says “saved”. Every decision is a line of audit.jsonl; moved gates stand in review.csv and count from the next run on." }),
  ]);
}

export function progressOf(job) {
  const words = job.total ? `${count(job.done)} of ${many(job.total, "tube")}${job.left ? `, about ${count(job.left)} s left` : ""}` : job.stage || "starting";
  return [
    el("p", { text: `$ ${job.command}`, class: "command" }), el("progress", { max: job.total || 1, value: job.done, "aria-label": "Tubes done" }),
    el("p", { text: words }), ...(job.failures.length ? [el("ul", {}, ...job.failures.map((one) => el("li", { text: `${one.sample_id}: ${one.why}` })))] : []),
  ];
}
