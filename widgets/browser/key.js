// The key of a figure: under its caption a sample of each kind of line, and what it stands for. A curve never strikes it.

const SVG = "http://www.w3.org/2000/svg";
const DASHES = { dash: "6 4", dot: "2 3" };
const [WIDTH, HEIGHT] = [26, 8];

function sample({ dash, width, opacity, colour, marks, ring }) {
  const drawing = document.createElementNS(SVG, "svg");
  const shape = document.createElementNS(SVG, marks || ring ? "circle" : "line");
  const line = { stroke: colour ?? "currentColor", "stroke-width": ring ? 1.5 : width };
  const middle = { cx: WIDTH / 2, cy: HEIGHT / 2, r: 3 };
  let places = { x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2, ...line };
  if (ring) places = { ...middle, ...line, fill: "none" };
  else if (marks) places = { ...middle, fill: colour ?? "currentColor" };
  if (DASHES[dash]) places["stroke-dasharray"] = DASHES[dash];
  for (const [name, value] of Object.entries({ ...places, opacity })) shape.setAttribute(name, value);
  for (const [name, value] of Object.entries({ width: WIDTH, height: HEIGHT, "aria-hidden": true }))
    drawing.setAttribute(name, value);
  drawing.append(shape);
  return drawing;
}

// The key as an element; null where a figure has none.
export function keyOf(layout) {
  const entries = layout.meta?.key ?? [];
  if (!entries.length) return null;
  const key = document.createElement("span");
  key.className = "tdl-key";
  // The summary says the same, with numbers; how a line looks is for the eye.
  key.setAttribute("aria-hidden", "true");
  for (const entry of entries) {
    const named = document.createElement("span");
    named.append(sample(entry), entry.name);
    key.append(named, " ");
  }
  return key;
}
