// A question that a recorded run decides: stands in for check.py.

import { LocalModel } from "./local_model.js";
import { RecordedRun, TICK_MS } from "./record.js";
import { RecordedFigure } from "./recorded_figure.js";
import { judged } from "./verdict.js";

const DECISION_SECONDS = 2.5;
const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const MOST_LEFT_OUT = 0.2;

export class RecordedQuestion {
  // `record` is of question_record.py; `onVerdict(question, verdict)` notes it and returns how many there are now.
  // `onFigure(figure)` is called when the figure is to be seen.
  constructor(record, plotlyVersion, { onVerdict, onFigure }) {
    Object.assign(this, { record, onVerdict, onFigure, sketch: null, timer: null, hasFigure: false });
    this.panel = new LocalModel({ question: record.question, status: { state: "open" } }, (message) =>
      this.handle(message),
    );
    this.run = new RecordedRun(record.run);
    this.figure = new RecordedFigure(record.question.prompt, plotlyVersion, {
      onSketch: (x, y) => this.take(x, y),
    });
    this.figure.open(this.run, 0);
    if (record.question.kind === "sketch") this.showFigure();
  }

  handle({ do: asked, value }) {
    const { state } = this.panel.get("status");
    if (asked === "answer" && state === "open") this.commit(this.read(value));
    else if (asked === "read" && state === "open") this.showRead(this.read(value));
    else if (asked === "again" && state === "checked") this.reopen();
    else if (asked === "decide" && state !== "running") this.decide();
  }

  // ---- the answer ----

  read(value) {
    const text = typeof value === "string" ? value.trim().replace(/\s*%$/, "").replace("−", "-") : value;
    return typeof text === "string" && PLAIN_NUMBER.test(text) ? Number(text) : text;
  }

  problem(value) {
    const { kind, low, high, options } = this.record.question;
    if (kind === "number" && !(typeof value === "number" && value >= low && value <= high))
      return `The answer is a number from ${low} to ${high}.`;
    if (kind === "choice" && !(Number.isInteger(value) && value >= 0 && value < options.length))
      return "Choose one of the answers first.";
    const drawn = this.sketch?.y.filter((each) => each !== null).length ?? 0;
    if (kind === "sketch" && !(drawn >= (1 - MOST_LEFT_OUT) * (this.sketch?.y.length ?? 1)))
      return "Draw the whole curve first, from the left edge of the figure to the right.";
    return "";
  }

  showRead(value) {
    const refusal = this.problem(value);
    this.panel.set("status", refusal ? { ...this.panel.get("status"), refusal } : { state: "open", value });
  }

  take(x, y) {
    if (this.panel.get("status").state !== "open") return;
    this.sketch = { x, y };
    this.figure.draw(x, y);
  }

  commit(value) {
    const refusal = this.problem(value);
    if (refusal) {
      this.panel.set("status", { ...this.panel.get("status"), refusal });
      return;
    }
    this.start(this.record.question.kind === "sketch" ? this.sketch : value, { value });
  }

  // For a class that has answered, without an answer given here.
  decide() {
    this.figure.open(this.run, 0);
    this.start(null, {});
  }

  start(answer, given) {
    this.panel.set("status", { state: "running", share: 0, ...given });
    this.showFigure();
    this.play(performance.now(), answer);
  }

  reopen() {
    const { value } = this.panel.get("status");
    this.sketch = null;
    this.figure.draw([], []);
    this.figure.open(this.run, 0);
    this.panel.set("status", { state: "open", value });
  }

  // ---- the run ----

  play(since, answer) {
    const share = Math.min((performance.now() - since) / 1000 / DECISION_SECONDS, 1);
    this.figure.show(Math.round(share * this.run.last));
    if (share < 1) {
      this.panel.set("status", { ...this.panel.get("status"), share });
      setTimeout(() => this.play(since, answer), TICK_MS);
      return;
    }
    const { sentence, verdicts } = this.record;
    const said = answer === null ? { verdicts } : this.judge(answer);
    this.panel.set("status", { ...this.panel.get("status"), state: "checked", sentence, ...said });
  }

  judge(answer) {
    const { grade, words } = judged(this.record.question.kind, this.record.verdicts, answer);
    return { grade, words, count: this.onVerdict({ grade, words }) };
  }

  showFigure() {
    if (this.hasFigure) return;
    this.hasFigure = true;
    this.onFigure(this.figure.model);
  }
}
