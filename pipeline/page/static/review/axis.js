// Where linear values lie on a picture. The picture itself says how its axes run (data-x, data-y).

const AT_END = 1e-6;
/** Share of an axis within which a place is its end: less than any screen shows, more than sums round. */

/** An axis of a picture: asinh(x / cofactor) from low to high; cofactor 0 is linear. */
export class Axis {
  constructor(text, start, length) {
    [this.low, this.high, this.cofactor] = text.split(" ").map(Number);
    [this.start, this.length] = [start, length];
  }

  position(value) {
    return this.cofactor ? Math.asinh(value / this.cofactor) : value;
  }

  linear(position) {
    return this.cofactor ? this.cofactor * Math.sinh(position) : position;
  }

  /** Return the place of a linear value in the unit of the picture. */
  place(value) {
    return this.start + (this.length * (this.position(value) - this.low)) / (this.high - this.low);
  }

  /** Return the linear value of a place; a place beyond the axis counts as its end. */
  value(place) {
    const share = Math.min(Math.max((place - this.start) / this.length, 0), 1);
    return this.linear(this.low + share * (this.high - this.low));
  }

  /**
   * Return a value moved by so many thousandths of the axis. A value beyond the axis comes in from its end, and stays
   * where it is when moved outward: it leaves that side of a gate open.
   */
  nudged(value, thousandths) {
    if (!thousandths) return value;
    const from = this.position(value);
    const moved = this.#inside(from) + ((this.high - this.low) * thousandths) / 1000;
    const isBeyond = thousandths > 0 ? from > this.high : from < this.low;
    return isBeyond ? value : this.linear(this.#inside(moved));
  }

  #inside(position) {
    return Math.min(Math.max(position, this.low), this.high);
  }

  /** Return the end of the axis that a place is at or beyond, -1 or 1; 0 between them. */
  end(place) {
    const share = (place - this.start) / this.length;
    return share < AT_END ? -1 : share > 1 - AT_END ? 1 : 0;
  }

  get ends() {
    return [this.linear(this.low), this.linear(this.high)];
  }
}

/** Return both axes of the plot in a picture; y is null in a histogram. */
export function axesOf(plot) {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(plot.getAttribute(name)));
  return {
    x: new Axis(plot.dataset.x, x, width),
    y: plot.dataset.y ? new Axis(plot.dataset.y, y + height, -height) : null,
    box: { x, y, width, height },
  };
}

const LINEAR = [null, null];

/** Return a way from linear values to the scale with a cofactor, and back; null is the linear scale itself. */
const scaled = (cofactor) => (cofactor ? [(value) => Math.asinh(value / cofactor), (place) => cofactor * Math.sinh(place)] : [(value) => value, (place) => place]);

const SAME = 0.001;
/** Share by which two cofactors may differ for one scale: pictures tell theirs rounded, and no pixel moves. */

/** Whether edges that are straight on a scale bend on a picture's axes; `visibly`: so that one sees it. */
export const bends = (edges, axes, visibly = false) => [axes.x, axes.y].some((axis, k) => {
  const [shown, drawn] = [axis?.cofactor || 0, (edges ?? LINEAR)[k] || 0];
  return shown && drawn ? Math.abs(Math.log(shown / drawn)) > (visibly ? 0.2 : SAME) : shown !== drawn;
});

/** Return the part of a polygon that lies in a box: its corners are cut off there, not moved, so that no edge turns. */
function inBox(points, { x, y, width, height }) {
  let kept = points;
  for (const [k, bound, sign] of [[0, x, 1], [0, x + width, -1], [1, y, 1], [1, y + height, -1]]) {
    const isIn = (point) => sign * (point[k] - bound) >= 0;
    kept = kept.flatMap((point, i) => {
      const before = kept.at(i - 1);
      if (isIn(point) === isIn(before)) return isIn(point) ? [point] : [];
      const share = (bound - before[k]) / (point[k] - before[k]);
      const crossing = before.map((from, j) => (j === k ? bound : from + share * (point[j] - from)));
      return isIn(point) ? [crossing, point] : [crossing];
    });
  }
  return kept;
}

/** Return the outline of a polygon as a path, as far as the picture reaches: its edges are straight on the scale of their cofactors. */
export function outline(vertices, axes, edges) {
  const [[toX, fromX], [toY, fromY]] = (edges ?? LINEAR).map(scaled);
  const bits = bends(edges, axes) ? 24 : 1;
  const corners = vertices.map(([x, y]) => [toX(x), toY(y)]);
  const points = corners.flatMap(([x0, y0], k) => {
    const [x1, y1] = corners[(k + 1) % corners.length];
    return Array.from({ length: bits }, (_, bit) => {
      const share = bit / bits;
      return [axes.x.place(fromX(x0 + share * (x1 - x0))), axes.y.place(fromY(y0 + share * (y1 - y0)))];
    });
  });
  const shown = inBox(points, axes.box).map((point) => point.map((one) => one.toFixed(1)).join(" "));
  return shown.length ? `M${shown.join("L")}Z` : "M0 0";
}

/** Return the line through the origin on which x / y is a ratio, as far as the picture reaches. */
export function ratioLine({ x, y, box }, ratio) {
  const [low, high] = y.ends;
  const points = Array.from({ length: 25 }, (_, k) => low + ((high - low) * k) / 24)
    .map((value) => [x.place(value * ratio), y.place(value)]).filter(([across]) => across >= box.x && across <= box.x + box.width);
  return points.length ? `M${points.map((point) => point.map((one) => one.toFixed(1)).join(" ")).join("L")}` : "M0 0";
}

/** Round a value to six digits: what is shown is what is saved. */
export const sixDigits = (value) => Number(value.toPrecision(6));
