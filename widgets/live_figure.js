// The browser's end of live_figure.py: draws states and frames, and acknowledges what is on screen.

const POINTS_ON_SCREEN = 600;
const POINTS_OF_A_PATH = 4000;
const FULL_EVERY_MS = 400;
const SUMMARY_EVERY_MS = 2000;
const TRACES_IN_SUMMARY = 6;
const PLOTLY_AGAIN_MS = 30000;
const PHONE = matchMedia("screen and (max-width: 760px)");
const PHONE_HEIGHT = 240;
const shared = (globalThis.__trainingDynamicsLab ??= {});

// ---- plotly.js: asked for once a page, whichever figure comes first ----

// A server of ours has let the page import it already, while the kernel was still starting.
function plotlyFor(model) {
  const key = `plotly ${model.get("plotly_version")}`;
  shared[key] = (shared[key] ?? Promise.reject()).catch(() => fetchPlotly(model));
  return shared[key];
}

// Asked for again while it does not come: question or answer may be lost with a connection.
function fetchPlotly(model) {
  return new Promise((resolve, reject) => {
    const receive = (message, buffers) => {
      if (message.type !== "plotly") return;
      clearInterval(timer);
      model.off("msg:custom", receive);
      evaluate(buffers[0]).then(resolve, reject);
    };
    const timer = setInterval(() => tell(model, { type: "plotly" }), PLOTLY_AGAIN_MS);
    model.on("msg:custom", receive);
    tell(model, { type: "plotly" });
  });
}

async function evaluate(gzip) {
  const source = await unzip(gzip).text();
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// ---- numbers ----

function numbersOf(buffer) {
  const start = buffer.byteOffset ?? 0;
  const bytes = buffer.buffer ?? buffer;
  return new Float64Array(bytes.slice(start, start + buffer.byteLength));
}

// The same thinning as decimate.py, for what piles up on screen.
function thin(x, y, limit, path) {
  const kept = new Set([0, x.length - 1]);
  if (path) {
    for (let i = 0; i < limit; i++) kept.add(Math.round((i * (x.length - 1)) / (limit - 1)));
  } else {
    const buckets = (limit - 2) >> 1;
    const span = x.at(-1) - x[0] || 1;
    const low = new Map();
    const high = new Map();
    for (let i = 0; i < x.length; i++) {
      const bucket = Math.min(buckets - 1, Math.floor(((x[i] - x[0]) / span) * buckets));
      if (!(y[i] >= y[low.get(bucket)])) low.set(bucket, i);
      if (!(y[i] <= y[high.get(bucket)])) high.set(bucket, i);
    }
    for (const i of [...low.values(), ...high.values()]) kept.add(i);
  }
  const order = [...kept].sort((a, b) => a - b);
  return [order.map((i) => x[i]), order.map((i) => y[i])];
}

// ---- theme ----

const FORCED = matchMedia("(forced-colors: active)");

function themeColours(element) {
  const style = getComputedStyle(element);
  if (FORCED.matches) {
    // The person's own colours: the figure's text has the system's, and its ground shows through.
    const { color } = style;
    return { text: color, grid: "rgba(128,128,128,0.4)", line: color, ground: getComputedStyle(document.body).backgroundColor };
  }
  const colour = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: colour("--jp-content-font-color1", "#222"),
    grid: colour("--jp-border-color2", "#ddd"),
    line: colour("--jp-border-color1", "#bbb"),
    ground: colour("--jp-layout-color1", "#fff"),
  };
}

function themed(layout, { text, grid, line, ground }) {
  const changes = {
    "font.color": text,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    "hoverlabel.bgcolor": ground,
    "hoverlabel.font.color": text,
    "modebar.bgcolor": "rgba(0,0,0,0)",
    "modebar.color": line,
    "modebar.activecolor": text,
  };
  const axes = new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))]);
  for (const axis of axes) {
    changes[`${axis}.gridcolor`] = grid;
    changes[`${axis}.zerolinecolor`] = line;
    changes[`${axis}.linecolor`] = line;
  }
  return changes;
}

