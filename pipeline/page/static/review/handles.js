// Handles on a picture: dragged with a pointer of any kind, nudged with arrow keys, read aloud as sliders.

import { axesOf, outline, ratioLine, sixDigits } from "./axis.js";
import { halfway, heldAt, isBeyond, nearestEdge, shownAt } from "./corners.js";
import { typed } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const NUDGE = { plain: 5, large: 50, small: 1 };
/** Thousandths of the axis that an arrow key moves: alone, with Shift, with Alt. */
const LEAST = 3;
/** Corners that a polygon keeps. */

/** Whether a handle is a line through the origin, whose value is x / y: it moves both ways. */
export const isRatio = (handle) => handle.kind === "line" && handle.axis === "both";

function made(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Lies over the picture of a step and outlives it: the picture is drawn again while a handle is held. */
export class Handles {
  /**
   * @param layer the empty <svg> over the picture
   * @param on.drag (move, since) while a handle is held; on.drop (move, {nudge}) when it is let go; on.choose (handle)
   */
  constructor(layer, on) {
    [this.layer, this.on] = [layer, on];
    [this.step, this.axes, this.held, this.chosen] = [null, null, null, ""];
    layer.addEventListener("pointerdown", (event) => this.#take(event));
    layer.addEventListener("pointermove", (event) => this.#drag(event));
    layer.addEventListener("pointerup", () => this.#drop());
    layer.addEventListener("pointercancel", () => this.#giveUp());
    layer.addEventListener("keydown", (event) => this.#key(event));
    layer.addEventListener("focusin", (event) => this.#choose(event.target.closest(".handle")?.dataset.id ?? ""));
    layer.addEventListener("dblclick", (event) => this.#addVertex(event));
  }

  get isHeld() {
    return this.held !== null;
  }

  /**
   * Show the handles of a step upon its picture. While one is held it stays where the pointer is; where the picture is
   * late (a handle was nudged on since) all stay where they are.
   */
  show(step, svg, isLate = false) {
    const plot = svg?.querySelector("svg.plot");
    this.layer.toggleAttribute("hidden", !plot);
    if (!plot) return;
    const isNew = this.step?.step !== step.step;
    if (this.held && !isNew) return;
    const stays = isLate && !isNew && this.step.handles.length === step.handles.length;
    this.axes = axesOf(plot);
    this.step = stays ? { ...step, handles: this.step.handles } : step;
    this.layer.setAttribute("viewBox", svg.getAttribute("viewBox"));
    if (isNew || !step.handles.some((one) => one.id === this.chosen)) this.#choose(step.handles[0]?.id ?? "");
    this.#draw(this.step.handles);
  }

  focus(id = this.chosen, how = {}) {
    this.layer.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus(how);
  }

  /** The handle that typed values go to. */
  get handle() {
    return this.step?.handles.find((one) => one.id === this.chosen) ?? null;
  }

  /** Return the move that puts a handle at a linear place. */
  moveTo(handle, at) {
    if (handle.kind === "vertex") {
      const vertices = this.#corners(handle.gate).map((one) => (one.id === handle.id ? at : one.at));
      return this.#polygon(handle.gate, vertices);
    }
    if (isRatio(handle)) return { gate: handle.gate, value: sixDigits(at[0] / at[1]) };
    return { gate: handle.gate, value: sixDigits(handle.axis === "y" ? at[1] : at[0]) };
  }

  /** Return the move that takes the chosen corner away; null where three are left. */
  withoutVertex() {
    const { handle } = this;
    if (handle?.kind !== "vertex") return null;
    const left = this.#corners(handle.gate).filter((one) => one.id !== handle.id);
    return left.length < LEAST ? null : this.#polygon(handle.gate, left.map((one) => one.at));
  }

  /** Return the move that puts a corner halfway, as shown, from the chosen corner to the next; null without one. */
  withVertex() {
    const { handle } = this;
    if (handle?.kind !== "vertex") return null;
    const corners = this.#corners(handle.gate);
    const places = corners.map((one) => one.at);
    const k = corners.indexOf(handle);
    places.splice(k + 1, 0, halfway(this.axes, places, k));
    return this.#polygon(handle.gate, places);
  }

  #corners(gate) {
    return this.step.handles.filter((one) => one.kind === "vertex" && one.gate === gate);
  }

  #polygon(gate, vertices) {
    const rounded = vertices.map((at) => at.map(sixDigits));
    return { gate, polygon: { x: this.step.x.channel, y: this.step.y.channel, vertices: rounded, cofactors: this.step.edges ?? [null, null] } };
  }

  #draw(handles) {
    const before = this.layer.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const shapes = new Map();
    handles.filter((one) => one.kind === "vertex").forEach((one) => {
      shapes.set(one.gate, [...(shapes.get(one.gate) ?? []), one.at]);
    });
    const edges = [...shapes].map(([gate, corners]) => made("path", { class: "edge", d: outline(corners, this.axes, this.step.edges), "data-gate": gate }));
    this.layer.replaceChildren(...edges, ...handles.map((one) => this.#drawn(one)));
    if (before) this.focus(before, { preventScroll: true });  // drawn again, not gone to: the page must not move under a pointer
  }

  #drawn(handle) {
    const { box } = this.axes;
    const group = made("g", {
      class: `handle ${handle.kind}`, "data-id": handle.id, tabindex: "0", role: "slider",
      "aria-label": this.#name(handle), "aria-roledescription": handle.kind === "vertex" ? "corner of a gate" : "threshold",
    });
    group.classList.toggle("chosen", handle.id === this.chosen);
    this.#say(group, handle);
    if (handle.kind === "vertex") {
      // a corner beyond the picture is taken hold of at its edge
      const [cx, cy] = shownAt(this.axes, handle.at);
      group.classList.toggle("beyond", isBeyond(this.axes, handle.at));
      group.append(made("circle", { cx, cy, r: 13, class: "grip" }), made("circle", { cx, cy, r: 4.5, class: "dot" }));
      return group;
    }
    const d = isRatio(handle) ? ratioLine(this.axes, this.#ratio(handle)) : this.#line(handle);
    const [x, y] = this.#middle(handle);
    group.append(made("path", { d, class: "grip" }), made("path", { d, class: "line" }));
    group.append(made("rect", { x: x - 5, y: y - 5, width: 10, height: 10, rx: 2, class: "dot", "data-box": `${box.x} ${box.y}` }));
    return group;
  }

  #line(handle) {
    const { box, x, y } = this.axes;
    if (handle.axis === "y") return `M${box.x} ${y.place(handle.at[1]).toFixed(1)}h${box.width}`;
    return `M${x.place(handle.at[0]).toFixed(1)} ${box.y}v${box.height}`;
  }

  #ratio(handle) {
    return handle.at[0] / handle.at[1];
  }

  #middle(handle) {
    const { x, y, box } = this.axes;
    if (isRatio(handle)) {
      const ratio = this.#ratio(handle);
      const reach = Math.min(y.ends[1], x.ends[1] / ratio) * 0.8;
      return [x.place(reach * ratio), y.place(reach)];
    }
    if (handle.axis === "y") return [box.x + box.width - 12, y.place(handle.at[1])];
    return [x.place(handle.at[0]), box.y + 12];
  }

  #name(handle) {
    const corners = this.#corners(handle.gate);
    if (handle.kind === "vertex") return `${this.step.title}: corner ${corners.indexOf(handle) + 1} of ${corners.length}`;
    const axis = handle.axis === "y" ? this.step.y : this.step.x;
    return `${this.step.title}: threshold ${handle.gate}${isRatio(handle) ? ", area over height" : ` on ${axis.label || axis.channel}`}`;
  }

  #say(group, handle) {
    const along = handle.axis === "y" ? 1 : 0;
    const axis = along ? this.axes.y : this.axes.x;
    const value = isRatio(handle) ? this.#ratio(handle) : handle.at[along];
    const words = handle.kind === "vertex" ? `${this.step.x.channel} ${typed(handle.at[0])}, ${this.step.y.channel} ${typed(handle.at[1])}` : typed(value);
    const [low, high] = isRatio(handle) ? [0, 10] : axis.ends.map((end) => Number(end.toPrecision(6)));
    const said = { "aria-valuenow": Number(value.toPrecision(6)), "aria-valuetext": words, "aria-valuemin": low, "aria-valuemax": high };
    for (const [key, text] of Object.entries(said)) group.setAttribute(key, text);
  }

  #choose(id) {
    if (!id && this.handle) return;
    this.chosen = id;
    this.layer.querySelectorAll(".handle").forEach((one) => one.classList.toggle("chosen", one.dataset.id === id));
    this.on.choose(this.handle);
  }

  /** Return where a pointer is, in the unit of the picture. */
  #place(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.layer.getScreenCTM().inverse());
    return [at.x, at.y];
  }

  #point(event) {
    const [x, y] = this.#place(event);
    return [this.axes.x.value(x), this.axes.y ? this.axes.y.value(y) : null];
  }

  /** Whether a corner lies beyond the picture. */
  get hasBeyond() {
    return this.step.handles.some((one) => one.kind === "vertex" && isBeyond(this.axes, one.at));
  }

  #heldAt(event) {
    const { handle, offset } = this.held;
    return offset ? heldAt(this.axes, handle.at, this.#place(event).map((pointer, k) => pointer + offset[k])) : this.#point(event);
  }

  #take(event) {
    const group = event.target.closest(".handle");
    if (!group || event.button !== 0) return;
    event.preventDefault();
    this.layer.setPointerCapture(event.pointerId);
    group.focus({ preventScroll: true });
    this.#choose(group.dataset.id);
    const { handle } = this;
    // a corner is held where it was taken, and does not jump under the pointer
    const at = this.#place(event);
    const offset = handle.kind === "vertex" ? shownAt(this.axes, handle.at).map((place, k) => place - at[k]) : null;
    this.held = { handle, moved: false, from: [event.clientX, event.clientY], offset, pointer: event.pointerId };
    this.layer.classList.add("dragging");
  }

  #drag(event) {
    if (!this.held) return;
    const [x, y] = this.held.from;
    if (!this.held.moved && Math.hypot(event.clientX - x, event.clientY - y) < 2) return;
    this.held.moved = true;
    this.held.move = this.#placed(this.held.handle, this.#heldAt(event));
    this.on.drag(this.held.move, event.timeStamp);
  }

  /** Put a handle at a place on the picture at once, and return the move. */
  #placed(handle, at) {
    const move = this.moveTo(handle, at);
    this.step = { ...this.step, handles: this.step.handles.map((one) => (one.id === handle.id ? { ...one, at } : one)) };
    this.#draw(this.step.handles);
    return move;
  }

  #drop() {
    if (!this.held) return;
    const { moved, move } = this.held;
    this.#cancel();
    if (moved) this.on.drop(move, { nudge: false });
  }

  #cancel() {
    if (this.held && this.layer.hasPointerCapture(this.held.pointer)) this.layer.releasePointerCapture(this.held.pointer);
    this.held = null;
    this.layer.classList.remove("dragging");
  }

  /** Let go without a move: the gate goes back to where it was taken. */
  #giveUp() {
    const isMoved = this.held?.moved;
    this.#cancel();
    if (isMoved) this.on.giveUp();
  }

  #key(event) {
    if (event.key === "Escape") { this.#giveUp(); return; }
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    const handle = this.step?.handles.find((one) => one.id === event.target.closest(".handle")?.dataset.id);
    if (!handle || event.ctrlKey || event.metaKey) return;
    if (event.key === "Delete") this.on.corner(this.withoutVertex());
    if (event.key === "Insert" || event.key === "+") this.on.corner(this.withVertex());
    if (!way) return;
    event.preventDefault();
    const far = event.shiftKey ? NUDGE.large : event.altKey ? NUDGE.small : NUDGE.plain;
    this.on.drop(this.#nudged(handle, way, far), { nudge: true });
  }

  #nudged(handle, [across, up], far) {
    if (handle.kind === "vertex") {
      const [x, y] = handle.at;
      return this.#placed(handle, [this.axes.x.nudged(x, across * far), this.axes.y.nudged(y, up * far)]);
    }
    if (isRatio(handle)) {
      const [x, y] = handle.at;
      return this.#placed(handle, [x * (1 + ((across || up) * far) / 1000), y]);
    }
    const along = handle.axis === "y" ? 1 : 0;
    const axis = along ? this.axes.y : this.axes.x;
    const value = axis.nudged(handle.at[along], (across || up) * far);
    return this.#placed(handle, along ? [handle.at[0], value] : [value, handle.at[1]]);
  }

  /** A double click on an edge puts a corner there. */
  #addVertex(event) {
    const gate = event.target.closest(".edge")?.dataset.gate;
    if (!gate || !this.axes.y) return;
    const [corners, at] = [this.#corners(gate).map((one) => one.at), this.#point(event)];
    corners.splice(nearestEdge(this.axes, corners, at) + 1, 0, at);
    this.on.drop(this.#polygon(gate, corners), { nudge: false });
  }
}
