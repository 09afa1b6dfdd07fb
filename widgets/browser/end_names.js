// The names of a few lines at their ends, in the margin on the right: no curve strikes them there, and no other name.

const MOST = 4;
const MOST_OF_THE_WIDTH = 0.3;
const LINE = 15; // pixels from one name to the next
const SWATCH = 16; // pixels before a name

const isNamed = ({ showlegend }) => showlegend !== false;
const isLine = ({ type = "scatter", mode, fill }) => type === "scatter" && mode === "lines" && !fill;

function widthOf(text, size) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${size}px system-ui, sans-serif`;
  return pen.measureText(text).width;
}

// The numbers of the traces that are named at their ends instead of in a legend; none where there are too many.
export function namedAtEnds(layout, traces) {
  const inLegend = traces.map((_, number) => number).filter((number) => isNamed(traces[number]));
  const few = inLegend.length > 1 && inLegend.length <= MOST;
  return layout.meta?.ends && layout.showlegend && few && inLegend.every((k) => isLine(traces[k])) ? inLegend : [];
}

// Where names stand that would like to stand at these heights: in their order, apart, within 0 and `height`.
export function spread(wanted, height, line = LINE) {
  const order = wanted.map((_, k) => k).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  let lowest = line / 2;
  for (const k of order) {
    placed[k] = Math.max(placed[k], lowest);
    lowest = placed[k] + line;
  }
  let highest = height - line / 2;
  for (const k of order.toReversed()) {
    placed[k] = Math.min(placed[k], highest);
    highest = placed[k] - line;
  }
  return placed;
}

export class EndNames {
  constructor(element) {
    this.element = element;
    this.traces = [];
    this.names = document.createElement("div");
    this.names.className = "tdl-ends";
    this.names.setAttribute("aria-hidden", "true"); // the summary says them
    element.append(this.names);
  }

  // Changes of the layout that make room for the names; none where there is too little of it.
  room(layout, traces, width, size) {
    const named = namedAtEnds(layout, traces);
    const wide = Math.max(...named.map((k) => widthOf(traces[k].name, size) + SWATCH + 6), 0);
    this.traces = wide < MOST_OF_THE_WIDTH * width ? named : [];
    const spans = this.traces.map((k) => {
      const span = document.createElement("span");
      span.textContent = traces[k].name;
      span.style.setProperty("--line", traces[k].line.color);
      span.style.fontSize = `${size}px`;
      span.hidden = true;
      return span;
    });
    this.names.replaceChildren(...spans);
    return spans.length ? { showlegend: false, "margin.r": wide } : {};
  }

  // Beside the last point of each line, as plotly.js has drawn its axes.
  place(traces, { xaxis, yaxis } = {}) {
    if (!this.traces.length || !yaxis?.d2p) return;
    const last = this.traces.map((k) => traces[k].y?.findLast?.((value) => Number.isFinite(value)));
    const shown = this.traces.map((_, k) => k).filter((k) => Number.isFinite(yaxis.d2p(last[k])));
    const wanted = shown.map((k) => Math.min(Math.max(yaxis.d2p(last[k]), 0), yaxis._length));
    const heights = spread(wanted, yaxis._length);
    [...this.names.children].forEach((span, k) => (span.hidden = !shown.includes(k)));
    shown.forEach((k, at) => {
      const { style } = this.names.children[k];
      style.left = `${xaxis._offset + xaxis._length + 4}px`;
      style.transform = `translateY(${(yaxis._offset + heights[at] - LINE / 2).toFixed(1)}px)`;
    });
  }
}
