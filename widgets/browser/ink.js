// What a drawing is made of, as SVG text. Points are pixels.

export function svg(tag) {
  return document.createElementNS("http://www.w3.org/2000/svg", tag);
}

const px = (value) => Math.max(-1e4, Math.min(1e4, value)).toFixed(1);

export function text([x, y], words, kind = "", anchor = "start") {
  return `<text x="${px(x)}" y="${px(y)}" class="${kind}" text-anchor="${anchor}">${words}</text>`;
}

export function curve(points, kind, closed = "") {
  return `<path d="M${points.map(([x, y]) => `${px(x)} ${px(y)}`).join("L")}${closed}" class="${kind}"/>`;
}

export function dot([x, y], radius, kind) {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="${px(radius)}" class="${kind}"/>`;
}

// A line with a head, unless it is too short to see.
export function arrow([x, y], [toX, toY], kind) {
  const [across, down] = [toX - x, toY - y];
  const length = Math.hypot(across, down);
  if (length < 1) return "";
  const [u, v] = [across / length, down / length];
  const head = Math.min(9, length);
  const wing = (side) => [toX - head * u - side * 0.45 * head * v, toY - head * v + side * 0.45 * head * u];
  const tip = [wing(1), [toX, toY], wing(-1)];
  return (
    curve(
      [
        [x, y],
        [toX - head * u, toY - head * v],
      ],
      kind,
    ) + curve(tip, `${kind} tdl-tip`, "Z")
  );
}

// A function as points, from one value to another.
export function sampled(of, from, to, parts = 120) {
  return Array.from({ length: parts + 1 }, (_, at) => of(from + ((to - from) * at) / parts));
}

// Values of an axis, each with what is written there; `at` is where it stands.
export function ticks(values, name = (value) => value, at = (value) => value) {
  return values.map((value) => [at(value), name(value)]);
}

const RAISED = { "-": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((digit, at) => [at, digit])) };

// A number in words: three digits unless told, a minus that is one, and powers of ten where it is very large or small.
export function written(value, digits = 3) {
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (!Number.isFinite(size) || (size < 1e6 && (size >= 1e-4 || !size))) return String(rounded).replace("-", "−");
  const [front, power] = rounded.toExponential().split("e");
  const raised = [...power.replace("+", "")].map((sign) => RAISED[sign]).join("");
  return `${front.replace("-", "−")}·10${raised}`;
}
