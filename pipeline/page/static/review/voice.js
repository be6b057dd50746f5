// What the page says: aloud, in a line at the foot, or as a trouble that stays until it is over.

import { byId } from "./words.js";

const SHUT = "This page is no longer let in: the program was started again, or ended because nobody used it. "
  + "Start “cd38rd review” again and use the page that it opens. What the page said to be saved is saved.";
const GONE = "The program behind this page does not answer. What the page said to be saved is saved; nothing else was written. "
  + "What you moved is kept in this browser. Start “cd38rd review” again: this page goes on by itself if its address stays the same.";

export class Voice {
  /** @param lost what happens when the program is lost (true) and found again (false) */
  constructor(lost) {
    [this.lost, this.isLost] = [lost, false];
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
      this.trouble(refusal.status === 0 ? GONE : SHUT);
      if (!this.isLost) this.lost(true);
      this.isLost = true;
    } else if (!quiet) this.warn(refusal.message);
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
