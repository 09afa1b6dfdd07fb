// The browser's end of question_panel.py.

import { make } from "./dom.js";
import { page } from "./page.js";
import { present, say } from "./presented.js";
import { KERNEL_GONE, hearKernel, tell, whenGone } from "./telling.js";

const GRADES = { right: "✓ Right", close: "≈ Close", off: "✗ Not yet" };
const LONGEST_NUMBER = 61;
const newName = () => `tdl-answer-${(page.answers = (page.answers ?? 0) + 1)}`;

// ---- the three kinds of answer: each has an element, a value, and shows one that the kernel has read ----

function numberAnswer({ low, high, step, unit }, before, send) {
  const id = newName();
  const slider = make("input", { id, type: "range", min: low, max: high, step });
  const box = make("input", { type: "text", inputMode: "decimal", className: "tdl-number" });
  box.setAttribute("aria-label", "Your answer");
  // No number is given until one is chosen: what a slider happens to stand on is nobody's answer.
  slider.value = before ?? (low + high) / 2;
  slider.classList.toggle("tdl-unanswered", before === undefined);
  box.value = before ?? "";
  for (const type of ["input", "pointerdown"]) slider.addEventListener(type, () => show(slider.value));
  const value = () => box.value.slice(0, LONGEST_NUMBER);
  box.addEventListener("change", () => send({ do: "read", value: value() }));
  const label = make("label", { htmlFor: id }, `Your answer${unit ? ` (${unit.trim()})` : ""}`);
  const show = (number) => {
    slider.classList.remove("tdl-unanswered");
    slider.value = number;
    box.value = String(number);
  };
  return { element: make("div", { className: "tdl-answer" }, label, slider, box), value, show };
}

function choiceAnswer({ options, prompt }, before) {
  const name = newName();
  const inputs = options.map((_, index) =>
    make("input", { type: "radio", name, value: index, checked: index === before }),
  );
  const rows = options.map((option, index) => make("label", {}, inputs[index], ` ${option}`));
  const element = make(
    "fieldset",
    { className: "tdl-answer" },
    make("legend", { className: "tdl-hidden-text" }, prompt),
    ...rows,
  );
  const value = () => {
    const chosen = inputs.findIndex((input) => input.checked);
    return chosen < 0 ? null : chosen;
  };
  return { element, value, show: () => {} };
}

function sketchAnswer() {
  const words = "Draw your curve into the figure, from its left edge to its right, with mouse, finger or arrow keys.";
  return { element: make("p", { className: "tdl-answer" }, words), value: () => null, show: () => {} };
}

const ANSWERS = { number: numberAnswer, choice: choiceAnswer, sketch: sketchAnswer };

// ---- what it shows in each state ----

function render({ model, el }) {
  el.classList.add("tdl-question");
  el.setAttribute("role", "group");
  const question = model.get("question");
  const kind = question.statement ? "True as written?" : "Predict, then check";
  el.setAttribute("aria-label", kind);
  const heading = make("p", { className: "tdl-question-kind" }, kind);
  const statement = question.statement ? [make("blockquote", {}, question.statement)] : [];
  const form = make("div", { className: "tdl-question-form" });
  const said = make("div", { className: "tdl-question-said" });
  said.setAttribute("role", "status");
  const waiting = make("p", { className: "tdl-question-waits", hidden: true });
  waiting.setAttribute("role", "status");
  const prompt = make("p", { className: "tdl-question-prompt" }, question.prompt);
  el.append(heading, ...statement, prompt, form, waiting, said);
  for (const type of ["keydown", "keypress", "keyup"]) {
    el.addEventListener(type, (event) => !(event.ctrlKey || event.metaKey) && event.stopPropagation());
  }
  el.setAttribute("data-lm-suppress-shortcuts", "");
  let shown = null;
  let answer = null;

  const button = (label, action) => make("button", { type: "button", className: "tdl-button", onclick: action }, label);

  const gone = () => {
    form.querySelectorAll("input, button").forEach((input) => (input.disabled = true));
    said.replaceChildren(make("p", { className: "tdl-refusal" }, KERNEL_GONE));
  };
  const command = (message) => tell(model, message) || gone();

  const build = (state, value) => {
    if (state === "open") {
      answer = ANSWERS[question.kind](question, value, command);
      form.replaceChildren(
        answer.element,
        button("Commit and run", () => command({ do: "answer", value: answer.value() })),
      );
    } else {
      if (value !== undefined) answer?.show(value);
      form.querySelectorAll("input, button").forEach((input) => (input.disabled = true));
      if (state !== "running") form.append(button("Answer again", () => command({ do: "again" })));
    }
  };

  // For who leads the page, as a class's bar: it may let the run decide for many, and have the learner wait meanwhile.
  const presented = {
    kind: "question",
    element: el,
    question,
    decide: () => command({ do: "decide" }),
    wait(sentence) {
      form.inert = Boolean(sentence);
      waiting.textContent = sentence;
      waiting.hidden = !sentence;
    },
  };

  const show = () => {
    const {
      state,
      value,
      refusal = "",
      grade,
      words,
      sentence,
      share = 0,
      details,
      count,
      verdicts,
    } = model.get("status");
    say(presented, { state, sentence, verdicts });
    if (state !== shown) build(state, value);
    else if (state === "open" && value !== undefined && !refusal) answer.show(value);
    shown = state;
    el.dataset.state = state;
    el.dataset.grade = grade ?? "";
    const lines = [];
    if (refusal) lines.push(make("p", { className: "tdl-refusal" }, refusal));
    if (state === "running") lines.push(make("p", {}, `It runs: ${Math.round(100 * share)} %`));
    if (state === "checked") {
      if (grade)
        lines.push(
          make("p", { className: "tdl-grade" }, `${GRADES[grade]}. `, make("span", {}, words.replace(/^Right\.$/, ""))),
        );
      lines.push(make("p", {}, sentence));
      if (count > 1)
        lines.push(make("p", { className: "tdl-question-kind" }, `Answer ${count}; the first one counts.`));
    }
    if (state === "failed") {
      lines.push(make("p", {}, "The run stopped with an error; this is a fault of the lesson, not of your answer."));
      lines.push(make("details", {}, make("summary", {}, "Details"), make("pre", {}, details)));
    }
    said.replaceChildren(...lines);
  };
  show();
  model.on("change:status", show);
  const release = whenGone(model, gone);
  const leave = present(presented);
  return () => {
    leave();
    release();
    model.off("change:status", show);
  };
}

// Not awaited: a model hears nothing before its module has been initialized.
function initialize({ model }) {
  hearKernel(model);
}

export default { initialize, render };
