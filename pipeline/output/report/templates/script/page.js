// A link opens the card that it leads to; every card is open while the page is printed.
(() => {
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.tagName === "DETAILS") target.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.card:not([open]), details.models:not([open])")];
    closed.forEach((card) => { card.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((card) => { card.open = false; }));
})();
