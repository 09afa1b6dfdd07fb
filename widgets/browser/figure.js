// One figure: plotly.js's, with data that grow, the looks of the page, a summary in words, and a person who points.

import { axesFor, ticksOfLogs } from "./axes.js";
import { hiddenTraces, widthUnder } from "./coinciding.js";
import { EndNames } from "./end_names.js";
import { heightOf, notesHere, sized, themeColours, themed, within } from "./looks.js";
import { PICTURE, picture } from "./picture.js";
import { Pointing } from "./pointing.js";
import { PRINTED, letShrink } from "./printing.js";
import { Traces } from "./traces.js";
import { cellsInWords, plain, traceInWords } from "./words.js";

const FULL_EVERY_MS = 400;
const SUMMARY_EVERY_MS = 2000;
const TRACES_IN_SUMMARY = 6;

function pathOf(x, y, xaxis, yaxis) {
  let d = "";
  let pen = "M";
  for (let i = 0; i < x.length; i++) {
    const across = xaxis.d2p(x[i]);
    const down = y[i] === null ? NaN : yaxis.d2p(y[i]);
    if (Number.isFinite(across) && Number.isFinite(down)) {
      d += `${pen}${across.toFixed(1)},${down.toFixed(1)}`;
      pen = "L";
    } else {
      pen = "M";
    }
  }
  return d || "M0,0";
}

export class Figure {
  constructor(Plotly, element, spec) {
    this.Plotly = Plotly;
    this.element = element;
    this.caption = element.previousElementSibling;
    this.summary = element.nextElementSibling;
    this.layout = {};
    this.printed = false;
    this.name = spec.layout.meta?.name ?? "figure";
    this.ends = new EndNames(element);
  }

