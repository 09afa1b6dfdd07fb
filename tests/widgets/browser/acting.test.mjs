// Text that acts: what a link asks for, what a lab is sent, which values a number that is dragged takes.

import assert from "node:assert/strict";
import test from "node:test";

import { deedsOf, isSet, wishOf } from "../../../widgets/browser/acting_link.js";
import { Scale } from "../../../widgets/browser/scrubbing.js";

globalThis.innerWidth = 1280;

const LAB = {
  presets: [{ name: "near the limit" }, { name: "for ever" }],
  preset: 0,
  fields: [
    { name: "learning_rate", label: "learning rate", kind: "number" },
    { name: "optimizer", label: "optimizer", kind: "choice" },
    { name: "residual", label: "residual", kind: "flag" },
  ],
  lanes: [
    { name: "Adam", values: { learning_rate: 0.1, optimizer: "Adam", residual: true } },
    { name: "mine, η", values: { learning_rate: 1e-5, optimizer: "heavy ball", residual: false } },
  ],
  selected: 0,
  transport: { step: 20 },
};
const model = { get: (name) => LAB[name] };
const sent = (link) => deedsOf(wishOf(link)).map((deed) => deed(model).message);

test("a link is chosen, set, gone to and played in this order", () => {
  assert.deepEqual(sent("#lab=x&play&go_to=50&learning_rate=1.5&lane=mine,+%CE%B7&preset=for+ever&reset"), [
    { do: "preset", index: 1 },
    { do: "select", lane: 1 },
    { do: "set", field: "learning_rate", value: "1.5", lane: 0 }, // the other lane is not chosen before it is answered
    { do: "go_to", step: "50" },
    { do: "reset" },
    { do: "play" },
  ]);
});

test("a flag is sent as one, a choice in words", () => {
  assert.deepEqual(sent("#lab=x&residual=false&optimizer=heavy+ball"), [
    { do: "set", field: "residual", value: false, lane: 0 },
    { do: "set", field: "optimizer", value: "heavy ball", lane: 0 },
  ]);
});

test("what is so already is not sent", () => {
  assert.deepEqual(sent("#lab=x&lane=Adam&learning_rate=0.10&residual=true&optimizer=Adam"), [null, null, null, null]);
  assert.ok(isSet(model, "learning_rate", "1e-1"));
});

test("what a lab has not is said in a sentence", () => {
  assert.throws(() => sent("#lab=x&preset=none"), { message: 'There is no preset "none" in this lab now.' });
  assert.throws(() => sent("#lab=x&lane=none"), { message: 'There is no lane "none" in this lab now.' });
  assert.throws(() => sent("#lab=x&width=3"), { message: 'This lab has no setting "width".' });
});

test("a phrase that lights traces sends nothing", () => {
  const wish = wishOf("#lab=x&trace=theory&trace=Adam&figure=loss");
  assert.deepEqual([wish.traces, wish.figure], [["theory", "Adam"], "loss"]);
  assert.deepEqual(deedsOf(wish), []);
});

const linear = { kind: "number", scale: "linear", slider_low: 0, slider_high: 4 };

test("a number is dragged over its range and takes round values", () => {
  const scale = new Scale(linear, [0.2, 2.2]);
  assert.equal(scale.dragged(1, 75), 1.5);
  assert.equal(scale.dragged(1, 1), 1.01);
  assert.deepEqual([scale.dragged(1, -999), scale.dragged(1, 999)], [0.2, 2.2]);
});

test("keys meet the round numbers of its range, and its ends", () => {
  const scale = new Scale(linear, [0.2, 2.2]);
  const met = [0.2];
  while (met.at(-1) < 2.2) met.push(scale.pressed(met.at(-1), "ArrowRight"));
  for (const value of [0.25, 1, 2]) assert.ok(met.includes(value), `${value} of ${met}`);
  assert.deepEqual([scale.pressed(1, "Home"), scale.pressed(1, "End"), scale.pressed(1, "a")], [0.2, 2.2, null]);
  assert.equal(scale.pressed(1, "PageDown"), 0.75);
});

test("the ends of the slider stand in, a logarithmic range is a factor a step, whole numbers stay whole", () => {
  assert.equal(new Scale(linear, [null, null]).pressed(1, "End"), 4);
  const rate = new Scale({ kind: "number", scale: "log", slider_low: 0.01, slider_high: 1 }, [null, null]);
  assert.equal(rate.dragged(0.01, 150), 0.1);
  assert.ok(rate.pressed(0.1, "ArrowRight") / 0.1 > 1.05);
  const width = new Scale({ kind: "integer", scale: "log", slider_low: 2, slider_high: 64 }, [null, null]);
  const met = [2];
  while (met.at(-1) < 64 && met.length < 100) met.push(width.pressed(met.at(-1), "ArrowUp"));
  assert.ok(met.every(Number.isInteger) && met.at(-1) === 64, String(met));
  assert.equal(width.pressed(2, "ArrowLeft"), 2);
});
