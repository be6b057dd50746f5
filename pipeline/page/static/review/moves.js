// The gates that a person set on one tube: those that are saved, and what was moved since, with undo and redo.

const key = (move) => move.gate.toLowerCase();
const shape = (polygon) => (polygon ? [polygon.x, polygon.y, polygon.vertices, polygon.cofactors ?? [null, null]] : null);
const text = (moves) => JSON.stringify(moves.map((one) => [key(one), one.value ?? null, shape(one.polygon)]).sort());

/**
 * Return moves with one more, in place of an earlier one of the same gate. A polygon takes the place of its step's
 * thresholds too: both together are refused.
 */
export function withMove(moves, move, replaced = []) {
  const gone = new Set([move.gate, ...replaced].map((gate) => gate.toLowerCase()));
  return [...moves.filter((one) => !gone.has(key(one))), move];
}

/** Return whether two lists set the same gates to the same places. */
export const same = (one, other) => text(one) === text(other);

export class Moves {
  /** @param saved what stands in review.csv; @param draft what was moved since and not saved */
  constructor(saved = [], draft = null) {
    this.saved = saved;
    this.now = draft ?? saved;
    this.past = draft ? [saved] : [];
    this.future = [];
    this.last = { gate: "", at: 0 };
  }

  /** Whether anything is moved that is not saved. */
  get differ() {
    return !same(this.now, this.saved);
  }

  /** Return only what differs from what is saved. */
  get fresh() {
    return this.now.filter((move) => !this.saved.some((one) => same([one], [move])));
  }

  /** Return what was moved with one move more, which is not kept. */
  with(move) {
    return withMove(this.now, move);
  }

  /** Keep a move. Nudges of one gate in quick succession are one step back. */
  set(move, { nudge = false, replaced = [] } = {}) {
    const at = performance.now();
    const joins = nudge && this.last.gate === key(move) && at - this.last.at < 800;
    if (!joins) this.past.push(this.now);
    this.now = withMove(this.now, move, replaced);
    this.future = [];
    this.last = { gate: nudge ? key(move) : "", at };
  }

  undo() {
    return this.#go(this.past, this.future);
  }

  redo() {
    return this.#go(this.future, this.past);
  }

  /** Put every gate where it is saved. */
  reset() {
    return this.differ && this.#put(this.saved);
  }

  /** Take back every gate that a person set: all are automatic again. */
  automatic() {
    return this.now.length > 0 && this.#put([]);
  }

  #put(moves) {
    this.past.push(this.now);
    this.now = moves;
    this.future = [];
    this.last.gate = "";
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