// The layout with changes that are named as in Plotly.relayout: "xaxis.gridcolor".
function within(layout, changes) {
  const changed = structuredClone(layout);
  for (const [key, value] of Object.entries(changes)) {
    const path = key.split(".");
    const last = path.pop();
    path.reduce((at, name) => (at[name] ??= {}), changed)[last] = value;
  }
  return changed;
}

// ---- size: larger type on a projector, lower figures on a phone ----

function typeScale() {
  return Math.min(1.6, Math.max(1, 1 + (0.3 * (innerWidth - 1280)) / 640));
}

function heightOf(layout) {
  const height = layout.height ?? 300;
  return PHONE.matches ? Math.min(height, PHONE_HEIGHT) : Math.round(height * typeScale());
}

function scaledNotes(annotations) {
  return annotations.map((note) => ({ ...note, font: { ...note.font, size: (note.font?.size ?? 12) * typeScale() } }));
}

function sized(layout) {
  const scale = typeScale();
  const changes = { dragmode: PHONE.matches || layout.meta?.pointer ? false : (layout.dragmode ?? "zoom") };
  const put = (key, size) => size && (changes[key] = size * scale);
  put("font.size", layout.font?.size);
  put("legend.font.size", layout.legend?.font?.size);
  for (const [side, size] of Object.entries(layout.margin ?? {})) put(`margin.${side}`, size);
  if (PHONE.matches && !layout.showlegend) changes["margin.t"] = 10;
  for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
    put(`${axis}.tickfont.size`, layout[axis].tickfont?.size);
    // Left alone, plotly.js writes small digits between the powers of ten, up to nine of them.
    if (layout[axis].type === "log") Object.assign(changes, { [`${axis}.nticks`]: 5, [`${axis}.minorloglabels`]: "none" });
    put(`${axis}.title.font.size`, layout[axis].title?.font?.size);
  }
  return changes;
}

// ---- words: what a figure shows now, for a person who does not see it ----

