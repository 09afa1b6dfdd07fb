// Pointing at a figure with mouse, finger or keys, to place a point or to draw a curve.
// A figure asks for it in its layout: `meta.pointer` is {kind: "place", trace, step} or {kind: "draw", trace, columns}.

import { brief } from "./words.js";

const SEND_POINT_MS = 30;
const KEY_SHARE = 0.02;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

export class Pointing {
  // `send` takes a message for the kernel; what the person points at is `figure`, whose `meta.pointer` is `wish`.
  constructor(figure, wish, send) {
    Object.assign(this, { figure, wish, send, values: [], column: 0 });
    const { element } = figure;
    element.tabIndex = 0;
    element.setAttribute("data-lm-suppress-shortcuts", "");
    element.classList.add("tdl-pointed");
    this.listeners = [
      ["pointerdown", (event) => this.down(event)],
      ["pointermove", (event) => this.held && this.move(event)],
      ["pointerup", (event) => this.held && this.up(event)],
      ["pointercancel", () => (this.held = false)],
      ["keydown", (event) => this.key(event)],
    ];
    for (const [name, listener] of this.listeners) element.addEventListener(name, listener, true);
  }

  close() {
    const { element } = this.figure;
    for (const [name, listener] of this.listeners) element.removeEventListener(name, listener, true);
    clearTimeout(this.timer);
    element.removeAttribute("tabindex");
    element.removeAttribute("data-lm-suppress-shortcuts");
    element.classList.remove("tdl-pointed");
  }

  get axes() {
    const { xaxis, yaxis } = this.figure.element._fullLayout;
    return [xaxis, yaxis];
  }

  // Pixels within the plot area, or null outside of it.
  pixels(event, outside = false) {
    const box = this.figure.element.querySelector(".nsewdrag")?.getBoundingClientRect();
    if (!box) return null;
    const [across, down] = [event.clientX - box.left, event.clientY - box.top];
    const within = across >= 0 && down >= 0 && across <= box.width && down <= box.height;
    if (!within && !outside) return null;
    return [Math.min(Math.max(across, 0), box.width), Math.min(Math.max(down, 0), box.height)];
  }

  down(event) {
    const at = event.button === 0 && !event.shiftKey ? this.pixels(event) : null;
    if (!at) return;
    event.preventDefault();
    event.stopPropagation();
    this.figure.element.focus({ preventScroll: true });
    this.figure.element.setPointerCapture(event.pointerId);
    this.held = true;
    this.last = null;
    this.point(at);
  }

  move(event) {
    event.stopPropagation();
    this.point(this.pixels(event, true));
  }

  up(event) {
    event.stopPropagation();
    this.held = false;
    if (this.wish.kind === "draw") this.sendSketch();
  }

  point(at) {
    if (this.wish.kind === "draw") this.stroke(at);
    else this.place(at);
  }

  place([across, down]) {
    const [xaxis, yaxis] = this.axes;
    this.pending = { x: xaxis.p2d(across), y: yaxis.p2d(down) };
    this.timer ??= setTimeout(() => this.flush(), this.sent ? SEND_POINT_MS : 0);
  }

  flush() {
    this.timer = null;
    this.sent = true;
    if (this.pending) this.send({ type: "point", ...this.pending });
    this.pending = null;
  }

  // ---- drawing: a value for each of some evenly spaced columns ----

  columnAt(across) {
    const [xaxis] = this.axes;
    return Math.round((across / xaxis._length) * (this.wish.columns - 1));
  }

  stroke([across, down]) {
    const column = this.columnAt(across);
    const [from, start] = this.last ?? [column, down];
    const steps = Math.abs(column - from);
    for (let i = 0; i <= steps; i++) {
      const share = steps ? i / steps : 1;
      this.values[from + Math.sign(column - from) * i] = start + share * (down - start);
    }
    this.last = [column, down];
    this.column = column;
    this.show();
  }

  // What is drawn, as data; null where nothing is.
  sketch() {
    const [xaxis, yaxis] = this.axes;
    const columns = Array.from({ length: this.wish.columns }, (_, i) => i);
    const x = columns.map((i) => xaxis.p2d((i / (this.wish.columns - 1)) * xaxis._length));
    const y = columns.map((i) => (this.values[i] === undefined ? null : yaxis.p2d(this.values[i])));
    return { x, y };
  }

  show() {
    const { x, y } = this.sketch();
    this.figure.replace(this.wish.trace, "x", x);
    this.figure.replace(
      this.wish.trace,
      "y",
      y.map((value) => value ?? NaN),
    );
    this.figure.full();
  }

  sendSketch() {
    this.send({ type: "sketch", ...this.sketch() });
  }

  // ---- keys ----

  key(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.wish.kind === "draw") this.keyDraw(arrow);
    else this.keyPlace(arrow, event.shiftKey ? 5 : 1);
  }

  keyPlace([right, up], times) {
    const { x = [0], y = [0] } = this.figure.traces[this.wish.trace];
    const [xaxis, yaxis] = this.axes;
    const { step } = this.wish;
    const far = (axis) => (step ? Math.abs(axis.d2p(step) - axis.d2p(0)) : KEY_SHARE * axis._length);
    const across = xaxis.d2p(x[0] ?? 0) + right * times * far(xaxis);
    const down = yaxis.d2p(y[0] ?? 0) - up * times * far(yaxis);
    const clamp = (value, axis) => Math.min(Math.max(value, 0), axis._length);
    this.place([clamp(across, xaxis), clamp(down, yaxis)]);
  }

  keyDraw([right, up]) {
    const [, yaxis] = this.axes;
    const before = this.values[this.column] ?? yaxis._length / 2;
    this.column = Math.min(Math.max(this.column + right, 0), this.wish.columns - 1);
    const now = up ? before - 2 * KEY_SHARE * up * yaxis._length : (this.values[this.column] ?? before);
    this.values[this.column] = Math.min(Math.max(now, 0), yaxis._length);
    this.show();
    const { x, y } = this.sketch();
    this.figure.summary.textContent = `${brief(y[this.column])} at ${brief(x[this.column])}`;
    clearTimeout(this.keyTimer);
    this.keyTimer = setTimeout(() => this.sendSketch(), 400);
  }
}
