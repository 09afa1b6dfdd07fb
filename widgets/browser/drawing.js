// A drawing at the head of a lesson: panes, handles and a sentence. All is computed here, as soon as a hand moves.

import { make } from "./dom.js";
import { Grip } from "./grip.js";
import { svg } from "./ink.js";
import { Pane } from "./pane.js";
import { hearKernel } from "./telling.js";

const NARROW = 640;
const GAP = 20;
const THEMES = { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] };

// Where the panes are: in rows, each with its share of the width; where that is narrow, with its `small` share.
function boxesOf(panes, whole) {
  const wide = whole >= NARROW;
  let [top, next, used] = [0, 0, 0];
  return panes.map(({ share = 1, small = 1, height = 330, narrow = 270 }) => {
    const part = wide ? share : small;
    if (used + part > 1.001) [top, used] = [next, 0];
    const box = { left: used * (whole + GAP), top, width: part * (whole + GAP) - GAP, height: wide ? height : narrow };
    used += part;
    next = Math.max(next, top + box.height + 6);
    return box;
  });
}

class Drawing {
  // `what`: `label`; `start`, the values at first, to which comes `last`, the number of the handle moved last; `panes`
  // (see Pane); `grips` (see Grip); `paint(state, panes)`, the SVG text of each pane; `words(state)`, the sentence; and
  // where a pane is coloured, `shades(state, panes, colours, paper)`.
  constructor(element, what) {
    this.what = what;
    this.state = { ...what.start };
    this.grips = what.grips.map((grip, last) => {
      return new Grip(grip, this.state, () => this.paint(Object.assign(this.state, { last })));
    });
    this.paper = make("canvas", { className: "tdl-paper" });
    this.paper.setAttribute("aria-hidden", "true");
    this.picture = svg("svg");
    this.picture.setAttribute("role", "group");
    this.picture.setAttribute("aria-label", what.label);
    this.ink = svg("g");
    this.ink.setAttribute("aria-hidden", "true");
    this.picture.append(this.ink, ...this.grips.map((grip) => grip.element));
    this.said = make("p", { className: "tdl-sentence" });
    this.element = element;
    element.classList.add("tdl-drawing");
    element.replaceChildren(make("div", { className: "tdl-sheet" }, this.paper, this.picture), this.said);
    this.picture.addEventListener("pointerdown", (event) => event.pointerType === "mouse" && this.press(event));
    this.picture.addEventListener("click", (event) => event.pointerType === "touch" && this.press(event));
    this.sizes = new ResizeObserver(() => this.layOut());
    this.sizes.observe(element);
    this.themes = new MutationObserver(() => this.paint());
    this.themes.observe(document.body, THEMES);
  }

  // A plane may be pointed at anywhere: the handle comes there.
  press(event) {
    if (event.target.closest(".tdl-grip")) return;
    const hit = (grip) => grip.what.comes && grip.pane.holds(...grip.pointOf(event));
    const grip = this.grips.find(hit);
    if (!grip) return;
    if (event.type === "click") grip.goTo(...grip.pointOf(event));
    else grip.grasp(event, [0, 0]);
  }

  layOut() {
    const whole = Math.floor(this.element.clientWidth);
    if (!whole || whole === this.whole) return;
    this.whole = whole;
    const boxes = boxesOf(this.what.panes, whole);
    const high = Math.max(...boxes.map(({ top, height }) => top + height));
    this.picture.setAttribute("width", whole);
    this.picture.setAttribute("height", high);
    this.picture.setAttribute("viewBox", `0 0 ${whole} ${high}`);
    Object.assign(this.paper, { width: whole, height: high });
    this.panes = this.what.panes.map((pane, at) => new Pane(pane, boxes[at]));
    this.paint();
  }

  paint() {
    if (!this.panes) return;
    const inside = this.what.paint(this.state, this.panes);
    const place = ({ left, top, width, height }) => `x="${left}" y="${top}" width="${width}" height="${height}"`;
    this.ink.innerHTML = this.panes
      .map((pane, at) => `${pane.frame()}<svg ${place(pane)}>${inside[at]}</svg>`)
      .join("");
    this.grips.forEach((grip) => grip.show(this.panes[grip.what.pane]));
    this.said.textContent = this.what.words(this.state);
    this.what.shades?.(this.state, this.panes, getComputedStyle(this.element), this.paper);
  }

  end() {
    this.sizes.disconnect();
    this.themes.disconnect();
  }
}

// What a module of a drawing gives as its `render`.
export function rendering(what) {
  return ({ el }) => {
    const drawing = new Drawing(el, what);
    return () => drawing.end();
  };
}

// Not awaited: a model hears nothing before its module has been initialized.
export function initialize({ model }) {
  hearKernel(model);
}
