// Signs the tubes that are ticked, one after the other; each is on the disk before it counts as signed.

const byId = (id) => document.getElementById(id);
const boxes = () => [...document.querySelectorAll("input.tube")];

byId("all").addEventListener("change", (event) => {
  for (const box of boxes()) box.checked = event.target.checked && !box.disabled;
});

byId("sign").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const act = event.submitter?.value ?? "sign";
  const ticked = boxes().filter((box) => box.checked);
  const refusals = [];
  let done = 0;
  for (const box of ticked) {
    byId("said").textContent = `Signing ${box.value} …`;
    const answer = await fetch(`/api/tubes/${encodeURIComponent(box.value)}/${act}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        version: Number(box.dataset.version), shown: { rows: box.dataset.rows, result: box.dataset.result },
        who: form.get("who"), meaning: form.get("meaning"),
      }),
    }).catch(() => null);
    const said = answer ? await answer.json().catch(() => ({})) : { error: `${box.value}: the program does not answer` };
    if (answer?.ok) [done, box.checked] = [done + 1, false];
    else refusals.push(said.error ?? `${box.value}: not signed`);
  }
  if (!ticked.length) refusals.push("No tube is ticked.");
  byId("refusals").replaceChildren(...refusals.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  byId("said").textContent = `${done} signed, on the disk. ${refusals.length ? `${refusals.length} not signed: see below the table.` : ""}`;
  if (done && !refusals.length) location.reload();
});
