// A link opens the card that it leads to; every card is open while the page is printed.
(() => {
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const elsewhere = target.closest("ul.index") && target.querySelector("a");
    if (elsewhere) { location.replace(elsewhere.href); return; }
    target.hidden = false;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  // Copying: the text of the parts that a button names; a table with tabs between its cells.
  const text = (part) => (part.tBodies
    ? [...part.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()).join("\t")).join("\n")
    : [...part.children].map((line) => line.textContent.trim()).join("\n\n"));
  document.querySelectorAll("button[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const parts = button.dataset.copy.split(" ").map((id) => document.getElementById(id)).filter(Boolean);
      const said = button.nextElementSibling;
      try {
        await navigator.clipboard.writeText(parts.map(text).join("\n\n"));
        said.textContent = "Copied.";
      } catch {
        said.textContent = "This browser does not let a page copy: mark the text instead.";
      }
    });
  });
  // On a phone wide pictures and tables scroll inside themselves; the keyboard must reach them too.
  if (matchMedia("(max-width: 700px)").matches) {
    document.querySelectorAll("figure.wide, figure.half, figure.gates, .scroll").forEach((part) => { part.tabIndex = 0; });
  }
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.card:not([open]), details.models:not([open]), details.printed:not([open])")];
    closed.forEach((card) => { card.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((card) => { card.open = false; }));
})();
