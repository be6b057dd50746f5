// What a person moved on one tube and has not saved: with undo, redo and reset.

const key = (move) => move.gate.toLowerCase();

/** Return moves with one more, in place of an earlier one of the same gate. */
export function withMove(moves, move) {
  return [...moves.filter((one) => key(one) !== key(move)), move];
}

export class Moves {
  constructor(start = []) {
    this.now = start;
    this.past = [];
    this.future = [];
    this.last = { gate: "", at: 0 };
  }

  /** Return what was moved with one move more, which is not kept. */
  with(move) {
    return withMove(this.now, move);
  }

  /** Keep a move. Nudges of one gate in quick succession are one step back. */
  set(move, { nudge = false } = {}) {
    const at = performance.now();
    const joins = nudge && this.last.gate === key(move) && at - this.last.at < 800;
    if (!joins) this.past.push(this.now);
    this.now = withMove(this.now, move);
    this.future = [];
    this.last = { gate: nudge ? key(move) : "", at };
  }

  undo() {
    return this.#go(this.past, this.future);
  }

  redo() {
    return this.#go(this.future, this.past);
  }

  reset() {
    if (!this.now.length) return false;
    this.past.push(this.now);
    this.now = [];
    this.future = [];
    return true;
  }

  #go(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    this.now = from.pop();
    this.last.gate = "";
    return true;
  }
}
