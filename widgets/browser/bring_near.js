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

// `keeps`: the phrase stays in sight whatever happens, as a finger may be on it.
export function bringNear(link, lab, keeps = false) {
  if (!lab?.isConnected) return;
  for (let at = lab.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  const figures = lab.querySelector(".tdl-figures") ?? lab;
  const { top, bottom, height } = figures.getBoundingClientRect();
  const wanted = Math.min(ENOUGH, 0.5 * height);
  if (Math.min(bottom, innerHeight) - Math.max(top, 0) >= wanted) return;
  const phrase = link?.getBoundingClientRect();
  const isAbove = top < 0;
  const room = phrase ? (isAbove ? innerHeight - MARGIN - phrase.bottom : phrase.top - MARGIN) : 0;
  const missing = isAbove ? MARGIN - top : bottom - innerHeight + MARGIN;
  const seen = isAbove ? bottom + room : innerHeight - top + room;
  const far = keeps || seen >= ENOUGH ? Math.max(0, Math.min(room, missing)) : isAbove ? missing : top - MARGIN;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  scrollerOf(lab).scrollBy({ top: isAbove ? -far : far, behavior });
}
