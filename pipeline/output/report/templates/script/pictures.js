// What lies under the pointer in a picture: the picture itself holds the counts (its shades, or a list); a
// point holds its words. Arrow keys go from point to point, so that a chart is one stop of the Tab key.
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  const shadesOf = new WeakMap();
  const colours = (plot) => {
    if (shadesOf.has(plot)) return shadesOf.get(plot);
    shadesOf.set(plot, null);
    const picture = new Image();
    picture.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [picture.width, picture.height];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(picture, 0, 0);
      shadesOf.set(plot, context.getImageData(0, 0, picture.width, picture.height));
    };
    picture.src = plot.querySelector("image").getAttribute("href");
    return null;
  };
  const palette = document.body.dataset.shades.split(" ");
  const shadeAt = (data, column, row) => {
    const at = 4 * (row * data.width + column);
    if (!data.data[at + 3]) return 0;
    const hex = [0, 1, 2].map((k) => data.data[at + k].toString(16).padStart(2, "0")).join("");
    return palette.indexOf(hex) + 1;
  };
  const words = (value) => {
    const size = Math.abs(value);
    const text = size >= 999.5 ? Math.round(size).toLocaleString("en-US") : String(Number(size.toPrecision(3)));
    return (value < 0 && text !== "0" ? "\u2212" : "") + text;
  };
  const valueAt = (axis, share) => {
    const [low, high, cofactor] = axis.split(" ").map(Number);
    const place = low + share * (high - low);
    return cofactor ? cofactor * Math.sinh(place) : place;
  };
  const events = (n) => `${n.toLocaleString("en-US")} event${n === 1 ? "" : "s"}`;
  const listed = (text, share) => { const n = text.split(" ").map(Number); return n[Math.min(Math.floor(share * n.length), n.length - 1)]; };
  // Both histograms have bins of their own: where the widths differ, the counts cannot be held against each other.
  const widths = (counts, control) => { const times = counts.split(" ").length / control.split(" ").length; return times === 1 ? "" : ` in a bin ${times} \u00d7 as wide`; };
  const readOff = (plot, x, y) => {
    const d = plot.dataset;
    const where = `${d.xn} ${words(valueAt(d.x, x))}`;
    if (!d.y) {
      const control = d.control ? `, ${d.controln} ${listed(d.control, x)}${d.counts ? widths(d.counts, d.control) : ""}` : "";
      return d.counts ? `${where}: ${events(listed(d.counts, x))}${control}` : `${where}${control}`;
    }
    const both = `${where} \u00b7 ${d.yn} ${words(valueAt(d.y, 1 - y))}`;
    const data = colours(plot);
    if (!data) return both;
    const shade = shadeAt(data, Math.min(Math.floor(x * data.width), data.width - 1), Math.min(Math.floor(y * data.height), data.height - 1));
    const floors = d.floors.split(" ").map(Number);
    if (shade === 0) return `${both}: no event`;
    if (shade > floors.length) return `${both}: beside a single event`;
    const [least, next] = [floors[shade - 1], floors[shade]];
    return `${both}: ${next === undefined ? `${least.toLocaleString("en-US")} events or more` : next - 1 <= least ? events(least) : `${least} to ${next - 1} events`}`;
  };
  const show = (words, x, y) => {
    tip.textContent = words;
    tip.hidden = false;
    tip.style.left = `${Math.max(4, Math.min(x + 12, document.documentElement.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${y + 14}px`;
  };
  // A browser's own tip would lie upon ours: the words move from the title into the name.
  document.querySelectorAll(".spot > title").forEach((title) => {
    title.parentNode.setAttribute("aria-label", title.textContent);
    if (!title.parentNode.hasAttribute("href")) title.parentNode.setAttribute("role", "img");
    title.remove();
  });
  const spots = (chart) => [...chart.querySelectorAll("a.spot")];
  document.querySelectorAll("svg.chart").forEach((chart) => {
    const points = spots(chart);
    if (!points.length) return;
    points.forEach((point, k) => point.setAttribute("tabindex", k ? "-1" : "0"));
    const words = document.createElementNS("http://www.w3.org/2000/svg", "desc");
    words.textContent = "Arrow keys go from point to point, Enter opens the tube.";
    chart.prepend(words);
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const now = points.indexOf(event.target.closest("a.spot"));
      if (!step || now < 0) return;
      event.preventDefault();
      const next = points[Math.max(0, Math.min(now + step, points.length - 1))];
      points[now].setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  });
  addEventListener("focusin", (event) => {
    const spot = event.target.closest("a.spot");
    tip.hidden = true;
    if (!spot || !spot.matches(":focus-visible")) return;
    const box = spot.getBoundingClientRect();
    show(spot.getAttribute("aria-label"), box.right + scrollX, box.top + scrollY);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
  addEventListener("pointermove", (event) => {
    const spot = event.target.closest ? event.target.closest(".spot") : null;
    if (spot) { show(spot.getAttribute("aria-label"), event.pageX, event.pageY); return; }
    const plot = event.target.closest ? event.target.closest("svg.plot") : null;
    tip.hidden = !plot;
    if (!plot) return;
    // getBoundingClientRect counts what is clipped away, so the place comes from the plot's own matrix.
    const outer = plot.ownerSVGElement;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(outer.getScreenCTM().inverse());
    const box = ["x", "y", "width", "height"].map((name) => Number(plot.getAttribute(name)));
    const [x, y] = [(point.x - box[0]) / box[2], (point.y - box[1]) / box[3]];
    if (x < 0 || x > 1 || y < 0 || y > 1) { tip.hidden = true; return; }
    show(readOff(plot, x, y), event.pageX, event.pageY);
  });
})();
