// The table of densities: filter, status buttons, sorting by several columns, columns to show, copy and CSV.
(() => {
  const table = document.getElementById("rd");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const tools = document.getElementById("rd-tools");
  const filter = document.getElementById("filter");
  const count = document.getElementById("rd-count");
  const nothing = document.getElementById("rd-nothing");
  const noTube = nothing.textContent;
  const said = document.getElementById("rd-said");
  const status = [...tools.querySelectorAll("button[data-status]")];
  tools.hidden = false;

  // "a b": both words; "a|b" or "a OR b": either; "/a.c/": a regular expression.
  const matcher = (typed) => {
    nothing.textContent = noTube;
    const regular = typed.trim().match(/^\/(.+)\/i?$/);
    if (regular) {
      try {
        const pattern = new RegExp(regular[1], "i");
        filter.setCustomValidity("");
        return (row) => pattern.test(row);
      } catch {
        filter.setCustomValidity("not a regular expression");
        nothing.textContent = `Nothing found: ${typed.trim()} is not a regular expression. Is a bracket open? Without the slashes it is searched as a word.`;
        return () => false;
      }
    }
    filter.setCustomValidity("");
    const either = typed.toLowerCase().split(/\||\bor\b/).map((part) => part.split(/\s+/).filter(Boolean)).filter((part) => part.length);
    return (row) => !either.length || either.some((words) => words.every((word) => row.includes(word)));
  };
  const texts = new Map(rows.map((row) => [row, row.textContent.replace(/\s+/g, " ").toLowerCase()]));
  const show = () => {
    const fits = matcher(filter.value);
    const pressed = status.filter((button) => button.getAttribute("aria-pressed") === "true").map((button) => button.dataset.status);
    const wanted = (row) => !pressed.length || pressed.some((name) => name === row.dataset.status || (name === "flagged" && "flagged" in row.dataset));
    rows.forEach((row) => { row.hidden = !(fits(texts.get(row)) && wanted(row)); });
    const shown = rows.filter((row) => !row.hidden).length;
    const all = `${rows.length.toLocaleString("en")} tube${rows.length === 1 ? "" : "s"}`;
    count.textContent = shown === rows.length ? all : `${shown.toLocaleString("en")} of ${all}`;
    nothing.hidden = shown > 0;
    said.textContent = "";
    follow(shown < rows.length);
  };
  // The contact sheet and the cards show the tubes that the table shows; a link to a hidden card shows it (page.js).
  const places = rows.map((row) => row.querySelector("a")?.hash.slice(1));
  const pictures = new Map([...document.querySelectorAll(".contacts a")].map((link) => [link.hash.slice(1), link]));
  const cards = places.map((place) => place && document.getElementById(place));
  const follow = (some) => {
    rows.forEach((row, k) => {
      if (cards[k]) cards[k].hidden = row.hidden;
      const picture = pictures.get(places[k]);
      if (picture) picture.hidden = row.hidden;
    });
    document.querySelectorAll(".filtered").forEach((words) => {
      words.hidden = !some;
      words.textContent = `Only the tubes that the table shows: ${count.textContent}.`;
    });
  };
  filter.addEventListener("input", show);
  status.forEach((button) => button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") === "true" ? "false" : "true");
    show();
  }));
  show();

  // Sorting: a click sorts by one column, with Shift held by one column more.
  const keys = [];
  const valueOf = (row, index) => {
    const cell = row.cells[index];
    // Verdicts in the order of their buttons, whatever the flags below them: so a second column sorts within a verdict.
    if ("verdict" in heads[index].dataset) return status.findIndex((button) => button.dataset.status === row.dataset.status);
    if (!heads[index].classList.contains("n") && !("v" in cell.dataset)) return cell.textContent.trim();
    const number = parseFloat("v" in cell.dataset ? cell.dataset.v : cell.textContent.replace(/[<> ,?]/g, "").replace("\u2212", "-"));
    return Number.isNaN(number) ? null : number;
  };
  const compare = (a, b) => {
    for (const { index, up } of keys) {
      const [x, y] = [valueOf(a, index), valueOf(b, index)];
      if (x === y) continue;
      if (x === null || y === null) return x === null ? 1 : -1;
      const order = typeof x === "string" ? x.localeCompare(y, undefined, { numeric: true }) : x - y;
      if (order) return up ? order : -order;
    }
    return rows.indexOf(a) - rows.indexOf(b);
  };
  const sort = (index, add) => {
    const now = keys.find((key) => key.index === index);
    const up = !(now && now.up);
    if (!add) keys.length = 0;
    else if (now) keys.splice(keys.indexOf(now), 1);
    keys.push({ index, up });
    heads.forEach((head, k) => {
      const place = keys.findIndex((key) => key.index === k);
      head.removeAttribute("aria-sort");
      head.querySelector(".order")?.remove();
      if (place < 0) return;
      head.setAttribute("aria-sort", keys[place].up ? "ascending" : "descending");
      const mark = document.createElement("span");
      mark.className = "order";
      mark.textContent = (keys[place].up ? " \u25b2" : " \u25bc") + (keys.length > 1 ? place + 1 : "");
      head.querySelector("button").append(mark);
    });
    body.append(...[...rows].sort(compare));
  };
  heads.forEach((head, index) => {
    if (head.classList.contains("plain")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sorter";
    button.append(...head.childNodes);
    button.title = "Sort; with Shift held also by this column";
    head.append(button);
    button.addEventListener("click", (event) => sort(index, event.shiftKey));
  });

  // A table wider than the page scrolls inside itself, where its head then stays.
  const box = document.getElementById("rd-box");
  const watch = new ResizeObserver(() => {
    if (matchMedia("print").matches) return;
    const wide = table.offsetWidth > box.clientWidth + 1;
    box.classList.toggle("scrolls", wide);
    if (wide) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  });
  watch.observe(table);
  watch.observe(box);
  const look = () => box.classList.remove("scrolls");
  addEventListener("resize", look);

  // Columns: what is not ticked is not shown, copied or saved.
  const ticks = [...tools.querySelectorAll("input[data-column]")];
  const column = (tick) => {
    const index = heads.findIndex((head) => head.dataset.column === tick.dataset.column);
    [heads[index], ...rows.map((row) => row.cells[index])].forEach((cell) => cell.classList.toggle("off", !tick.checked));
  };
  ticks.forEach((tick) => { tick.addEventListener("change", () => { column(tick); look(); }); if (tick.checked !== tick.defaultChecked) column(tick); });

  // A comma between thousands is a decimal point where Excel speaks German or French: no copy holds one.
  const digits = (cell) => (cell.tagName === "TD" && cell.matches(".n, .ci") ? cell.textContent.replace(/(\d),(?=\d{3})/g, "$1") : cell.textContent);
  const plain = (cell) => (cell.dataset.text ?? digits(cell)).replace(/\s+/g, " ").replace(/[\u25b2\u25bc]\d?/g, "").trim();
  const lines = () => [table.tHead.rows[0], ...[...body.rows].filter((row) => !row.hidden)].map((row) =>
    [...row.cells].filter((cell) => !cell.classList.contains("off") && !cell.classList.contains("plain")).map(plain));
  document.getElementById("rd-copy").addEventListener("click", async () => {
    const text = lines().map((line) => line.join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "Copied: paste it into Excel.";
    } catch {
      said.textContent = "This browser does not let a page copy: take the CSV.";
    }
  });
  document.getElementById("rd-csv").addEventListener("click", () => {
    const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
    const text = "\ufeff" + lines().map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "receptor_densities.csv";
    link.click();
    URL.revokeObjectURL(link.href);
    said.textContent = "Saved as receptor_densities.csv.";
  });
})();
