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

// A function as points, from one value to another.
export function sampled(of, from, to, parts = 120) {
  return Array.from({ length: parts + 1 }, (_, at) => of(from + ((to - from) * at) / parts));
}

// A number in words: three digits unless told, and a minus that is one.
export function written(value, digits = 3) {
  const rounded = Number(value.toPrecision(digits));
  const plain = Math.abs(rounded) >= 1e6 ? rounded.toExponential(1) : String(rounded);
  return plain.replace("-", "−");
}