  async show(spec) {
    const save = (format) => ({
      name: `Save as ${format.toUpperCase()}`,
      title: `Save as ${format.toUpperCase()}`,
      icon: this.Plotly.Icons.camera,
      click: (plot) =>
        this.Plotly.downloadImage(picture(plot, themeColours(plot)), { format, filename: this.name, ...PICTURE }),
    });
    const config = {
      displaylogo: false,
      responsive: false,
      modeBarButtons: [
        ...(spec.layout.meta?.pointer ? [] : [["zoom2d", "pan2d", "resetScale2d"]]),
        [save("png"), save("svg")],
      ],
    };
    clearTimeout(this.timer);
    this.timer = null;
    this.layout = {};
    // As given: plotly.js writes into the layout that it gets.
    this.base = structuredClone(spec.layout);
    this.notes = this.base.annotations;
    this.held = new Traces(spec.data);
    this.widths = spec.data.map(({ line }) => line?.width ?? 2);
    this.hidden = new Map();
    // With a width given, plotly.js does not measure the page at each redraw.
    this.drawnWidth = this.element.clientWidth;
    const height = this.stretch();
    const layout = { uirevision: "keep", ...spec.layout, autosize: false, width: this.drawnWidth || undefined, height };
    this.ranged = new Set();
    this.fitted = { ...axesFor(this.base, this.traces, this.ranged), ...ticksOfLogs(this.base) };
    const worn = within(layout, { ...themed(layout, this.colours()), ...this.sizes(), ...this.fitted });
    await this.Plotly.react(this.element, this.traces, worn, config);
    // A reader of the screen gets the summary, not tick after tick; the buttons stay.
    for (const drawing of this.element.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true");
    this.placeNames();
    this.told = false;
    this.tellSoon();
  }

  placeNames() {
    this.ends.place(this.traces, this.element._fullLayout);
  }

  stretch() {
    const height = heightOf(this.base);
    this.element.style.height = `${height}px`;
    return height;
  }

  sizes() {
    const changes = {
      ...sized(this.base),
      ...(this.notes ? { annotations: notesHere(this.notes, this.colours()) } : {}),
    };
    const size = changes["legend.font.size"] ?? 12;
    return { ...changes, ...this.ends.room(this.base, this.traces, this.drawnWidth ?? 0, size) };
  }

  colours() {
    return this.printed ? PRINTED : themeColours(this.element);
  }

  retheme() {
    const notes = this.notes ? { annotations: notesHere(this.notes, this.colours()) } : {};
    return this.Plotly.relayout(this.element, { ...themed(this.element.layout ?? {}, this.colours()), ...notes });
  }

  // On paper, or back on the screen. plotly.js does all of it before it returns.
  print(yes) {
    if (this.printed === yes) return;
    this.printed = yes;
    this.retheme();
    if (this.ends.traces.length) this.Plotly.relayout(this.element, { showlegend: yes });
    letShrink(this.element, yes);
  }

  // The traces as plotly.js has them.
  get traces() {
    return this.held.all;
  }

  extend(trace, x, y, path) {
    this.held.extend(trace, x, y, path);
  }

  replace(trace, key, values, columns) {
    this.held.replace(trace, key, values, columns);
  }

  clear() {
    this.held.clear();
  }

  relayout(changes) {
    for (const [key, value] of Object.entries(changes)) {
      const axis = key.split(".")[0];
      const zoomed = key.endsWith(".range") && this.zoomed?.has(axis);
      if (key.endsWith(".range")) this.ranged.add(axis);
      if (key === "annotations") this.notes = value;
      if (!zoomed) this.layout[key] = key === "annotations" ? notesHere(value, this.colours()) : value;
    }
  }

  // A full redraw by plotly.js costs some 15 ms a figure. While lines grow, most frames only move their paths.
  async draw() {
    const late = performance.now() - (this.fullAt ?? 0) > FULL_EVERY_MS;
    if (late || !this.linesOnly()) return this.full();
    if (Object.keys(this.layout).length) {
      const layout = this.layout;
      this.layout = {};
      await this.Plotly.relayout(this.element, layout);
    }
    if (!this.sketch()) return this.full();
    this.redrawLater();
  }

  linesOnly() {
    return [...this.held.dirty].every((trace) => this.traces[trace].mode === "lines");
  }

  // Let the axes follow the data; what holds already is not drawn again.
  fitAxes() {
    const drawn = this.element._fullLayout ?? this.base;
    const wanted = { ...axesFor(this.base, this.traces, this.ranged), ...ticksOfLogs(drawn) };
    const changed = Object.entries(wanted).filter(([key, value]) => String(this.fitted[key]) !== String(value));
    this.fitted = wanted;
    this.relayout(Object.fromEntries(changed));
  }

  async full() {
    clearTimeout(this.timer);
    this.timer = null;
    this.fitAxes();
    const traces = this.held.takeDirty();
    const layout = this.layout;
    this.layout = {};
    this.fullAt = performance.now();
    const relaid = Object.keys(layout).length > 0;
    if (traces.length) {
      const data = { x: traces.map((trace) => this.traces[trace].x), y: traces.map((trace) => this.traces[trace].y) };
      const matrices = traces.filter((trace) => this.traces[trace].z);
      if (matrices.length)
        await this.Plotly.restyle(this.element, { z: matrices.map((t) => this.traces[t].z) }, matrices);
      await (relaid
        ? this.Plotly.update(this.element, data, layout, traces)
        : this.Plotly.restyle(this.element, data, traces));
    } else if (relaid) {
      await this.Plotly.relayout(this.element, layout);
    }
    await this.showHidden();
    this.placeNames();
    // A range that the data have changed may want other ticks.
    const ticks = Object.entries(ticksOfLogs(this.element._fullLayout ?? {}));
    if (ticks.some(([key, value]) => this.fitted[key] !== value)) this.redrawLater();
  }

  // Lines on which others lie are drawn broader than these; plotly.js is asked only when that changes.
  async showHidden() {
    const before = this.hidden;
    this.hidden = hiddenTraces(this.traces, this.element._fullLayout ?? {}, this.widths);
    const others = (hidden, trace) => hidden.get(trace) ?? [];
    const changed = [...new Set([...before.keys(), ...this.hidden.keys()])].filter(
      (trace) => others(before, trace).length !== others(this.hidden, trace).length,
    );
    const widths = changed.map((trace) => widthUnder(this.widths[trace], others(this.hidden, trace)));
    if (changed.length) await this.Plotly.restyle(this.element, { "line.width": widths }, changed);
  }

  redrawLater() {
    this.timer ??= setTimeout(() => this.full().catch(() => {}), 2 * FULL_EVERY_MS);
  }

  // Move the paths of the lines that changed; false if plotly.js has not drawn them all before.
  sketch() {
    const { xaxis, yaxis } = this.element._fullLayout ?? {};
    if (!xaxis?.d2p || !yaxis?.d2p) return false;
    const paths = new Map();
    for (const node of this.element.querySelectorAll(".scatterlayer .trace")) {
      paths.set(node.__data__?.[0]?.trace?.index, node.querySelector("path.js-line"));
    }
    // plotly.js makes no path for a trace without points, and none is wanted.
    const drawn = [...this.held.dirty].filter((trace) => paths.get(trace) || this.traces[trace].x?.length);
    const lines = drawn.map((trace) => [paths.get(trace), this.traces[trace]]);
    if (!lines.every(([path]) => path)) return false;
    for (const [path, data] of lines) path.setAttribute("d", pathOf(data.x, data.y, xaxis, yaxis));
    this.placeNames();
    return true;
  }

  // A range chosen by the person is theirs until a double click gives it back.
  watchZoom() {
    this.zoomed = new Set();
    this.element.on("plotly_relayout", (event) => {
      for (const key of Object.keys(event)) {
        const [axis, rest] = [key.split(".")[0], key.split(".").slice(1).join(".")];
        if (rest.startsWith("range[")) this.zoomed.add(axis);
        if (rest === "autorange") this.zoomed.delete(axis);
      }
    });
  }

  // At once, and then every two seconds at most: whoever listens to it is not interrupted.
  tellSoon() {
    const wait = this.told ? SUMMARY_EVERY_MS : 0;
    this.told = true;
    this.telling ??= setTimeout(() => {
      this.telling = null;
      const words = this.inWords();
      if (words !== this.summary.textContent) this.summary.textContent = words;
    }, wait);
  }

  inWords() {
    const { xaxis, yaxis } = this.element.layout ?? {};
    const across = plain(xaxis?.title?.text) || "x";
    const full = this.element._fullData ?? [];
    const curves = this.traces.flatMap((trace, index) => {
      if (trace.type === "heatmap") return cellsInWords(plain(trace.name), Array.from(trace.z ?? [])) ?? [];
      if (trace.hoverinfo === "skip" || trace.visible === false) return [];
      const [x, y] = [trace, full[index]].map((data) => [data?.x, data?.y]).find(([xs]) => xs?.length >= 0) ?? [[], []];
      return traceInWords(plain(trace.name), x, y, across) ?? [];
    });
    const under = [...this.hidden].map(([trace, others]) => {
      const [name, ...above] = [trace, ...others].map((number) => plain(this.traces[number].name));
      return `${name} lies under ${above.join(" and ")}`;
    });
    const more = curves.length - TRACES_IN_SUMMARY;
    const words = [...curves.slice(0, TRACES_IN_SUMMARY), ...(more > 0 ? [`and ${more} more`] : []), ...under];
    const marks = (this.notes ?? []).map((note) => plain(note.text)).filter(Boolean);
    const isPicture = this.traces.every((trace) => trace.type === "heatmap" || trace.hoverinfo === "skip");
    const what = isPicture ? "Picture" : plain(yaxis?.title?.text) || "values";
    const said = words.length ? `${what}: ${words.join("; ")}.` : "Nothing is drawn yet.";
    return marks.length ? `${said} Marked: ${marks.join("; ")}.` : said;
  }

  // A figure that asks for it takes points or a drawing from the person.
  letPoint(send) {
    const wish = this.base.meta?.pointer;
    if (wish && wish.kind === this.pointing?.wish.kind) {
      Object.assign(this.pointing, { wish, send }); // a drag may be going on
      return;
    }
    this.pointing?.close();
    this.pointing = wish ? new Pointing(this, wish, send) : null;
  }

  close() {
    this.pointing?.close();
    clearTimeout(this.timer);
    clearTimeout(this.telling);
    this.Plotly.purge(this.element);
  }

  resize() {
    if (this.element.clientWidth && this.element.clientWidth !== this.drawnWidth) {
      this.drawnWidth = this.element.clientWidth;
      this.Plotly.relayout(this.element, { width: this.drawnWidth, height: this.stretch(), ...this.sizes() });
      this.placeNames();
      if (this.printed) letShrink(this.element, true);
    }
  }
}
