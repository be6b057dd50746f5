// The gate in hand, large and with its handles, and the strip of all steps above it.

import { axesOf, bends, sixDigits } from "./axis.js";
import { Handles, isRatio } from "./handles.js";
import { byId, count, el, numberTyped, percent, picture, typed } from "./words.js";

const LOW = 0.5;
/** Confidence below which the report marks a step. */

export class Stage {
  /** @param on drag, drop: what happens with a move; step: another one was chosen */
  constructor(on) {
    this.on = on;
    [this.steps, this.name, this.svg, this.thumbs] = [[], "", null, new Map()];
    this.handles = new Handles(byId("handles"), { ...on, choose: (handle) => this.#offer(handle) });
    byId("value").addEventListener("submit", (event) => { event.preventDefault(); this.#typed(); });
    for (const id of ["v-x", "v-y", "o-value"]) {
      byId(id).addEventListener("input", () => { byId(id).dataset.dirty = "yes"; });
      byId(id).addEventListener("change", () => { delete byId(id).dataset.dirty; });
    }
    byId("v-unit").addEventListener("change", () => this.#offer(this.handles.handle));
    byId("o-gate").addEventListener("change", () => { byId("o-value").value = typed(this.others.find((one) => one.gate === byId("o-gate").value).value); });
    byId("others").addEventListener("submit", (event) => { event.preventDefault(); this.#typedOther(); });
    byId("b-polygon").addEventListener("click", () => this.#asPolygon());
    byId("b-corner").addEventListener("click", () => this.on.corner(this.handles.withVertex()));
    byId("b-no-corner").addEventListener("click", () => this.on.corner(this.handles.withoutVertex()));
  }

  get step() {
    return this.steps.find((one) => one.step === this.name) ?? this.steps[0];
  }

  /** Show the steps of a tube; the gate in hand stays in hand. */
  show(steps, { frozen = false, isLate = false } = {}) {
    this.steps = steps;
    if (!steps.some((one) => one.step === this.name)) this.name = this.#first(steps);
    this.#strip();
    this.#large(frozen, isLate);
  }

  choose(name, { focus = false } = {}) {
    if (!this.steps.some((one) => one.step === name)) return;
    this.name = name;
    this.#strip();
    this.#large(false);
    if (focus) this.focus();
    this.on.step(this.step);
  }

  focus() {
    if (this.step?.handles.length) this.handles.focus();
    else byId("strip").querySelector("[aria-current]")?.focus();
  }

  /** The least certain step that can be moved comes first into hand. */
  #first(steps) {
    const able = steps.filter((one) => one.handles.length && one.picture);
    const sure = (one) => one.confidence ?? 1;
    const worst = able.reduce((least, one) => (sure(one) < sure(least) ? one : least), able[0]);
    const cells = able.find((one) => one.step === "plasma_cells");
    return (worst && sure(worst) < LOW ? worst : cells ?? worst ?? steps[0])?.step ?? "";
  }

  #strip() {
    const strip = byId("strip");
    const focused = strip.contains(document.activeElement) ? document.activeElement.dataset.step : null;
    const items = this.steps.map((step, k) => this.#item(step, k));
    if (items.length !== strip.children.length || items.some((item, k) => item !== strip.children[k])) strip.replaceChildren(...items);
    for (const { firstElementChild: button } of items) {
      if (button.dataset.step === this.name) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    if (focused) strip.querySelector(`[data-step="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Return the item of a step; while a gate is dragged most steps look as they did, and are not drawn again. */
  #item(step, k) {
    const look = JSON.stringify([k, step.title, step.n_in, step.n_out, step.confidence, step.note, step.picture]);
    const kept = this.thumbs.get(step.step);
    if (kept?.look === look) return kept.item;
    const item = el("li", {}, this.#thumb(step, k));
    this.thumbs.set(step.step, { look, item });
    return item;
  }

  #thumb(step, k) {
    const unsure = step.confidence !== null && step.confidence < LOW;
    const parts = [picture(step.picture).querySelector("svg.plot")].filter(Boolean).map((plot) => small(plot));
    return el("button", {
      type: "button", class: unsure ? "thumb unsure" : "thumb", data: { step: step.step },
      "aria-label": `${step.title}: ${count(step.n_out)} of ${count(step.n_in)} events, confidence ${step.confidence?.toFixed(2) ?? "unknown"}`,
      onclick: () => this.choose(step.step),
    },
    ...(parts.length ? parts : [el("span", { class: "no-picture", text: step.note || "no picture" })]),
    el("b", { text: `${k + 1} ${step.title}` }),
    el("span", { text: `${count(step.n_out)} · ${percent(step.n_out, step.n_in)}` }),
    unsure ? el("span", { class: "doubt", text: `? ${step.confidence.toFixed(2)}` }) : null);
  }

  #large(frozen, isLate = false) {
    const step = this.step;
    if (!step) {
      byId("picture").textContent = "No picture: the tube could not be gated. The notes say why.";
      byId("handles").toggleAttribute("hidden", true);
      for (const id of ["value", "others", "b-polygon", "b-corner", "b-no-corner"]) byId(id).hidden = true;
      byId("stage-note").textContent = "";
      return;
    }
    const content = picture(step.picture);
    this.svg = content.querySelector("svg");
    if (this.svg) {
      this.svg.setAttribute("role", "img");
      this.svg.removeAttribute("aria-hidden");
      this.svg.setAttribute("aria-label", `${step.title}: ${count(step.n_out)} of ${count(step.n_in)} events. ${step.kept}`);
      this.svg.classList.toggle("drawn-over", step.handles.some((one) => one.kind === "vertex") && !frozen);
    }
    byId("picture").replaceChildren(content);
    byId("stage-title").textContent = `Gate: ${step.title}`;
    this.handles.show(frozen ? { ...step, handles: [] } : step, this.svg, isLate);
    const words = [foundBy(step), step.fixed && `${step.fixed}.`, this.#edges(step), frozen ? "" : this.#why(step)];
    byId("stage-note").textContent = words.filter(Boolean).join(" ");
    byId("b-polygon").hidden = !step.polygon || frozen || step.handles.some((one) => one.kind === "vertex");
    this.#offer(frozen ? null : this.handles.handle);
    this.#offerOthers(frozen);
  }

  #edges(step) {
    if (!step.handles.some((one) => one.kind === "vertex")) return "";
    const bent = bends(step.edges, this.#axes(), true) ? "The edges are straight on another scale than these axes, so they bend here. " : "";
    const beyond = this.handles.hasBeyond ? "A corner with a dashed ring lies beyond the picture: there the gate is open. " : "";
    return `${bent}${beyond}A double click on an edge adds a corner there.`;
  }

  #why(step) {
    if (step.no_polygon) return `${step.no_polygon}.`;
    if (step.handles.length || step.cuts.length || step.fixed) return "";
    return step.polygon ? "To move this gate, draw it as a polygon." : "This step has no threshold that a person can set.";
  }

  #asPolygon() {
    const { polygon, step, handles, cuts } = this.step;
    if (polygon) this.on.drop({ gate: step, polygon }, { replaced: [...handles, ...cuts].map((one) => one.gate) });
  }

  /** Offer the thresholds of the step that the picture does not show: they can be typed alone. */
  #offerOthers(frozen) {
    const [form, box, value] = ["others", "o-gate", "o-value"].map(byId);
    const shown = new Set(this.step.handles.map((one) => one.gate));
    this.others = this.step.cuts.filter((one) => !shown.has(one.gate));
    form.hidden = frozen || !this.others.length;
    if (form.hidden || form.contains(document.activeElement) && value.dataset.dirty) return;
    const chosen = this.others.find((one) => one.gate === box.value) ?? this.others[0];
    box.replaceChildren(...this.others.map((one) => el("option", { value: one.gate, text: one.gate })));
    [box.value, value.value] = [chosen.gate, typed(chosen.value)];
  }

  /** Offer the value of a handle for typing, unless it is being typed. */
  #offer(handle) {
    const form = byId("value");
    form.hidden = !handle;
    const corners = this.step?.handles.filter((one) => one.kind === "vertex" && one.gate === handle?.gate).length ?? 0;
    byId("b-corner").hidden = byId("b-no-corner").hidden = handle?.kind !== "vertex";
    byId("b-no-corner").disabled = corners < 4;
    if (!handle || form.contains(document.activeElement) && document.activeElement.dataset.dirty) return;
    const [x, y, isVertex] = [byId("v-x"), byId("v-y"), handle.kind === "vertex"];
    const across = isVertex || handle.axis !== "y";
    byId("v-name").textContent = isVertex ? this.step.x.channel : handle.gate;
    byId("v-second").hidden = !isVertex;
    const cofactors = [(isVertex || across) && this.#axes().x.cofactor, (isVertex || !across) && this.#axes().y?.cofactor].filter(Boolean);
    byId("v-unit").hidden = isRatio(handle) || !cofactors.length;
    byId("v-unit").options[1].text = `axis units: asinh(value / ${[...new Set(cofactors)].join(" or ")})`;
    x.value = this.#shown(across ? this.#axes().x : this.#axes().y, isRatio(handle) ? handle.at[0] / handle.at[1] : handle.at[across ? 0 : 1], isRatio(handle));
    if (isVertex) {
      byId("v-name-y").textContent = this.step.y.channel;
      y.value = this.#shown(this.#axes().y, handle.at[1]);
    }
  }

  #axes() {
    return axesOf(this.svg.querySelector("svg.plot"));
  }

  #shown(axis, value, ratio = false) {
    return byId("v-unit").value === "axis" && !ratio ? String(Number(axis.position(value).toPrecision(8))) : typed(value);
  }

  #typed() {
    const handle = this.handles.handle;
    if (!handle) return;
    const axes = this.#axes();
    const read = (id, axis) => {
      const value = numberIn(byId(id));
      return byId("v-unit").value === "axis" && !isRatio(handle) && axis ? axis.linear(value) : value;
    };
    let at;
    if (handle.kind === "vertex") at = [read("v-x", axes.x), read("v-y", axes.y)];
    else if (isRatio(handle)) at = [read("v-x", null), 1];
    else at = handle.axis === "y" ? [handle.at[0], read("v-x", axes.y)] : [read("v-x", axes.x), handle.at[1]];
    const wrong = [byId("v-x"), byId("v-y")].find((box) => (handle.kind === "vertex" || box.id === "v-x") && !Number.isFinite(numberIn(box)));
    if (wrong || at.some((one) => !Number.isFinite(one))) { this.on.wrong(noNumber(wrong ?? byId("v-x"))); return; }
    const move = this.handles.moveTo(handle, at);
    if (move.value !== undefined) move.value = sixDigits(move.value);
    this.on.drop(move, { nudge: false });
  }

  #typedOther() {
    const value = numberIn(byId("o-value"));
    if (!Number.isFinite(value)) { this.on.wrong(noNumber(byId("o-value"))); return; }
    this.on.drop({ gate: byId("o-gate").value, value: sixDigits(value) }, { nudge: false });
  }
}

/** Say how a gate was found, and what is to be known of it. */
function foundBy({ method, note }) {
  const known = note.replace(/\.$/, "");
  if (!method) return known && `${known}.`;
  return `Found by: ${method.replaceAll("+", " and ")}${known ? ` (${known})` : ""}.`;
}

/** Return the number in a box; NaN where there is none. */
const numberIn = (box) => numberTyped(box.value);

const noNumber = (box) => `“${box.value}” is no number, or may be two: type one with a decimal point, nothing between thousands.`;

/** Return the plot of a picture alone, small: the report's contact sheet shows the same. */
function small(plot) {
  const side = Number(plot.getAttribute("width"));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "pic mini");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("aria-hidden", "true");
  plot.setAttribute("x", "0");
  plot.setAttribute("y", "0");
  svg.append(plot);
  return svg;
}
