// Figures on paper. All are drawn, in the colours of paper, and each as wide as its place.

export const PRINTED = { text: "#000", grid: "#ddd", line: "#888", ground: "#fff" };
export const printing = matchMedia("print");

// Call `act(true)` when the page is about to be printed and `act(false)` afterwards; returns how to stop that.
export function onPrinting(act) {
  const [begin, end, turn] = [() => act(true), () => act(false), () => act(printing.matches)];
  window.addEventListener("beforeprint", begin);
  window.addEventListener("afterprint", end);
  printing.addEventListener("change", turn);
  return () => {
    window.removeEventListener("beforeprint", begin);
    window.removeEventListener("afterprint", end);
    printing.removeEventListener("change", turn);
  };
}

// A drawing has the size of its place on the screen. With a viewBox, live_figure.css can let it shrink on paper.
export function letShrink(element, yes) {
  for (const drawing of element.querySelectorAll(".main-svg")) {
    if (yes) drawing.setAttribute("viewBox", `0 0 ${drawing.getAttribute("width")} ${drawing.getAttribute("height")}`);
    else drawing.removeAttribute("viewBox");
  }
}
