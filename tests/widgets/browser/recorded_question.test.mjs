// A recorded question: what its run decides, for one who has answered and for a class that has.

import assert from "node:assert/strict";
import test from "node:test";

import { RecordedQuestion } from "../../../widgets/browser/recorded_question.js";

const VERDICTS = {
  options: [
    { grade: "off", words: "No." },
    { grade: "right", words: "Right." },
  ],
};
const OF_A_SKETCH = {
  curve: { x: [0, 1], y: [1, 1] },
  axis: { title: "loss", log: false, range: [0, 2] },
  title: "step",
  tolerance: 0.1,
  close: 3,
};

function record(question, verdicts) {
  const moments = [0, 1, 2].map((step) => ({ step, ops: [], count: 0, shown: { steps: 2 } }));
  return { question, verdicts, sentence: "So it is.", run: { speed: 1, moments, numbers: "" } };
}

// A question, with a clock that the test moves on.
function opened(context, question, verdicts) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const noted = [];
  const asked = new RecordedQuestion(record(question, verdicts), "3", {
    onVerdict: (verdict) => noted.push(verdict),
    onFigure() {},
  });
  const pass = (seconds) => {
    now += 1000 * seconds;
    context.mock.timers.tick(1000);
  };
  return { asked, noted, pass, status: () => asked.panel.get("status") };
}

const CHOICE = { prompt: "Does it?", statement: "", kind: "choice", options: ["It does", "It does not"] };
const SKETCH = { prompt: "Sketch it.", statement: "", kind: "sketch", tolerance: 0.1 };

test("a run that decides for a class says what each answer is worth, and judges none", (context) => {
  const { asked, noted, pass, status } = opened(context, CHOICE, VERDICTS);
  asked.handle({ do: "decide" });
  assert.deepEqual(status(), { state: "running", share: 0 });
  pass(1);
  const during = status();
  assert.equal(during.state, "running");
  asked.handle({ do: "decide" });
  asked.handle({ do: "again" });
  assert.deepEqual(status(), during, "not while it runs");
  pass(2);
  assert.deepEqual(status(), { state: "checked", share: during.share, sentence: "So it is.", verdicts: VERDICTS });
  assert.deepEqual(noted, []);
  asked.handle({ do: "again" });
  assert.deepEqual(status(), { state: "open", value: undefined });
});

test("the answer that comes after it is the first, and a class may vote on what was answered before", (context) => {
  const { asked, noted, pass, status } = opened(context, CHOICE, VERDICTS);
  asked.handle({ do: "decide" });
  pass(3);
  asked.handle({ do: "again" });
  asked.handle({ do: "answer", value: 1 });
  pass(3);
  assert.deepEqual(noted, [VERDICTS.options[1]]);
  assert.equal(status().grade, "right");
  assert.equal(status().count, 1);
  assert.equal(status().verdicts, undefined);
  asked.handle({ do: "decide" });
  pass(3);
  assert.equal(status().grade, undefined);
  assert.deepEqual(status().verdicts, VERDICTS);
  assert.equal(noted.length, 1);
});

test("a sketch that was drawn is no answer where the run decides for a class", (context) => {
  const { asked, noted, pass, status } = opened(context, SKETCH, OF_A_SKETCH);
  asked.take([0, 1], [1, 1]);
  asked.handle({ do: "decide" });
  pass(3);
  assert.deepEqual(status().verdicts, OF_A_SKETCH);
  assert.deepEqual(noted, []);
  asked.handle({ do: "again" });
  asked.handle({ do: "answer", value: null });
  assert.match(status().refusal, /whole curve/);
});
