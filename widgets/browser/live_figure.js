// The browser's end of live_figure.py: draws states and frames, and acknowledges what is on screen.

import { Delivery } from "./delivery.js";
import { Figure } from "./figure.js";
import { PHONE, heightOf } from "./looks.js";
import { keyOf } from "./key.js";
import { numbersOf } from "./numbers.js";
import { page } from "./page.js";
import { plotlyFor } from "./plotly_source.js";
import { onPrinting, printing } from "./printing.js";
import { hearKernel, tell } from "./telling.js";
import { carryOut } from "./traces.js";

// Pixels above which a figure is rather a square than a strip.
const TALL = 330;

// ---- one view: figures in a grid, redrawn once per animation frame ----

class View {
  constructor(Plotly, model, element) {
    Object.assign(this, { Plotly, model, element, figures: [], waiting: [], scheduled: false });
    this.delivery = new Delivery(model, (message, buffers) => this.receive(message, buffers));
    this.drawn = 0;
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.figures.forEach((f) => f.resize())));
    this.observer.observe(element);
    this.themes = new MutationObserver(() => this.figures.forEach((figure) => figure.retheme()));
    const attributes = { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] };
    this.themes.observe(document.body, attributes);
    this.onPaper = printing.matches;
    this.leavePrinting = onPrinting((yes) => {
      this.onPaper = yes;
      this.figures.forEach((figure) => figure.print(yes));
    });
  }

  receive(message, buffers) {
    if (message.type === "state") this.waiting = [];
    this.waiting.push({ ...message, numbers: numbersOf(buffers[0]) });
    this.schedule();
  }

  schedule() {
    if (this.scheduled || !this.waiting.length) return;
    this.scheduled = true;
    requestAnimationFrame(() => this.draw());
  }

  async draw() {
    const messages = this.waiting;
    this.waiting = [];
    try {
      for (const message of messages) {
        if (message.type === "state") await this.build(message.figures);
        carryOut(message.ops, message.numbers, this.figures);
      }
      await Promise.all(this.figures.map((figure) => figure.draw()));
      this.figures.forEach((figure) => figure.print(this.onPaper));
      this.figures.forEach((figure) => figure.tellSoon());
      this.element.dataset.frames = String((this.drawn += 1));
    } catch (error) {
      console.error("A live figure could not be drawn", error);
    } finally {
      this.delivery.acknowledge(messages.at(-1).n);
      this.scheduled = false;
      this.schedule();
    }
  }

  async build(specs) {
    while (this.figures.length > specs.length) {
      const figure = this.figures.pop();
      figure.close();
      figure.element.parentElement.remove();
    }
    for (const [index, spec] of specs.entries()) {
      const known = this.figures[index];
      const figure = known ?? new Figure(this.Plotly, this.slot(spec), spec);
      await figure.show(spec);
      const { caption = "", invitation } = spec.layout.meta ?? {};
      const more = document.createElement("span");
      more.className = "tdl-invitation";
      more.textContent = invitation ? `. ${invitation}` : "";
      figure.caption.replaceChildren(...[caption, more, keyOf(spec.layout)].filter((part) => part !== null));
      if (!known) {
        this.figures.push(figure);
        figure.watchZoom();
      }
      figure.letPoint((message) => tell(this.model, { ...message, figure: index }));
    }
  }

  slot(spec) {
    const holder = document.createElement("figure");
    const { height = 0, meta } = spec.layout;
    holder.className = `tdl-figure${meta?.wide ? " tdl-wide" : ""}${height > TALL ? " tdl-tall" : ""}`;
    const caption = document.createElement("figcaption");
    const plot = document.createElement("div");
    const summary = document.createElement("p");
    plot.className = "tdl-plot";
    summary.className = "tdl-summary";
    caption.id = `tdl-figure-${(page.figures = (page.figures ?? 0) + 1)}`;
    summary.id = `${caption.id}-summary`;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-labelledby", caption.id);
    plot.setAttribute("aria-describedby", summary.id);
    plot.style.height = `${heightOf(spec.layout)}px`;
    holder.append(caption, plot, summary);
    this.element.append(holder);
    return plot;
  }

  close() {
    this.delivery.close();
    this.observer.disconnect();
    this.themes.disconnect();
    this.leavePrinting();
    this.figures.forEach((figure) => figure.close());
  }
}

// On a phone the row of figures scrolls, so that it has to be reached with the keyboard too.
function focusOnPhone(el) {
  if (PHONE.matches) el.tabIndex = 0;
  else el.removeAttribute("tabindex");
}

// A lesson has some twenty figures; those that nobody has come near are not drawn, and cost nothing. On paper all are.
function nearTheScreen(el, signal) {
  return new Promise((resolve) => {
    const leave = onPrinting((yes) => yes && resolve());
    signal.addEventListener("abort", leave);
    const watch = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watch.disconnect();
        resolve();
      },
      { rootMargin: "60% 0px", scrollMargin: "60% 0px" },
    );
    watch.observe(el);
    signal.addEventListener("abort", () => watch.disconnect());
  });
}

async function render({ model, el }) {
  el.classList.add("tdl-figures");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `${model.get("label")}, figures`);
  const turn = () => focusOnPhone(el);
  turn();
  PHONE.addEventListener("change", turn);
  el.dataset.frames = "0";
  const note = document.createElement("p");
  note.className = "tdl-figures-note";
  note.textContent = "Loading the figure…";
  el.append(note);
  let view = null;
  const left = new AbortController();
  try {
    await nearTheScreen(el, left.signal);
    const Plotly = await plotlyFor(model);
    if (left.signal.aborted) return;
    note.remove();
    view = new View(Plotly, model, el);
  } catch (error) {
    note.textContent = `The figure could not be loaded. ${error.message}`;
    note.setAttribute("role", "alert");
  }
  return () => {
    left.abort();
    PHONE.removeEventListener("change", turn);
    view?.close();
  };
}

// Not awaited: a model hears nothing before its module has been initialized.
function initialize({ model }) {
  hearKernel(model);
}

export default { initialize, render };
