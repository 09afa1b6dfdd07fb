// Traces of a lab that are lit: the others of their figures stand back. No data are sent for that.

const DRAWN = ".trace, .hm, .contour, .legend .traces";
const NEAR = 6;

// What a trace is called: its name, and the parts of it, "Adam" and "theory" of "Adam, theory".
const isCalled = (trace, names) => {
  const name = String(trace.name ?? "").replace(/<[^>]*>/g, "");
  return names.includes(name) || name.split(/[,:] /).some((part) => names.includes(part));
};

// The figures of a lab, or the one of this name: "parabola-error" is the figure "error" of the lab "parabola".
function plotsOf(lab, figure) {
  const plots = [...(lab?.querySelectorAll(".tdl-plot") ?? [])].filter((plot) => plot._fullData);
  return plots.filter((plot) => figure === null || plot.layout?.meta?.name?.endsWith(`-${figure}`));
}

// Light the traces of these names; returns the first figure that shows one of them, if there is any.
export function light(lab, { traces, figure }) {
  const lit = plotsOf(lab, figure).filter((plot) => lightIn(plot, (trace) => isCalled(trace, traces)));
  return lit.at(0);
}

function lightIn(plot, isLit) {
  const isShown = ({ visible, x, z }) => visible !== false && (x?.length > 0 || z?.length > 0);
  const lit = new Set(plot._fullData.filter((trace) => isShown(trace) && isLit(trace)).map(({ index }) => index));
  if (!lit.size) return false;
  for (const node of plot.querySelectorAll(DRAWN)) {
    const index = node.__data__?.[0]?.trace?.index;
    if (index !== undefined) node.classList.toggle("tdl-back", !lit.has(index));
  }
  return true;
}

const coloursOf = ({ line, marker }) => [line?.color, marker?.color, marker?.line?.color];

// Light a lane of a lab: what has the colour of another lane stands back, and so does its name at the end of a line.
export function lightLane(lab, lane, colours) {
  const others = new Set(colours.filter((colour) => colour !== colours[lane]));
  for (const plot of plotsOf(lab, null)) {
    const isBack = (index) => coloursOf(plot._fullData[index] ?? {}).some((colour) => others.has(colour));
    for (const node of plot.querySelectorAll(DRAWN)) {
      const index = node.__data__?.[0]?.trace?.index;
      if (index !== undefined) node.classList.toggle("tdl-back", isBack(index));
    }
    for (const name of plot.querySelectorAll(".tdl-ends > span"))
      name.classList.toggle("tdl-back", others.has(name.style.getPropertyValue("--line")));
  }
}

export function unlight(lab) {
  for (const node of lab?.querySelectorAll(".tdl-plot .tdl-back") ?? []) node.classList.remove("tdl-back");
}

// Whether a place on the screen is on a trace of these names, in a figure.
export function isOn(plot, { traces, figure }, { clientX, clientY }) {
  if (!plot._fullData || (figure !== null && !plot.layout?.meta?.name?.endsWith(`-${figure}`))) return false;
  const { left, top } = plot.getBoundingClientRect();
  return plot._fullData.some(
    (trace) =>
      trace.visible !== false &&
      isCalled(trace, traces) &&
      isNear(plot._fullLayout, trace, clientX - left, clientY - top),
  );
}

const axisOf = (layout, id) => layout[`${id?.[0] ?? "x"}axis${id?.slice(1) ?? ""}`];

// plotly.js itself points at few of the traces: a dashed line has nothing to say.
function isNear(layout, { x, y, xaxis, yaxis, mode = "" }, across, down) {
  const [toX, toY] = [axisOf(layout, xaxis), axisOf(layout, yaxis ?? "y")];
  if (!x?.length || !y?.length || !toX?.d2p || !toY?.d2p) return false;
  let before = null;
  for (let i = 0; i < x.length; i++) {
    const place = [toX._offset + toX.d2p(x[i]), y[i] === null ? NaN : toY._offset + toY.d2p(y[i])];
    if (!place.every(Number.isFinite)) before = null;
    else if (distance(before && mode.includes("lines") ? before : place, place, across, down) < NEAR) return true;
    else before = place;
  }
  return false;
}

// From a point to the line between two others.
function distance([ax, ay], [bx, by], px, py) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
  return Math.hypot(px - ax - share * dx, py - ay - share * dy);
}
