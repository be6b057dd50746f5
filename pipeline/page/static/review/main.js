// The review of a study: which tube is on the bench, what was moved, what is decided.

import { api, Mover } from "./api.js";
import { BackGate } from "./backgate.js";
import { Decisions } from "./decisions.js";
import { help } from "./dialogs.js";
import { Drafts } from "./drafts.js";
import { Follow } from "./follow.js";
import { Keys } from "./keys.js";
import { decisionWords, sureness, TubeList } from "./list.js";
import { Moves } from "./moves.js";
import { Again } from "./again.js";
import { byStep, followLook, showChanges, showFacts, showHistogram, showNumber, showScale } from "./result.js";
import { Stage } from "./stage.js";
import { Voice } from "./voice.js";
import { byId, sentence } from "./words.js";

const SETTLE_AFTER = 350;
/** Milliseconds after the last nudge until the gates are made as in a run. */
const START_AGAIN = 4000;
/** Milliseconds until a page that could not be filled tries once more. */

class Review {
  constructor() {
    this.voice = new Voice((isLost) => this.lost(isLost));
    this.list = new TubeList(JSON.parse(document.body.dataset.verdicts), (id) => this.open(id));
    this.stage = new Stage({
      drag: (move, since) => this.drag(move, since), drop: (move, how) => this.drop(move, how), corner: (move) => this.drop(move, {}), giveUp: () => this.#shownAgain(),
      step: () => this.showBefore(false), wrong: (words) => this.voice.warn(words),
    });
    this.mover = new Mover((id, answer, asked) => this.answered(id, answer, asked), (id, refusal) => this.refused(id, refusal));
    this.drafts = new Drafts();
    this.decisions = new Decisions(this);
    this.again = new Again(this);
    this.follow = new Follow(this);
    this.backgate = new BackGate(this);
    this.tubes = new Map();
    [this.id, this.tube, this.moves, this.answer, this.isBefore, this.ignored] = ["", null, new Moves(), null, false, 0];
    this.waiting = [];
    followLook();
    this.#buttons();
  }

  async start() {
    try {
      const study = await api.study();
      this.drafts.of(study.name);
      const tubes = await api.tubes();
      this.voice.found();
      this.voice.standing(study.refused);
      this.list.fill(tubes);
    } catch (refusal) {
      this.voice.refusal(refusal);
      if (refusal.status) this.voice.standing(`${refusal.message}. The page Check says what is to be corrected; what ran last is on the page Report.`);
      setTimeout(() => this.start(), START_AGAIN);
      return;
    }
    this.list.tubes.forEach((tube) => { if (this.drafts.get(tube.sample_id, tube.version)) this.list.unsaved.add(tube.sample_id); });
    const wanted = decodeURIComponent(location.hash.slice(1));
    const first = this.list.of(wanted) ? wanted : this.list.beside(0, { undecided: true }) ?? this.list.tubes[0]?.sample_id;
    if (first) await this.open(first);
    this.follow.begin();
  }

  /** Put a tube on the bench, with what was moved on it and not saved. */
  async open(id, { fresh = false, first = "" } = {}) {
    if (!id || (id === this.id && !fresh)) return;
    clearTimeout(this.settling);
    [this.id, this.answer, this.isBefore] = [id, null, false];
    this.ignored = this.mover.request;
    this.mover.wanted = null;
    byId("bench").setAttribute("aria-busy", "true");
    this.list.mark(id);
    history.replaceState(null, "", `#${encodeURIComponent(id)}`);
    if (fresh) this.tubes.delete(id);
    try {
      const tube = await this.fetched(id);
      if (this.id !== id) return;
      this.tube = tube;
    } catch (refusal) {
      this.tubes.delete(id);
      if (this.id === id) this.voice.refusal(refusal);
      return;
    }
    this.moves = new Moves(this.tube.decision.moves, this.drafts.get(id, this.tube.version));
    this.show();
    showFacts(this.tube);
    this.backgate.offer(this.tube);
    byId("bench").setAttribute("aria-busy", "false");
    this.waiting.splice(0).forEach((done) => done());
    this.voice.say(`${first} ${id}. ${this.list.of(id)?.verdict ?? ""}. ${sentence(this.tube.number)}. ${decisionWords(this.tube.decision)}.`);
    if (this.differs && this.tube.steps.length) this.settle();
    this.#prepare();
  }

