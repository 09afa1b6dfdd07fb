// What a figure shows now, in words, for a person who does not see it.

export function brief(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

export function plain(html) {
  return String(html ?? "").replace(/<[^>]*>/g, "");
}

export function traceInWords(name, x, y, across) {
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
export function cellsInWords(name, z) {
  const shown = z.flatMap((row) => Array.from(row)).filter((value) => Number.isFinite(value) && value !== 0);
  return shown.length ? `${name} in ${shown.length} cells` : null;
}
