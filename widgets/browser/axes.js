// Axes as the data ask for them: no invented ticks where there are none yet, and a share that uses its room.

const FLOORS = [0.9, 0.8, 0.6, 0.4, 0.2]; // where an axis of shares may begin that does not begin at 0
const AIR = 0.02;

const holds = ({ x, y, z, visible }) =>
  visible !== false && [x, y, z].some((values) => values?.length > 0 || values?.bdata);

// Smallest and largest y that are finite.
function extent(traces) {
  let [low, high] = [Infinity, -Infinity];
  for (const { y, visible } of traces) {
    if (visible === false || !Array.isArray(y)) continue;
    for (const value of y) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}

// The range of an axis of shares, in steps: as data come it grows and never shrinks, a few times a run at most.
// `free` is the end that may come nearer: "below" of an accuracy, "above" of an error.
export function rangeOfShares([bottom, top], free, traces) {
  const [low, high] = extent(traces);
  if (low > high) return [bottom, top];
  if (free === "below") return [FLOORS.find((floor) => floor <= low - AIR) ?? bottom, top];
  const room = FLOORS.find((floor) => 1 - floor >= high + AIR);
  return [bottom, room === undefined ? top : 1 - room];
}

// Changes of the layout, named as in Plotly.relayout; `ranged` are the axes to which the kernel has given a range.
export function axesFor(layout, traces, ranged) {
  const changes = {};
  const isEmpty = !traces.some(holds);
  for (const axis of ["xaxis", "yaxis"]) {
    const given = layout[axis] ?? {};
    if (given.range || given.tickvals || given.visible === false) continue;
    const bare = isEmpty && !ranged.has(axis);
    changes[`${axis}.showticklabels`] = bare ? false : (given.showticklabels ?? true);
    changes[`${axis}.showgrid`] = bare ? false : (given.showgrid ?? true);
    changes[`${axis}.zeroline`] = bare ? false : (given.zeroline ?? true);
    changes[`${axis}.ticks`] = bare ? "" : (given.ticks ?? "");
  }
  const free = layout.meta?.free;
  if (free && layout.yaxis?.range) changes["yaxis.range"] = rangeOfShares(layout.yaxis.range, free, traces);
  return changes;
}

// Ticks of logarithmic axes that do not touch. Over 1 to 1.5 decades plotly.js, left alone, writes each digit; now it
// writes 1, 2 and 5. Other labels than those of powers of ten are written as large as these.
export function ticksOfLogs(layout) {
  const changes = {};
  for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
    const { type, range } = layout[axis];
    if (type !== "log") continue;
    const decades = range ? Math.abs(range[1] - range[0]) : 0;
    changes[`${axis}.nticks`] = decades >= 1 && decades < 1.5 ? 3 : 5;
    changes[`${axis}.minorloglabels`] = "complete";
  }
  return changes;
}