function brief(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

function plain(html) {
  return String(html ?? "").replace(/<[^>]*>/g, "");
}

function traceInWords(name, x, y, across) {
  const shown = [];
  for (let i = 0; i < y.length; i++) if (Number.isFinite(y[i]) && Number.isFinite(x[i])) shown.push(i);
  if (!shown.length) return null;
  const [first, last] = [shown[0], shown.at(-1)];
  const place = (i) => `${brief(y[i])} at ${across} ${brief(x[i])}`;
  if (first === last) return `${name} ${place(first)}`;
  let [low, high] = [Infinity, -Infinity];
  for (const i of shown) [low, high] = [Math.min(low, y[i]), Math.max(high, y[i])];
  const inside = low === Math.min(y[first], y[last]) && high === Math.max(y[first], y[last]);
  return `${name} from ${place(first)} to ${place(last)}${inside ? "" : `, between ${brief(low)} and ${brief(high)}`}`;
}

// A picture of cells: how many of them have a value other than 0.
function cellsInWords(name, z) {
  const shown = z.flatMap((row) => Array.from(row)).filter((value) => Number.isFinite(value) && value !== 0);
  return shown.length ? `${name} in ${shown.length} cells` : null;
}

// ---- one figure ----

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

function inRows(numbers, columns) {
  return Array.from({ length: numbers.length / columns }, (_, row) => numbers.slice(row * columns, (row + 1) * columns));
}

class Figure {
  constructor(Plotly, element, spec) {
    this.Plotly = Plotly;
    this.element = element;
    this.caption = element.previousElementSibling;
    this.summary = element.nextElementSibling;
    this.dirty = new Set();
    this.layout = {};
    this.printed = false;
    this.name = spec.layout.meta?.name ?? "figure";
  }

  async show(spec) {
    const save = (format) => ({
      name: `Save as ${format.toUpperCase()}`,
      title: `Save as ${format.toUpperCase()}`,
      icon: this.Plotly.Icons.camera,
      click: (plot) => this.Plotly.downloadImage(picture(plot, themeColours(plot)), { format, filename: this.name, ...PICTURE }),
    });
    const config = {
      displaylogo: false,
      responsive: false,
      modeBarButtons: [...(spec.layout.meta?.pointer ? [] : [["zoom2d", "pan2d", "resetScale2d"]]), [save("png"), save("svg")]],
    };
    clearTimeout(this.timer);
    this.timer = null;
    this.dirty = new Set();
    this.layout = {};
    this.given = spec.data;
    // As given: plotly.js writes into the layout that it gets.
    this.base = structuredClone(spec.layout);
    this.notes = this.base.annotations;
    this.traces = spec.data.map((trace) => ({ ...trace }));
    this.touched = new Map();
    // With a width given, plotly.js does not measure the page at each redraw.
    this.drawnWidth = this.element.clientWidth;
    const height = this.stretch();
    const layout = { uirevision: "keep", ...spec.layout, autosize: false, width: this.drawnWidth || undefined, height };
    const worn = within(layout, { ...themed(layout, this.colours()), ...this.sizes() });
    await this.Plotly.react(this.element, this.traces, worn, config);
    // A reader of the screen gets the summary, not tick after tick; the buttons stay.
    for (const drawing of this.element.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true");
    this.told = false;
    this.tellSoon();
  }

  stretch() {
    const height = heightOf(this.base);
    this.element.style.height = `${height}px`;
    return height;
  }

  sizes() {
    return { ...sized(this.base), ...(this.notes ? { annotations: scaledNotes(this.notes) } : {}) };
  }

  colours() {
    return this.printed ? PRINTED : themeColours(this.element);
  }

  retheme() {
    return this.Plotly.relayout(this.element, themed(this.element.layout ?? {}, this.colours()));
  }

  // On paper, or back on the screen. plotly.js does all of it before it returns.
  print(yes) {
    if (this.printed === yes) return;
    this.printed = yes;
    this.retheme();
    letShrink(this.element, yes);
  }

  extend(trace, x, y, path) {
    const data = this.traces[trace];
    let xs = [...(Array.isArray(data.x) ? data.x : []), ...x];
    let ys = [...(Array.isArray(data.y) ? data.y : []), ...y];
    const limit = path ? POINTS_OF_A_PATH : POINTS_ON_SCREEN;
    if (xs.length > 2 * limit) [xs, ys] = thin(xs, ys, limit, path);
    Object.assign(data, { x: xs, y: ys });
    this.touch(trace, "x", "y");
  }

  replace(trace, key, values, columns) {
    const numbers = Array.from(values, (value) => (Number.isFinite(value) ? value : null));
    this.traces[trace][key] = columns ? inRows(numbers, columns) : numbers;
    this.touch(trace, key);
  }

  // Back to the traces as given; what grew or was replaced is gone.
  clear() {
    this.traces.forEach((data, trace) => {
      if (!this.touched.has(trace)) return;
      for (const key of this.touched.get(trace)) data[key] = this.given[trace][key];
      this.dirty.add(trace);
    });
    this.touched.clear();
  }

  touch(trace, ...keys) {
    if (!this.touched.has(trace)) this.touched.set(trace, new Set());
    for (const key of keys) this.touched.get(trace).add(key);
    this.dirty.add(trace);
  }

  relayout(changes) {
    for (const [key, value] of Object.entries(changes)) {
      const axis = key.split(".")[0];
      const zoomed = key.endsWith(".range") && this.zoomed?.has(axis);
      if (key === "annotations") this.notes = value;
      if (!zoomed) this.layout[key] = key === "annotations" ? scaledNotes(value) : value;
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
    this.timer ??= setTimeout(() => this.full().catch(() => {}), 2 * FULL_EVERY_MS);
  }

  linesOnly() {
    return [...this.dirty].every((trace) => this.traces[trace].mode === "lines");
  }

  async full() {
    clearTimeout(this.timer);
    this.timer = null;
    const traces = [...this.dirty];
    const layout = this.layout;
    this.dirty = new Set();
    this.layout = {};
    this.fullAt = performance.now();
    const relaid = Object.keys(layout).length > 0;
    if (traces.length) {
      const data = { x: traces.map((trace) => this.traces[trace].x), y: traces.map((trace) => this.traces[trace].y) };
      const matrices = traces.filter((trace) => this.traces[trace].z);
      if (matrices.length) await this.Plotly.restyle(this.element, { z: matrices.map((t) => this.traces[t].z) }, matrices);
      await (relaid
        ? this.Plotly.update(this.element, data, layout, traces)
        : this.Plotly.restyle(this.element, data, traces));
    } else if (relaid) {
      await this.Plotly.relayout(this.element, layout);
    }
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
    const drawn = [...this.dirty].filter((trace) => paths.get(trace) || this.traces[trace].x?.length);
    const lines = drawn.map((trace) => [paths.get(trace), this.traces[trace]]);
    if (!lines.every(([path]) => path)) return false;
    for (const [path, data] of lines) path.setAttribute("d", pathOf(data.x, data.y, xaxis, yaxis));
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
    const more = curves.length - TRACES_IN_SUMMARY;
    const words = [...curves.slice(0, TRACES_IN_SUMMARY), ...(more > 0 ? [`and ${more} more`] : [])];
    const marks = (this.notes ?? []).map((note) => plain(note.text)).filter(Boolean);
    const picture = this.traces.every((trace) => trace.type === "heatmap" || trace.hoverinfo === "skip");
    const what = picture ? "Picture" : plain(yaxis?.title?.text) || "values";
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
      if (this.printed) letShrink(this.element, true);
    }
  }
}

// ---- one view: figures in a grid, redrawn once per animation frame ----

class View {
  constructor(Plotly, model, element) {
    Object.assign(this, { Plotly, model, element, figures: [], waiting: [], scheduled: false });
    this.delivery = new Delivery(model, (message, buffers) => this.receive(message, buffers));
    this.drawn = 0;
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.figures.forEach((f) => f.resize())));
    this.observer.observe(element);
    this.themes = new MutationObserver(() => this.figures.forEach((figure) => figure.retheme()));
    const attributes = { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] };
    this.themes.observe(document.body, attributes);
    this.onPaper = printing.matches;
    this.leavePrinting = onPrinting((yes) => {
      this.onPaper = yes;
      this.figures.forEach((figure) => figure.print(yes));
    });
  }

  receive(message, buffers) {
    if (message.type === "state") this.waiting = [];
    this.waiting.push({ ...message, numbers: numbersOf(buffers[0]) });
    this.schedule();
  }

  schedule() {
    if (this.scheduled || !this.waiting.length) return;
    this.scheduled = true;
    requestAnimationFrame(() => this.draw());
  }

  async draw() {
    const messages = this.waiting;
    this.waiting = [];
    try {
      for (const message of messages) {
        if (message.type === "state") await this.build(message.figures);
        this.apply(message);
      }
      await Promise.all(this.figures.map((figure) => figure.draw()));
      this.figures.forEach((figure) => figure.print(this.onPaper));
      this.figures.forEach((figure) => figure.tellSoon());
      this.element.dataset.frames = String((this.drawn += 1));
    } catch (error) {
      console.error("A live figure could not be drawn", error);
    } finally {
      this.delivery.acknowledge(messages.at(-1).n);
      this.scheduled = false;
      this.schedule();
    }
  }

  async build(specs) {
    while (this.figures.length > specs.length) {
      const figure = this.figures.pop();
      figure.close();
      figure.element.parentElement.remove();
    }
    for (const [index, spec] of specs.entries()) {
      const known = this.figures[index];
      const figure = known ?? new Figure(this.Plotly, this.slot(spec), spec);
      await figure.show(spec);
      const { caption = "", invitation } = spec.layout.meta ?? {};
      const more = document.createElement("span");
      more.className = "tdl-invitation";
      more.textContent = invitation ? `. ${invitation}` : "";
      figure.caption.replaceChildren(caption, more);
      if (!known) {
        this.figures.push(figure);
        figure.watchZoom();
      }
      figure.letPoint((message) => tell(this.model, { ...message, figure: index }));
    }
  }

  slot(spec) {
    const holder = document.createElement("figure");
    holder.className = `tdl-figure${spec.layout.meta?.wide ? " tdl-wide" : ""}`;
    const caption = document.createElement("figcaption");
    const plot = document.createElement("div");
    const summary = document.createElement("p");
    plot.className = "tdl-plot";
    summary.className = "tdl-summary";
    caption.id = `tdl-figure-${(shared.figures = (shared.figures ?? 0) + 1)}`;
    summary.id = `${caption.id}-summary`;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-labelledby", caption.id);
    plot.setAttribute("aria-describedby", summary.id);
    plot.style.height = `${heightOf(spec.layout)}px`;
    holder.append(caption, plot, summary);
    this.element.append(holder);
    return plot;
  }

  apply(message) {
    let at = 0;
    const take = (count) => message.numbers.subarray(at, (at += count));
    for (const [kind, index, ...rest] of message.ops) {
      const figure = this.figures[index];
      if (kind === "clear") {
        this.figures.forEach((each) => each.clear());
      } else if (kind === "layout") {
        figure.relayout(rest[0]);
      } else if (kind === "replace") {
        const [trace, count, key, columns] = rest;
        figure.replace(trace, key, take(count), columns);
      } else {
        const [trace, count, path] = rest;
        figure.extend(trace, take(count), take(count), path);
      }
    }
  }

  close() {
    this.delivery.close();
    this.observer.disconnect();
    this.themes.disconnect();
    this.leavePrinting();
    this.figures.forEach((figure) => figure.close());
  }
}

