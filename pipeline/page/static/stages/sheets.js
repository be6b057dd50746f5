// Follows the sheets: what is still to do is written anew each time they are saved.

const PAUSE = 2000;
const SAID = { ERROR: "stops the run", TUBE: "this file cannot be used", WARNING: "look at it" };
const byId = (id) => document.getElementById(id);

function made(name, text, kind) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  if (kind) element.className = kind;
  return element;
}

function cause(one) {
  const line = made("li", "", one.severity.toLowerCase());
  const says = made("p");
  says.append(made("strong", SAID[one.severity]), ` ${one.says}`);
  const cells = made("p", "", "cells");
  for (const cell of one.cells) cells.append(made("code", cell), " ");
  if (one.more) cells.append(`and ${one.more} more`);
  line.append(says, cells);
  return line;
}

async function look() {
  const saved = byId("saved");
  if (!saved || document.hidden) return;
  const answer = await fetch("/api/sheets");
  if (!answer.ok) return;
  const now = await answer.json();
  if (now.saved_at === saved.dataset.at) return;
  saved.dataset.at = now.saved_at;
  saved.textContent = `Saved ${now.saved_at}${now.is_open ? ", open in another program" : ""}.`;
  byId("counted").textContent = now.causes.length ? now.counted : "Nothing is left to fill in";
  byId("causes").replaceChildren(...now.causes.map(cause));
}

setInterval(() => look().catch(() => { byId("saved").textContent = "The program does not answer any more: start it again."; }), PAUSE);
