// Follows the sheets: what is still to do is written anew each time they are saved.

import { clock } from "../review/words.js";

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
  if (one.others.length) {
    const others = made("details");
    const list = made("ul");
    list.append(...one.others.map((text) => made("li", text)));
    others.append(made("summary", `${one.others.length} that say nearly the same`), list);
    line.append(others);
  }
  return line;
}

/** Say when the sheets were saved, by the clock of this computer. */
function say(at, isOpen) {
  const open = isOpen ? "; another program has them open" : "";
  byId("saved").textContent = `Saved ${clock(at)}${open}.`;
}

async function look() {
  const saved = byId("saved");
  if (!saved || document.hidden) return;
  const answer = await fetch("/api/sheets");
  if (!answer.ok) return;
  const now = await answer.json();
  if (now.version === saved.dataset.version) return;
  saved.dataset.version = now.version;
  say(now.saved_at, now.is_open);
  byId("counted").textContent = now.causes.length ? now.counted : "Nothing is left to fill in";
  byId("causes").replaceChildren(...now.causes.map(cause));
}

if (byId("saved")) say(byId("saved").dataset.at, byId("saved").dataset.open === "true");

/** One look after the other: a program that hangs is asked once, and watch.js says that it does not answer. */
async function follow() {
  await look().catch(() => {});
  setTimeout(follow, PAUSE);
}

follow();
