// On every page of a stage: says when the program behind it does not answer, and takes that back when it does.

import { aliveStatus, loss } from "../alive.js";

const PAUSE = 4000;
const LOST = 1500;
/** Milliseconds between two looks, and where the program was lost. */

const box = document.getElementById("trouble");

async function look() {
  const status = document.hidden ? 204 : await aliveStatus();
  const words = status === 204 ? "" : `${loss(status, document.body.dataset.command)}. What the page said to be saved is saved; sheets are saved by Excel, and a run goes on by itself.`;
  if (box.textContent !== words) {
    if (!words) dispatchEvent(new CustomEvent("back"));
    box.textContent = words;
    box.hidden = !words;
  }
  setTimeout(look, words ? LOST : PAUSE);
}

look();
