// A lab that plays recorded runs: a source of runs as the kernel is one, for what has been recorded.

import { LocalModel } from "./local_model.js";
import { RecordedRun, TICK_MS } from "./record.js";
import { RecordedFigure } from "./recorded_figure.js";

const RECORDED = "recorded run";
// A run without a speed of its own takes this long to play.
const RUN_SECONDS = 4;

export class RecordedLab {
  // `record` is of lab_record.py, its runs may be elsewhere: `runOf(name, source)` gets them. `beyond(lab, part, message)`
  // is told of what no record covers, and returns a sentence.
  constructor(record, plotlyVersion, { runOf, beyond }) {
    Object.assign(this, {
      name: record.name,
      runs: record.runs,
      runOf,
      beyond,
      state: "idle",
      moment: 0,
      timer: null,
      opened: false,
    });
    this.device = RECORDED;
    const unplayed = { lanes: [], preset: 0, has_own: false, selected: 0, transport: {}, refusal: {} };
    this.bare = { ...record.panel, reached: null, ...unplayed };
    this.panel = new LocalModel({ ...this.bare });
    this.board = new LocalModel({ notice: {} });
    this.readings = new LocalModel({ value: "" });
    this.figure = new RecordedFigure(record.label, plotlyVersion, {
      onPoint: (message) => this.goBeyond("figure", message),
    });
    this.answer();
    this.load(0);
  }

  // What the page shows of it; each is a widget of the kernel's lab.
  models() {
    return { panel: this.panel, board: this.board, readings: this.readings, figure: this.figure.model };
  }

  // What is done on the page is answered here.
  answer() {
    this.panel.receive = (message) => this.handle("panel", message);
    this.board.receive = (message) => this.handle("board", message);
    this.figure.model.receive = (message) => this.figure.receive(message);
  }

  handle(part, message) {
    const commands = {
      play: () => this.play(),
      pause: () => this.enter("paused"),
      step: () => this.step(),
      reset: () => this.load(this.panel.get("preset"), this.panel.get("selected")),
      preset: () => this.choose(message.index),
      select: () => this.select(message.lane),
      go_to: () => (message.opening ? this.openAt(Number(message.step)) : this.goTo(Number(message.step))),
      speed: () => this.hurry(message.value),
      glimpse: () => {}, // a recorded run is nobody's own
    };
    if (message.type === "here") this.panel.tell({ type: "heard" });
    if (!message.do) return;
    if (message.do in commands) this.opened = Boolean(message.opening);
    const text = commands[message.do] ? commands[message.do]() : this.goBeyond(part, message);
    if (typeof text === "string") this.refuse(text, message.field ?? (message.do === "go_to" ? "go_to" : ""));
    else this.panel.set("refusal", {});
  }

  goBeyond(part, message) {
    return this.beyond(this, part, message);
  }

  refuse(text, field = "") {
    this.panel.set("refusal", text ? { text, field } : {});
    if (text) this.panel.tell({ type: "refresh", box: field });
  }

  // ---- a kernel that comes and goes ----

  // Say who trains, or will in a moment.
  call(device) {
    this.device = device;
    this.showTransport();
  }

  // Nobody has come: go on as before.
  recover(text, field) {
    this.call(RECORDED);
    this.refuse(text, field);
  }

  // The kernel has gone: play recorded runs again.
  comeBack(text) {
    this.answer();
    Object.entries(this.bare).forEach(([name, value]) => this.panel.set(name, value));
    this.device = RECORDED;
    this.load(this.preset);
    this.board.set("notice", { kind: "paused", text });
  }

  // ---- which run ----

  async choose(index) {
    this.enter("paused");
    try {
      if (typeof this.runs[index] === "string")
        this.runs[index] = await this.runOf(`${this.name}-${index}`, this.runs[index]);
      this.load(index);
    } catch (error) {
      this.panel.set("refusal", { text: `This run could not be loaded: ${error.message}.`, field: "" });
    }
  }

  load(index, selected = 0) {
    this.preset = index;
    this.open(this.view(index, selected), 0);
    this.panel.set("selected", selected);
    this.enter("idle");
  }

  // The run of a preset as its figures show it with a lane chosen.
  view(index, lane) {
    const [first, ...others] = this.runs[index];
    first.run ??= new RecordedRun(first);
    const other = others[lane - 1];
    if (other) other.run ??= new RecordedRun(other, first.run);
    return (other ?? first).run;
  }

  open(run, moment) {
    this.run = run;
    this.speed = this.run.speed;
    this.moment = moment;
    this.figure.open(this.run, moment);
    this.showMoment(moment);
  }

  // Another lane is chosen: where the figures show the chosen one, its own record goes on at the same moment.
  select(lane) {
    const run = this.view(this.panel.get("preset"), lane);
    if (run !== this.run) this.open(run, this.moment);
    this.panel.set("selected", lane);
    this.showTransport();
  }

  // ---- transport ----

  // Up to a moment, or to the end.
  play(until = this.run.last) {
    if (this.moment >= this.run.last) this.show(0);
    this.until = until;
    this.enter("running");
    let before = performance.now();
    let due = 0;
    const tick = () => {
      if (this.state !== "running") return;
      const now = performance.now();
      due += ((now - before) / 1000) * this.rate();
      before = now;
      const next = Math.min(until, this.run.at(this.stepOf(this.moment) + due));
      if (next > this.moment) {
        due = Math.max(0, due - (this.stepOf(next) - this.stepOf(this.moment)));
        this.show(next);
      }
      if (this.moment >= this.run.last) this.enter("finished");
      else if (this.moment >= until) this.enter("paused");
      else this.timer = setTimeout(tick, TICK_MS);
    };
    tick();
  }

  step() {
    if (this.moment < this.run.last) this.show(this.moment + 1);
    this.enter(this.moment >= this.run.last ? "finished" : "paused");
  }

  // The first move of a lab that nobody has touched.
  openAt(step) {
    this.play(this.run.at(step));
  }

  goTo(step) {
    if (!Number.isInteger(step) || step < 0) return "A step is a whole number from 0 on.";
    if (step > this.run.steps) return `This run has ${this.run.steps} steps.`;
    this.show(this.run.at(step));
    this.enter("paused");
    return "";
  }

  hurry(value) {
    this.speed = value;
    this.showTransport();
  }

  // Steps a second.
  rate() {
    return this.speed === "fastest" ? this.run.steps / RUN_SECONDS : this.speed;
  }

  stepOf(moment) {
    return this.run.moments[moment].step;
  }

  enter(state) {
    clearTimeout(this.timer);
    this.state = state;
    this.showTransport();
  }

  // ---- what is shown ----

  show(moment) {
    this.moment = moment;
    this.figure.show(moment);
    this.showMoment(moment);
    this.showTransport();
  }

  showMoment(moment) {
    const { lanes, notice, readings, preset } = this.run.shown(moment);
    this.panel.set("lanes", lanes);
    this.panel.set("preset", preset);
    this.board.set("notice", notice);
    this.readings.set("value", readings);
  }

  showTransport() {
    const rate = this.state === "running" ? this.rate() : 0;
    const step = this.stepOf(this.moment);
    this.panel.set("transport", {
      state: this.state,
      step,
      steps: this.run.steps,
      rate,
      left: rate ? (this.stepOf(this.until) - step) / rate : 0,
      speed: this.speed,
      restart: false,
      stop_below: null,
      device: this.device,
    });
  }
}
