// Every figure can be taken: as SVG with its style sheet, and as PNG of three times its size.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const GAP = 10, COLUMNS = { panels: 5, charts: 3 }, SCALE = 3;
  const sheet = () => [...document.styleSheets].flatMap((one) => [...one.cssRules])
    .filter((rule) => rule.selectorText && /^\.(pic|chart) /.test(rule.selectorText)).map((rule) => rule.cssText).join("\n");
  const sized = (svg) => svg.getAttribute("viewBox").split(" ").map(Number).slice(2);
  const made = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    return element;
  };
  // What is saved stands alone: no link into the page, the words of a point as its title again.
  const copied = (svg) => {
    const copy = svg.cloneNode(true);
    copy.querySelectorAll("a.spot").forEach((link) => {
      const group = made("g", { class: "spot", "aria-label": link.getAttribute("aria-label") });
      group.append(...link.childNodes);
      link.replaceWith(group);
    });
    copy.querySelectorAll(".spot[aria-label]").forEach((spot) => {
      const title = made("title", {});
      title.textContent = spot.getAttribute("aria-label");
      spot.removeAttribute("aria-label");
      spot.removeAttribute("role");
      spot.prepend(title);
    });
    return copy;
  };
  const whole = (figure) => {
    const several = figure.matches(".panels, .charts");
    const shown = several ? [...figure.querySelectorAll(":scope > svg")] : [figure];
    const columns = several ? COLUMNS[figure.classList[0]] : 1;
    const root = made("svg", { xmlns: SVG, class: shown[0].getAttribute("class") });
    let [x, y, high, wide] = [0, 0, 0, 0];
    const placed = shown.map((svg, k) => {
      if (k && k % columns === 0) { x = 0; y += high + GAP; high = 0; }
      const [width, height] = sized(svg);
      const part = made("svg", { x, y, width, height });
      part.append(...copied(svg).childNodes);
      x += width + GAP;
      wide = Math.max(wide, x - GAP);
      high = Math.max(high, height);
      return part;
    });
    const size = { width: wide, height: y + high };
    const [style, title] = [made("style", {}), made("title", {})];
    style.textContent = sheet();
    title.textContent = figure.getAttribute("aria-label");
    Object.entries({ viewBox: `0 0 ${size.width} ${size.height}`, ...size }).forEach(([key, value]) => root.setAttribute(key, value));
    root.append(style, title, made("rect", { ...size, fill: "#fff" }), ...placed);
    return { text: new XMLSerializer().serializeToString(root), ...size };
  };
  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const savePng = ({ text, width, height }, name, scale) => {
    const picture = new Image();
    picture.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, name), "image/png");
    };
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };
  const nameOf = (figure) => figure.dataset.name.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 120) || "figure";
  const offer = (figure) => {
    const line = document.createElement("div");
    line.className = "take";
    ["SVG", "PNG"].forEach((kind) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = kind;
      button.dataset.kind = kind;
      button.setAttribute("aria-label", `Save ${figure.dataset.name} as ${kind}`);
      line.append(button);
    });
    figure.after(line);
    line.addEventListener("click", (event) => {
      const kind = event.target.dataset.kind;
      if (!kind) return;
      const drawn = whole(figure);
      // a chart's unit is a point of the printed page
      const scale = SCALE * (figure.classList.contains("chart") ? 96 / 72 : 1);
      if (kind === "SVG") save(new Blob([drawn.text], { type: "image/svg+xml" }), `${nameOf(figure)}.svg`);
      else savePng(drawn, `${nameOf(figure)}.png`, scale);
    });
  };
  // Hundreds of figures: the page is shown first.
  const wait = window.requestIdleCallback ?? ((work) => setTimeout(work, 1));
  wait(() => document.querySelectorAll("[data-name]:not(.narrow)").forEach(offer));
})();