// On a phone the row of figures scrolls, so that it has to be reached with the keyboard too.
function focusOnPhone(el) {
  if (PHONE.matches) el.tabIndex = 0;
  else el.removeAttribute("tabindex");
}

// A lesson has some twenty figures; those that nobody has come near are not drawn, and cost nothing. On paper all are.
function nearTheScreen(el, signal) {
  return new Promise((resolve) => {
    const leave = onPrinting((yes) => yes && resolve());
    signal.addEventListener("abort", leave);
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      resolve();
    }, { rootMargin: "60% 0px", scrollMargin: "60% 0px" });
    watch.observe(el);
    signal.addEventListener("abort", () => watch.disconnect());
  });
}

async function render({ model, el }) {
  el.classList.add("tdl-figures");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `${model.get("label")}, figures`);
  const turn = () => focusOnPhone(el);
  turn();
  PHONE.addEventListener("change", turn);
  el.dataset.frames = "0";
  const note = document.createElement("p");
  note.className = "tdl-figures-note";
  note.textContent = "Loading the figure…";
  el.append(note);
  let view = null;
  const left = new AbortController();
  try {
    await nearTheScreen(el, left.signal);
    const Plotly = await plotlyFor(model);
    if (left.signal.aborted) return;
    note.remove();
    view = new View(Plotly, model, el);
  } catch (error) {
    note.textContent = `The figure could not be loaded. ${error.message}`;
    note.setAttribute("role", "alert");
  }
  return () => {
    left.abort();
    PHONE.removeEventListener("change", turn);
    view?.close();
  };
}

// Not awaited: a model hears nothing before its module has been initialized.
function initialize({ model }) {
  hearKernel(model);
}

export default { initialize, render };