  /** Wait until the next tube is on the bench, whichever it is. */
  nextShown() {
    return new Promise((done) => { this.waiting.push(done); });
  }

  fetched(id) {
    if (!this.tubes.has(id)) this.tubes.set(id, api.tube(id));
    return this.tubes.get(id);
  }

  /** Fetch the next tube while this one is looked at; forget those further off. */
  #prepare() {
    const next = this.list.beside(0, { undecided: true }) ?? this.list.beside(1);
    const kept = new Set([this.id, next, this.list.beside(-1)]);
    [...this.tubes.keys()].filter((id) => !kept.has(id)).forEach((id) => this.tubes.delete(id));
    if (next) setTimeout(() => this.fetched(next).catch(() => this.tubes.delete(next)), 200);
  }

  get isMoved() {
    return this.moves.differ;
  }

  /** Whether the bench shows something else than the results: moved gates, or saved ones that were not run. */
  get differs() {
    return this.isMoved || Boolean(this.list.of(this.id)?.stale);
  }

  /** What is on the bench: the answer to the last move, or the tube as it stands in the study. */
  get view() {
    return this.differs && this.answer ? this.answer : this.tube;
  }

  show() {
    const { tube, view } = this;
    const row = this.list.of(this.id);
    const look = this.list.verdicts[row.verdict] ?? { badge: "", symbol: "" };
    byId("t-name").textContent = this.id;
    byId("t-verdict").className = `badge ${look.badge}`;
    byId("t-verdict").textContent = `${look.symbol} ${row.verdict}`;
    byId("t-facts").textContent = [`patient ${row.patient_id}`, row.panel, row.day, sureness(row)].filter(Boolean).join(" · ");
    byId("decision").textContent = decisionWords(tube.decision);
    byId("decision").dataset.state = tube.decision.state;
    const frozen = this.isBefore;
    this.stage.show((frozen ? tube : view).steps, { frozen });
    showHistogram((frozen ? tube : view).histogram);
    const settled = this.answer?.settled ?? !this.differs;
    const how = { isMoved: this.differs && this.answer !== null, settled, isSaved: !this.isMoved };
    showNumber(tube.number, view.number, how);
    showChanges(this.answer?.changes, how);
    showScale(tube.scale);
    this.#states();
  }

  #states() {
    byId("b-undo").disabled = !this.moves.past.length;
    byId("b-redo").disabled = !this.moves.future.length;
    byId("b-automatic").hidden = !this.moves.now.length;
    for (const id of ["b-reset", "b-before", "b-change", "b-apply"]) byId(id).disabled = !this.isMoved;
    byId("b-before").setAttribute("aria-pressed", String(this.isBefore));
    byId("b-sign").firstChild.textContent = this.tube.decision.state === "signed" ? "Counter-sign " : "Sign ";
    document.body.classList.toggle("is-before", this.isBefore);
  }

  /** A handle is held: the other gates stay, the latest place wins. */
  drag(move, since) {
    this.isBefore = false;
    clearTimeout(this.settling);
    this.mover.want(this.id, this.moves.with(move), false, since);
  }

  /** A handle was let go, nudged or typed. */
  drop(move, { nudge = false, replaced = [] }) {
    if (!move) return;
    this.isBefore = false;
    this.moves.set(move, { nudge, replaced });
    this.#kept();
    if (!nudge) this.settle();
    else {
      this.mover.want(this.id, this.moves.now, false);
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.settle(), SETTLE_AFTER);
    }
  }

  settle() {
    clearTimeout(this.settling);
    this.mover.want(this.id, this.moves.now, true);
  }

  #kept() {
    this.drafts.set(this.id, this.tube.version, this.isMoved ? this.moves.now : null);
    const had = this.list.unsaved.has(this.id);
    this.list.unsaved[this.isMoved ? "add" : "delete"](this.id);
    if (had !== this.isMoved) this.list.redraw(this.id);
    this.#states();
  }

  /** Undo, redo, reset, or all gates automatic again. */
  step(name) {
    if (!this.moves[name]()) return;
    clearTimeout(this.settling);
    this.isBefore = false;
    this.#kept();
    this.#shownAgain();
    if (!this.differs) this.voice.say(`As in the study: ${sentence(this.tube.number)}.`);
  }

  /** Show what is moved and kept, as a run gives it. */
  #shownAgain() {
    this.settle();  // the bench itself goes back too: back-gating shows what is on it
    if (this.differs) return;
    this.answer = null;
    this.show();
  }

  answered(id, answer, { moves, settle, since }) {
    if (id !== this.id || answer.request <= this.ignored) return;
    if (settle) this.backgate.draw();
    if (settle && moves !== this.moves.now) return;  // undone, or moved on, while it was on its way
    if (!this.differs && !this.stage.handles.isHeld) return;
    this.answer = answer;
    this.showAnswer(moves !== this.moves.now);
    if (answer.settled) {
      const found = answer.changes.refitted.length ? ` Found again: ${byStep(answer.changes.refitted)}.` : "";
      this.voice.say(`${sentence(answer.number)}.${found}`);
    }
    requestAnimationFrame(() => requestAnimationFrame(() => performance.measure(answer.settled ? "settled" : "held", { start: since, end: performance.now() })));
  }

  showAnswer(isLate) {
    const { answer, tube } = this;
    if (this.isBefore) return;
    this.stage.show(answer.steps, { isLate });
    showHistogram(answer.histogram);
    const how = { isMoved: true, settled: answer.settled, isSaved: !this.isMoved && !this.stage.handles.isHeld };
    showNumber(tube.number, answer.number, how);
    showChanges(answer.changes, how);
  }

  /** A move that cannot be made is taken back, and the page says why. */
  refused(id, refusal) {
    if (refusal.status === 409) return;  // a later move is under way
    this.voice.refusal(refusal);
    if (id === this.id && refusal.status >= 400 && refusal.status < 500 && this.moves.past.length) this.step("undo");
  }

  showBefore(isBefore = !this.isBefore) {
    if (!this.isMoved || isBefore === this.isBefore) return;
    this.isBefore = isBefore;
    this.show();
    const number = isBefore ? this.tube.number : this.view.number;
    this.voice.say(`${isBefore ? "In the study" : "On the bench"}: ${sentence(number)}.`);
  }

  /** What was moved is saved or given up: the tube is as in the study again. */
  async cleared(id) {
    this.drafts.set(id, 0, null);
    this.list.unsaved.delete(id);
    this.tubes.delete(id);
    if (id === this.id) this.moves = new Moves(this.moves.now);
    await this.look();
  }

  /** See what others decided, and whether the program is still there. */
  look(how) {
    return this.follow.look(how);
  }

  lost(isLost) {
    document.body.classList.toggle("lost", isLost);
    for (const button of document.querySelectorAll(".decide button, #b-run")) button.disabled = isLost;
    if (!isLost && this.tube) this.#states();
    if (!isLost && !this.tube && this.id) this.open(this.id, { fresh: true });
  }

  #buttons() {
    const { decisions } = this;
    const go = (step) => this.open(this.list.beside(step));
    const commands = {
      n: () => go(1), p: () => go(-1), a: () => decisions.decide("accept"), c: () => decisions.decide("change"), r: () => decisions.decide("reject"),
      q: () => decisions.decide("ask"), s: () => decisions.sign(), t: () => decisions.apply(), u: () => this.step("undo"), y: () => this.step("redo"),
      0: () => this.step("reset"), b: () => this.showBefore(), g: () => this.backgate.toggle(), v: () => byId("v-x").select(), d: () => byId("b-polygon").hidden || byId("b-polygon").click(),
      "/": () => { byId("filters").open = true; byId("f-words").focus(); }, "?": () => help(this.keys.isOn, (isOn) => this.keys.turn(isOn)),
    };
    this.keys = new Keys(commands, (k) => this.stage.steps[k - 1] && this.stage.choose(this.stage.steps[k - 1].step, { focus: true }));
    const clicks = { "b-next": "n", "b-previous": "p", "b-accept": "a", "b-change": "c", "b-reject": "r", "b-ask": "q", "b-sign": "s", "b-apply": "t",
      "b-undo": "u", "b-redo": "y", "b-reset": "0", "b-before": "b", "b-help": "?" };
    for (const [id, key] of Object.entries(clicks)) byId(id).addEventListener("click", () => commands[key]());
    byId("b-automatic").addEventListener("click", () => this.step("automatic"));
    byId("b-run").addEventListener("click", () => this.again.ask());
    byId("filters").open = matchMedia("(min-width: 900px)").matches && localStorage.getItem("cd38rd filters") === "open";
    byId("filters").addEventListener("toggle", () => localStorage.setItem("cd38rd filters", byId("filters").open ? "open" : "shut"));
  }
}

new Review().start();
