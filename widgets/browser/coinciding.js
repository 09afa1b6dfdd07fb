// Lines that lie on each other. The later one is drawn over the earlier, which is then drawn broader: it shows beside it.

// What is measured; a prediction lies on what it predicts, and its dashes show what is under them.
const MEASURED = new Set(["measured", "also measured", "measured, under another line"]);
const SAMPLES = 24;
const MISSES = 2;
const NEAR = 1.5; // pixels from one line to the other
const SHORTEST = 60; // pixels
const SHARE = 0.25; // of the axis: at the start of a run all lines over the step are together
const BROADER = 3; // pixels for each line above
const SEEN = 2; // pixels by which a line is broader that is seen under another one

const between = (a, b, share) => a && b && [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
const isNear = (a, b) => Boolean(b) && Math.abs(a[0] - b[0]) <= NEAR && Math.abs(a[1] - b[1]) <= NEAR;

// A line as pixels, null where it is not in sight; and whether it goes to the right only, as one over the step does.
function drawnLine({ x, y }, xaxis, yaxis) {
  const isIn = (value, length) => value >= -NEAR && value <= length + NEAR;
  const points = Array.from(x ?? [], (_, i) => {
    const [across, down] = [xaxis.d2p(x[i]), y[i] === null ? NaN : yaxis.d2p(y[i])];
    return isIn(across, xaxis._length) && isIn(down, yaxis._length) ? [across, down] : null;
  });
  const goesRight = points.every((point, i) => !point || !points[i - 1] || point[0] >= points[i - 1][0]);
  const seen = points.filter(Boolean);
  const isShort = goesRight && seen.length > 0 && seen.at(-1)[0] - seen[0][0] < SHARE * xaxis._length;
  return { points, goesRight, isShort };
}

const lengthOf = (a, b) => (a && b ? Math.hypot(b[0] - a[0], b[1] - a[1]) : 0);

// Places at equal distances along a line, each with its number among the points, a fraction between two of them.
function samplesOf(points) {
  const lengths = points.map((point, i) => lengthOf(points[i - 1], point));
  const step = lengths.reduce((sum, length) => sum + length, 0) / SAMPLES;
  const samples = [];
  if (step * SAMPLES < SHORTEST) return samples;
  let [passed, next] = [0, step / 2];
  for (const [i, length] of lengths.entries()) {
    for (; next <= passed + length; next += step) {
      const share = (next - passed) / length;
      samples.push({ at: i - 1 + share, place: between(points[i - 1], points[i], share) });
    }
    passed += length;
  }
  return samples;
}

function atNumber(points, at) {
  const before = Math.floor(at);
  return between(points[before], points[Math.min(before + 1, points.length - 1)], at - before);
}

function atAcross(points, across) {
  const next = points.findIndex((point) => point && point[0] >= across);
  if (next < 0) return null;
  const [before, after] = [points[Math.max(next - 1, 0)], points[next]];
  return between(before, after, before && after[0] > before[0] ? (across - before[0]) / (after[0] - before[0]) : 1);
}

function liesOn(samples, goesRight, above) {
  let misses = 0;
  for (const { at, place } of samples) {
    const byAcross = goesRight && above.goesRight && isNear(place, atAcross(above.points, place[0]));
    if (!byAcross && !isNear(place, atNumber(above.points, at)) && (misses += 1) > MISSES) return false;
  }
  return samples.length > 0;
}

const axisOf = (layout, id, letter) => layout[`${letter}axis${(id ?? letter).slice(1)}`];

// Of the traces that are hidden by later ones: their numbers, each with those of the traces that lie on it. `widths` are
// those of the lines as they were declared.
export function hiddenTraces(traces, layout, widths) {
  const lines = traces.flatMap(({ x, y, meta, mode, fill, visible, xaxis, yaxis }, number) => {
    const [across, up] = [axisOf(layout, xaxis, "x"), axisOf(layout, yaxis, "y")];
    if (!MEASURED.has(meta) || mode !== "lines" || fill || visible === false || !across?.d2p || !up?.d2p) return [];
    return [{ number, axes: across._id + up._id, ...drawnLine({ x, y }, across, up) }];
  });
  const hidden = new Map();
  for (const [place, line] of lines.entries()) {
    const later = lines
      .slice(place + 1)
      .filter(({ number, axes }) => axes === line.axes && widths[line.number] < widths[number] + SEEN);
    const samples = later.length && !line.isShort ? samplesOf(line.points) : [];
    const above = later.filter((other) => liesOn(samples, line.goesRight, other)).map(({ number }) => number);
    if (above.length) hidden.set(line.number, above);
  }
  return hidden;
}

// How wide a line is drawn on which others lie.
export function widthUnder(width, others) {
  return width + BROADER * others.length;
}
