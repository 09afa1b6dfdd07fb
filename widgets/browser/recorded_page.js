// A page of recorded runs: puts labs and questions in their places as these come near, and keeps the answers.

import { actingText } from "./acting.js";
import { make } from "./dom.js";
import { Handover } from "./handover.js";
import { page } from "./page.js";
import { onPrinting } from "./printing.js";
import { RecordedLab } from "./recorded_lab.js";
import { RecordedQuestion } from "./recorded_question.js";

const MARKS = { right: "✓ right", close: "≈ close", off: "✗ not yet" };
const { plotly, version, how, lesson } = document.currentScript.dataset;
const BEYOND = `This page plays recorded runs. ${how}`;
const handover = lesson ? new Handover(lesson) : null;
// A pointer that rests here for so long is about to change something.
const INTENT_MS = 300;

// A link to a run of somebody's own: no record has it.
const { search } = location;
if (lesson && [...new URLSearchParams(search).keys()].some((key) => key !== "theme"))
  location.replace(`${lesson}${search}`);

// ---- scripts that come when they are needed; a page without a server cannot ask for anything else ----

const asked = new Map();

function loaded(source) {
  if (!asked.has(source)) {
    const script = make("script", { src: source });
    const done = new Promise((resolve, reject) => {
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`${source} is not there`)));
    });
    asked.set(source, done);
    document.head.append(script);
  }
  return asked.get(source);
}

async function recordOf(name, source) {
  await loaded(source);
  return page.records[name];
}

function show(widget, model, element) {
  page.widgets[widget].render({ model, el: element });
  return element;
}

// ---- labs ----

// What a page with a server shows as widgets, in the order of the lesson's cells.
const widgetPlaces = [...document.querySelectorAll("[data-widget]")];

// A kernel is asked for when a person is about to use one of these.
const SETTINGS = ".tdl-controls, .tdl-more";
const PHRASES = "a[data-sets]";

function prepareAt(element) {
  let timer = 0;
  const on = (event, what) => event.target.closest?.(what);
  element.addEventListener("focusin", (event) => on(event, SETTINGS) && handover.prepare());
  element.addEventListener("pointerover", (event) => {
    clearTimeout(timer);
    if (on(event, `${SETTINGS}, ${PHRASES}`)) timer = setTimeout(() => handover.prepare(), INTENT_MS);
  });
  element.addEventListener("pointerleave", () => clearTimeout(timer));
}

async function putLab(element) {
  const { name, record } = element.dataset;
  const place = widgetPlaces.indexOf(element);
  const beyond = (lab, part, message) => (handover ? handover.take(lab, place, part, message) : BEYOND);
  const lab = new RecordedLab(await recordOf(name, record), version, { runOf: recordOf, beyond });
  const values = make("div", { className: "widget-html-content" });
  const showValues = () => (values.innerHTML = lab.readings.get("value") ?? "");
  lab.readings.on("change:value", showValues);
  showValues();
  const stage = make("div", { className: "tdl-stage" });
  const panel = make("div");
  element.classList.add("tdl-lab");
  element.replaceChildren(panel, stage);
  stage.append(make("div"), make("div"), make("div", { className: "tdl-readings" }, values));
  show("control_panel", lab.panel, panel);
  show("live_figure", lab.figure.model, stage.children[0]);
  show("notice_board", lab.board, stage.children[1]);
}

// ---- questions and answers ----

const given = new Map();

function showAnswers() {
  for (const board of document.querySelectorAll("[data-answers]")) {
    const titles = JSON.parse(board.dataset.answers);
    const right = [...given.values()].filter(([first]) => first.grade === "right").length;
    const rows = Object.entries(titles).map(([name, title]) => {
      const [first, ...later] = given.get(name) ?? [];
      return make(
        "tr",
        {},
        make("th", { scope: "row" }, title),
        make("td", {}, first ? `${MARKS[first.grade]}. ${first.words}` : "not answered"),
        make("td", {}, later.length ? MARKS[later.at(-1).grade] : ""),
      );
    });
    const heads = ["question", "first answer", "latest"].map((title) => make("th", { scope: "col" }, title));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
    table.setAttribute("aria-label", "Your answers");
    const total = Object.keys(titles).length;
    if (given.size) board.replaceChildren(make("p", {}, `${right} of ${total} right at the first answer.`), table);
  }
}

async function putQuestion(element) {
  const record = await recordOf(element.dataset.name, element.dataset.record);
  const panel = make("div");
  element.classList.add("tdl-check");
  element.replaceChildren(panel);
  const question = new RecordedQuestion(record, version, {
    onVerdict: (verdict) => {
      const noted = [...(given.get(record.name) ?? []), verdict];
      given.set(record.name, noted);
      showAnswers();
      return noted.length;
    },
    onFigure: (model) => element.append(show("live_figure", model, make("div"))),
  });
  show("question_panel", question.panel, panel);
}

// ---- the page ----

const PUT = { lab: putLab, question: putQuestion };

async function put(element) {
  try {
    await PUT[element.dataset.kind](element);
  } catch (error) {
    console.error(error);
    element.replaceChildren(
      make("p", { role: "alert" }, `This part of the page could not be loaded: ${error.message}.`),
    );
  }
}

page[`plotly ${version}`] = loaded(plotly).then(() => globalThis.Plotly);
const places = new Set(document.querySelectorAll("[data-record]"));

function come(place) {
  watch.unobserve(place);
  if (places.delete(place)) put(place);
}

const watch = new IntersectionObserver(
  (entries) => entries.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => come(target)),
  { rootMargin: "100% 0px" },
);
places.forEach((place) => watch.observe(place));

for (const place of document.querySelectorAll("[data-drawing]")) show(place.dataset.drawing, null, place);

if (handover) prepareAt(document.querySelector("main"));

// A phrase may speak of a lab that nobody has come near.
actingText((name) => {
  const found = [...places].filter(({ dataset }) => dataset.kind === "lab" && dataset.name === name);
  found.forEach(come);
  return found.length > 0;
});
onPrinting((yes) => yes && places.forEach(come));
