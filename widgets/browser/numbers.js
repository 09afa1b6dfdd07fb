// Numbers as they come from the kernel, and as few of them as a screen can show.

export function numbersOf(buffer) {
  const start = buffer.byteOffset ?? 0;
  const bytes = buffer.buffer ?? buffer;
  return new Float64Array(bytes.slice(start, start + buffer.byteLength));
}

// The same thinning as decimate.py, for what piles up on screen.
export function thin(x, y, limit, path) {
  if (x.length <= limit) return [x, y];
  const kept = new Set([0, x.length - 1]);
  if (path) {
    for (let i = 0; i < limit; i++) kept.add(Math.round((i * (x.length - 1)) / (limit - 1)));
  } else {
    const buckets = (limit - 2) >> 1;
    const scale = buckets / Math.max(x.at(-1) - x[0], 1e-300);
    const low = new Map();
    const high = new Map();
    for (let i = 0; i < x.length; i++) {
      const bucket = Math.min(buckets - 1, Math.floor((x[i] - x[0]) * scale));
      if (!(y[i] >= y[low.get(bucket)])) low.set(bucket, i);
      if (!(y[i] < y[high.get(bucket)])) high.set(bucket, i);
    }
    for (const i of [...low.values(), ...high.values()]) kept.add(i);
  }
  const order = [...kept].sort((a, b) => a - b);
  return [order.map((i) => x[i]), order.map((i) => y[i])];
}

export function inRows(numbers, columns) {
  return Array.from({ length: numbers.length / columns }, (_, row) =>
    numbers.slice(row * columns, (row + 1) * columns),
  );
}

// A number to look at; a box has all digits of the number that holds, and what is typed into it is read by the kernel.
export const rounded = (number) => String(Number(number.toPrecision(4)));
