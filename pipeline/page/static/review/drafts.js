// Moves that are not saved: this browser keeps them, so that a reload or a closed lid does not lose them.

export class Drafts {
  of(study) {
    this.study = study;
  }

  /** Return the moves of a tube; null without any, or where somebody decided on it since. */
  get(id, version) {
    try {
      const draft = JSON.parse(localStorage.getItem(this.#key(id)) ?? "null");
      return draft?.version === version ? draft.moves : null;
    } catch {
      return null;
    }
  }

  set(id, version, moves) {
    try {
      if (moves) localStorage.setItem(this.#key(id), JSON.stringify({ version, moves }));
      else localStorage.removeItem(this.#key(id));
    } catch {
      // a browser that keeps nothing: the moves stay as long as the page
    }
  }

  #key(id) {
    return `cd38rd draft ${this.study} ${id}`;
  }
}
