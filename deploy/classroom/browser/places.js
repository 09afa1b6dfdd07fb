// Where somebody is on a lesson's page, and what of it comes after a place.

import { page } from "../../../widgets/browser/page.js";
import { stemOf } from "./told.js";

const SETTLE_MS = 700;
const LOOK_MS = 5000;

export const stem = stemOf(location.pathname) || "index";
const headings = () => [
  ...document.querySelectorAll(":is(.jp-RenderedMarkdown, .tdl-words, .tdl-cell) :is(h1, h2, h3)"),
];
export const allCells = () => [...document.querySelectorAll(".jp-Cell, .tdl-cell")];
const cellOf = (element) => element.closest(".jp-Cell, .tdl-cell");

const wordsOf = (heading) => {
  const copy = heading.cloneNode(true);
  for (const extra of copy.querySelectorAll(".anchor-link, mjx-container, math")) extra.remove();
  return copy.textContent.trim().slice(0, 200);
};

// The section that has passed the middle of the window.
function sectionNow() {
  const passed = headings().filter(
    (each) => each.getClientRects().length && each.getBoundingClientRect().top < innerHeight / 2,
  );
  return passed.length ? wordsOf(passed.at(-1)) : "";
}

// Calls `told(section)` once the reader rests in another one.
export function onSection(told) {
  let last = null;
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const now = sectionNow();
      if (now !== last) told((last = now));
    }, SETTLE_MS);
  };
  document.addEventListener("scroll", look, { capture: true, passive: true });
  setInterval(look, LOOK_MS); // a page grows, and is shown only once it is whole
  look();
}

// The cells that come after the section of a name; none if there is no such section.
export function cellsAfter(section) {
  const all = headings();
  const at = all.findIndex((heading) => wordsOf(heading) === section);
  const next = all[at + 1];
  if (at < 0 || !next) return [];
  const cells = allCells();
  return cells.slice(Math.max(cells.indexOf(cellOf(next)), cells.indexOf(cellOf(all[at])) + 1));
}

export const goTo = (section) =>
  headings()
    .find((heading) => wordsOf(heading) === section)
    ?.scrollIntoView({ behavior: "smooth" });
export const questions = () => [...page.presented].filter(({ kind }) => kind === "question");
export const labs = () => [...page.presented].filter(({ kind }) => kind === "lab");
export const labNamed = (name) => labs().find((lab) => lab.name === name);

// Calls `show()` whenever a lab or a question comes onto the page.
export const onPresented = (show) => document.addEventListener("tdl-presented", show);
// Calls `hear(presented)` whenever one of them says something.
export const onSaid = (hear) => document.addEventListener("tdl-says", ({ detail }) => hear(detail));
