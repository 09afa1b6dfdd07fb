// Stands in for live_figure.py: sends a recorded run to the views of its figures, as fast as they draw.

import { LocalModel } from "./local_model.js";

const WINDOW = 2; // as in delivery.py

export class RecordedFigure {
  // `onSketch(x, y)` is told of a curve that a person has drawn, `onPoint(message)` of a place pointed at.
  constructor(label, plotlyVersion, { onSketch = () => {}, onPoint = () => {} } = {}) {
    this.model = new LocalModel({ label, plotly_version: plotlyVersion }, (message) => this.receive(message));
    Object.assign(this, {
      onSketch,
      onPoint,
      sent: 0,
      acknowledged: 0,
      run: null,
      shown: -1,
      wanted: -1,
      sketch: null,
    });
  }

  // Show a run from its beginning on, up to a moment.
  open(run, moment) {
    Object.assign(this, { run, shown: -1, wanted: moment });
    this.flush();
  }

  // Go on, or back, to a moment.
  show(moment) {
    if (moment < this.shown) this.shown = -1;
    this.wanted = moment;
    this.flush();
  }

  flush() {
    if (!this.run || this.wanted <= this.shown || this.sent - this.acknowledged >= WINDOW) return;
    const message = this.run.message(this.shown + 1, this.wanted);
    this.shown = this.wanted;
    this.send(message);
    if (message.figures && this.sketch) this.send(this.sketch);
  }

  send({ figures, ops, numbers }) {
    if (!figures && !ops.length) return;
    this.sent += 1;
    this.model.tell({ type: figures ? "state" : "frame", n: this.sent, figures, ops }, [numbers]);
  }

  // Show a person's own curve as the first trace; without one, what was drawn goes.
  draw(x, y) {
    const numbers = Float64Array.from([...x, ...y], (value) => value ?? NaN);
    const ops = ["x", "y"].map((key) => ["replace", 0, 0, x.length, key]);
    this.sketch = x.length ? { ops, numbers } : null;
    if (this.shown >= 0) this.send({ ops, numbers });
  }

  receive(message) {
    if (message.type === "hello") {
      this.acknowledged = this.sent;
      this.shown = -1;
      this.flush();
    } else if (message.type === "ack") {
      this.acknowledged = Math.max(this.acknowledged, Math.min(message.n, this.sent));
      this.flush();
    } else if (message.type === "sketch") {
      this.onSketch(message.x, message.y);
    } else if (message.type === "point") {
      this.onPoint(message);
    }
  }
}
