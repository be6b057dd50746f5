// What the page says: aloud, in a line at the foot, or as a trouble that stays until it is over.

import { loss } from "../alive.js";
import { byId } from "./words.js";

export class Voice {
  /** @param lost what happens when the program is lost (true) and found again (false) */
  constructor(lost) {
    [this.lost, this.isLost, this.pending] = [lost, false, ""];
    addEventListener("program", ({ detail }) => {
      if (detail === "silent") this.#gone(0);
      if (detail === "busy" && !this.isLost) this.warn(`The program is still at work${this.pending ? `: “${this.pending}” is not saved yet` : ""}. Wait until it answers.`);
    });
  }

  /** Name what is asked for and not saved yet, for as long as that is so; "" when it is known how it ended. */
  waits(words) {
    this.pending = words;
  }

  /** Say something aloud, without showing it. */
  say(words) {
    byId("said").textContent = words;
  }

  /** Show and say that something is done. */
  done(words) {
    this.say(words);
    this.#toast(words, "");
  }

  warn(words) {
    this.say(words);
    this.#toast(words, "warn");
  }

  /** Show why nothing can be decided now; "" takes it away. */
  standing(words) {
    if (this.isLost || words === this.stands) return;
    this.stands = words;
    this.trouble(words && words[0].toUpperCase() + words.slice(1));
  }

  trouble(words) {
    byId("trouble").textContent = words;
    byId("trouble").hidden = !words;
  }

  /** Say why something was refused; a program that is gone is a trouble that stays. */
  refusal(refusal, { quiet = false } = {}) {
    if (refusal.status === 0 || refusal.status === 401 || refusal.status === 403) {
      this.#gone(refusal.status);
    } else if (!quiet) this.warn(refusal.message);
  }

  #gone(status) {
    const open = this.pending ? `“${this.pending}” is not saved yet, as far as this page knows: it will look when the program is back. ` : "";
    this.trouble(`${loss(status, document.body.dataset.command)}. ${open}What the page said to be saved is saved; nothing else was written. What you moved is kept in this browser.`);
    if (!this.isLost) this.lost(true);
    this.isLost = true;
  }

  found() {
    if (!this.isLost) return;
    this.isLost = false;
    this.stands = null;
    this.trouble("");
    this.lost(false);
    this.done("The program answers again.");
  }

  #toast(words, kind) {
    const box = byId("toast");
    clearTimeout(this.fading);
    box.textContent = words;
    box.className = kind;
    box.hidden = false;
    this.fading = setTimeout(() => { box.hidden = true; }, kind ? 9000 : 4000);
  }
}
