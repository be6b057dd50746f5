// Single keys are commands, unless something is being typed or a question is open.

import { byId } from "./words.js";

const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";

export class Keys {
  /** @param commands key → what it does; digits come as step(1) to step(9) */
  constructor(commands, step) {
    [this.commands, this.step] = [commands, step];
    this.isOn = localStorage.getItem("cd38rd keys") !== "off";
    addEventListener("keydown", (event) => this.#press(event));
  }

  turn(isOn) {
    this.isOn = isOn;
    localStorage.setItem("cd38rd keys", isOn ? "on" : "off");
  }

  #press(event) {
    if (byId("ask").open || event.altKey || event.isComposing) return;
    const isTyping = event.target.matches?.(TYPING);
    if (event.key === "Escape" && isTyping) { event.target.blur(); return; }
    if (isTyping) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const command = key === "z" ? (event.shiftKey ? "y" : "u") : key === "y" ? "y" : null;
      if (command) this.#run(event, this.commands[command]);
      return;
    }
    if (!this.isOn && key !== "?") return;
    if (/^[1-9]$/.test(key)) this.#run(event, () => this.step(Number(key)));
    else if (Object.hasOwn(this.commands, key)) this.#run(event, this.commands[key]);
  }

  #run(event, command) {
    event.preventDefault();
    if (!event.repeat || ["n", "p", "u", "y"].includes(event.key.toLowerCase())) command();
  }
}
