// How near an answer is to what was measured: as widgets/quiz/scoring.py judges, of what question_record.py has kept.

const SIGNIFICANT = 4;
const RAISED = Object.fromEntries([..."-0123456789"].map((each, at) => [each, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][at]]));

// As `number` of widgets/view/readings.py has it.
function written(value) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "infinite" : "−infinite";
  if (value === 0) return "0";
  const exponent = Number(value.toExponential(SIGNIFICANT - 1).split("e")[1]);
  if (exponent >= -4 && exponent < SIGNIFICANT) return String(Number(value.toPrecision(SIGNIFICANT))).replace("-", "−");
  const [digits, power] = value.toExponential(SIGNIFICANT - 1).split("e");
  const size = Number(digits);
  const ten = `10${[...power.replace("+", "")].map((each) => RAISED[each]).join("")}`;
  if (Math.abs(size) === 1) return size < 0 ? `−${ten}` : ten;
  return `${size}`.replace("-", "−") + `·${ten}`;
}

function grade(distance, { tolerance, close }) {
  if (!(distance <= close * tolerance)) return "off";
  return distance <= tolerance ? "right" : "close";
}

function ofNumber(verdicts, answer) {
  const { truth, tolerance, words, misreadings } = verdicts;
  const distance = Math.abs(answer - truth);
  const said = [words.replace("{answer}", String(answer))];
  if (distance > tolerance && misreadings.length) {
    const apart = (each) => Math.abs(answer - each.answer);
    const near = misreadings.reduce((one, other) => (apart(other) < apart(one) ? other : one));
    if (apart(near) <= Math.min(tolerance, distance)) said.push(near.sentence);
  }
  return { grade: grade(distance, verdicts), words: said.join(" ") };
}

// The height of a curve at a place, between its points on a straight line.
function heightAt({ x, y }, place) {
  const values = y.map((value) => value ?? NaN);
  if (place <= x[0]) return values[0];
  if (place >= x.at(-1)) return values.at(-1);
  const after = x.findIndex((each) => each > place);
  const share = (place - x[after - 1]) / (x[after] - x[after - 1]);
  return share === 0 ? values[after - 1] : values[after - 1] + share * (values[after] - values[after - 1]);
}

function ofSketch(verdicts, { x, y }) {
  const { curve, axis, title } = verdicts;
  const [low, high] = axis.range;
  const scale = (value) => (axis.log ? Math.log10(value) : value);
  const within = (value) => Math.min(Math.max(Number.isNaN(value) ? high : value, low), high);
  const drawn = x.map((place, column) => ({ place, ours: y[column] })).filter(({ ours }) => ours !== null);
  for (const each of drawn) {
    each.theirs = heightAt(curve, each.place);
    each.distance = Math.abs(within(scale(each.ours)) - within(scale(each.theirs)));
  }
  const far = drawn.reduce((one, other) => (other.distance > one.distance ? other : one));
  const mean = drawn.reduce((sum, { distance }) => sum + distance, 0) / drawn.length / (high - low);
  const { ours, theirs } = far;
  let words = `Farthest apart at ${title} ${written(far.place)}: you drew ${written(ours)}, the run measured ${written(theirs)}`;
  if (axis.log && ours > 0 && theirs > 0)
    words += `, ${written(Math.max(ours / theirs, theirs / ours))} times ${theirs < ours ? "less" : "more"}`;
  return { grade: grade(mean, verdicts), words: `${words}.` };
}

// Grade and words for an answer: an option's number, a number, or a curve { x, y } with null where nothing is drawn.
export function judged(kind, verdicts, answer) {
  if (kind === "choice") return verdicts.options[answer];
  return kind === "number" ? ofNumber(verdicts, answer) : ofSketch(verdicts, answer);
}
