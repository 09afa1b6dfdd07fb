// Scrolls to what a lab answers, if it cannot be seen: as little as will do, and with the phrase still in sight if both
// fit.

const ENOUGH = 160;
const MARGIN = 16;

const isScrolled = (element) =>
  /auto|scroll/.test(getComputedStyle(element).overflowY) && element.scrollHeight > element.clientHeight + 1;

function scrollerOf(element) {
  for (let at = element.parentElement; at; at = at.parentElement) if (isScrolled(at)) return at;
  return document.scrollingElement;
}

const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

// Of figures in one row, as on a phone, the row is swiped to this one.
export function swipeTo(plot) {
  const figure = plot?.closest(".tdl-figure");
  const row = figure?.parentElement;
  if (!row || row.scrollWidth <= row.clientWidth + 1) return;
  const [{ left, right }, frame] = [figure.getBoundingClientRect(), row.getBoundingClientRect()];
  if (left < frame.left - 1 || right > frame.right + 1) row.scrollBy({ left: left - frame.left, behavior: motion() });
}

// `keeps`: the phrase stays in sight whatever happens, as a finger may be on it.
export function bringNear(link, lab, keeps = false) {
  if (!lab?.isConnected) return;
  for (let at = lab.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  const figures = lab.querySelector(".tdl-figures") ?? lab;
  const scroller = scrollerOf(lab);
  const frame = scroller.getBoundingClientRect();
  const [start, end] = [Math.max(0, frame.top), Math.min(innerHeight, frame.bottom)];
  const { top, bottom, height } = figures.getBoundingClientRect();
  if (Math.min(bottom, end) - Math.max(top, start) >= Math.min(ENOUGH, 0.5 * height)) return;
  const phrase = link?.getBoundingClientRect();
  const isAbove = top < start;
  // How far the page may move until the phrase leaves it, and how far it should for all of the figures.
  const room = phrase ? (isAbove ? end - MARGIN - phrase.bottom : phrase.top - MARGIN - start) : 0;
  const missing = isAbove ? start + MARGIN - top : bottom - end + MARGIN;
  const seen = room + (isAbove ? bottom - start : end - top);
  const whole = isAbove ? missing : top - start - MARGIN;
  const far = keeps || seen >= ENOUGH ? Math.max(0, Math.min(room, missing)) : whole;
  scroller.scrollBy({ top: isAbove ? -far : far, behavior: motion() });
}
