// Corners of a polygon on a picture: where they are shown, held, and put anew.

/** Return a place, or the nearest one within a length. */
export const within = (place, start, length) => Math.min(Math.max(place, start), start + length);

/** Return where a corner is shown: one beyond the picture at its edge. */
export const shownAt = ({ x, y, box }, at) => [within(x.place(at[0]), box.x, box.width), within(y.place(at[1]), box.y, box.height)];

/** Whether a corner lies beyond the picture. */
export function isBeyond(axes, at) {
  const [x, y] = shownAt(axes, at);
  return Math.hypot(axes.x.place(at[0]) - x, axes.y.place(at[1]) - y) > 1;
}

/** Return where a corner that is held at a place is now. Beyond an end of the picture it stays there while it is held at that end. */
export const heldAt = (axes, at, places) => [axes.x, axes.y].map((axis, k) => {
  const end = axis.end(places[k]);
  return end && end === axis.end(axis.place(at[k])) ? at[k] : axis.value(places[k]);
});

/** Return the place halfway, as shown, from a corner to the next. */
export function halfway(axes, corners, k) {
  const [here, next] = [corners[k], corners[(k + 1) % corners.length]].map((at) => shownAt(axes, at));
  return [axes.x.value((here[0] + next[0]) / 2), axes.y.value((here[1] + next[1]) / 2)];
}

/** Return the corner from which the edge nearest to a place leads on. */
export function nearestEdge(axes, corners, at) {
  const place = ([x, y]) => [axes.x.place(x), axes.y.place(y)];
  const [px, py] = place(at);
  const off = corners.map((corner, k) => {
    const [[ax, ay], [bx, by]] = [place(corner), place(corners[(k + 1) % corners.length])];
    const share = within(((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2 || 1), 0, 1);
    return Math.hypot(px - ax - share * (bx - ax), py - ay - share * (by - ay));
  });
  return off.indexOf(Math.min(...off));
}
