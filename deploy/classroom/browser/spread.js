// How a class has answered: bars, a histogram or curves, a round beside the other; and what the run says.

import { make } from "../../../widgets/browser/dom.js";
import { Axis, Plot, redrawn, said } from "./plot.js";

const BINS = 12;
const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
const roundName = (at, rounds) => (rounds.length < 2 ? "Answers" : ["First vote", "Second vote"][at]);

// ---- one of some sentences: a bar each, of both rounds ----

function choiceSpread({ asked, rounds, worth, answers }) {
  const mine = answers?.[rounds.length] ?? answers?.[rounds.length - 1];
  const right = worth?.verdicts.options.findIndex(({ grade }) => grade === "right");
  const most = Math.max(1, ...rounds.flatMap(({ counts }) => counts));
  const rows = asked.options.map((option, at) => {
    const bars = rounds.map(({ counts, answered }, round) => {
      const share = answered ? Math.round((100 * counts[at]) / answered) : 0;
      const bar = make("span", { className: `tdl-class-bar tdl-class-round-${round + 1}` });
      bar.style.width = `${(100 * counts[at]) / most}%`;
      const words = `${rounds.length > 1 ? `${roundName(round, rounds)}: ` : ""}${counts[at]} (${share} %)`;
      return make("div", { className: "tdl-class-track" }, bar, make("span", { className: "tdl-class-count" }, words));
    });
    const heading = make("p", {}, option);
    if (at === mine) heading.append(make("strong", { className: "tdl-class-mark tdl-class-own" }, "your answer"));
    if (at === right) heading.append(make("strong", { className: "tdl-class-mark" }, "✓ what the run says"));
    const row = make("li", {}, heading, ...bars);
    row.classList.toggle("tdl-class-right", at === right);
    return row;
  });
  return make("ul", { className: "tdl-class-choices" }, ...rows);
}

// ---- a number: a histogram a round, on the same scale ----

function counted(values, low, high) {
  const bins = Array.from({ length: BINS }, () => 0);
  for (const value of values)
    bins[Math.min(BINS - 1, Math.max(0, Math.floor((BINS * (value - low)) / (high - low))))] += 1;
  return bins;
}

function numberSpread({ asked, rounds, worth, answers }) {
  const { low, high, unit } = asked;
  const all = rounds.map(({ values }) => counted(values, low, high));
  const most = Math.max(3, ...all.flat());
  const truth = worth?.verdicts.truth;
  const xAxis = new Axis({ title: unit.trim(), range: [low, high] });
  const yAxis = new Axis({ range: [0, 1.25 * most] });
  return rounds.map(({ values, answered }, round) => {
    const place = make("div", { className: "tdl-class-place" });
    const middle = values[Math.floor((answered - 1) / 2)];
    const words = [
      plural(answered, "answer"),
      answered ? `from ${said(values[0])} to ${said(values.at(-1))}, median ${said(middle)}` : "",
      truth === undefined ? "" : `the run measured ${said(truth)}`,
    ];
    redrawn(place, () => {
      const plot = new Plot(place, xAxis, yAxis, words.filter(Boolean).join("; "), 200);
      all[round].forEach((count, bin) => {
        const [left, right] = [bin, bin + 1].map((edge) => plot.x(low + (edge * (high - low)) / BINS));
        const top = plot.y(count);
        plot.add("rect", {
          class: `tdl-class-bin tdl-class-round-${round + 1}`,
          x: left + 1,
          width: Math.max(right - left - 2, 1),
          y: top,
          height: plot.y(0) - top,
        });
      });
      if (truth !== undefined) upright(plot, truth, "tdl-class-truth", `the run: ${said(truth)}`);
      const mine = answers?.[round + 1];
      if (mine !== undefined) upright(plot, mine, "tdl-class-own", "you");
    });
    return make("figure", {}, make("figcaption", {}, `${roundName(round, rounds)}: ${answered}`), place);
  });
}

function upright(plot, value, name, words) {
  const at = plot.x(value);
  plot.add("line", { class: `tdl-class-line ${name}`, x1: at, x2: at, y1: plot.y(0), y2: plot.y(Infinity) });
  const isRight = at > plot.width * 0.6;
  const y = name === "tdl-class-own" ? 54 : 37;
  plot.add(
    "text",
    { class: `tdl-class-said ${name}`, x: at + (isRight ? -5 : 5), y, "text-anchor": isRight ? "end" : "start" },
    words,
  );
}

// ---- sketches: thin curves, their median, and the measured one ----

function sketchSpread({ asked, rounds, worth, answers }) {
  const { axes, x } = asked;
  const curve = worth?.verdicts.curve;
  return rounds.map(({ curves, median, answered }, round) => {
    const mine = answers?.[round + 1];
    const place = make("div", { className: "tdl-class-place" });
    const fewer = curves.length < answered ? `; ${curves.length} of them are drawn, the median is of all` : "";
    redrawn(place, () => {
      const words = `${plural(answered, "curve")}, their median${curve ? ", and the measured one" : ""}`;
      const plot = new Plot(place, new Axis(axes.x), new Axis(axes.y), words, 260);
      curves.forEach((heights) => plot.line(x, heights, "tdl-class-thin"));
      if (answered) plot.line(x, median, "tdl-class-median");
      if (mine) plot.line(x, mine, "tdl-class-mine");
      if (curve) plot.line(curve.x, curve.y, "tdl-class-truth");
    });
    const key = [
      ["tdl-class-thin", "a learner's"],
      ["tdl-class-median", "median"],
      ...(mine ? [["tdl-class-mine", "yours"]] : []),
      ...(curve ? [["tdl-class-truth", "measured by the run"]] : []),
    ].map(([name, said_]) => make("span", { className: "tdl-class-key" }, make("i", { className: name }), said_));
    const caption = make("figcaption", {}, `${roundName(round, rounds)}: ${answered}${fewer}`);
    return make("figure", {}, caption, make("p", { className: "tdl-class-keys" }, ...key), place);
  });
}

// `answers` are the reader's own, by round, from 1 on.
export function spread(vote) {
  if (vote.asked.kind === "choice") return choiceSpread(vote);
  const figures = vote.asked.kind === "number" ? numberSpread(vote) : sketchSpread(vote);
  return make("div", { className: "tdl-class-rounds" }, ...figures);
}
