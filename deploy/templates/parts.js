// Part of index.html.j2 and of plain pages, before those that use it: citations.js, terms.js, contents.js and guide.js.
{
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // What is read beside a mark in the text; a page has one, for the mark that is pointed at or has the focus.
  class Note {
    constructor() {
      this.box = element("div", { className: "tdl-note", id: "tdl-note", hidden: true, role: "tooltip" });
      document.body.append(this.box);
      document.addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
      document.addEventListener("scroll", () => this.place(), { capture: true, passive: true });
    }

    show(mark, words) {
      this.box.replaceChildren(...words);
      this.box.hidden = false;
      this.mark = mark;
      this.place();
    }

    // Beside its mark, wherever that is scrolled to.
    place() {
      if (this.box.hidden) return;
      const { left, bottom, top } = this.mark.getBoundingClientRect();
      const { offsetWidth, offsetHeight } = this.box;
      const below = bottom + 6 + offsetHeight < innerHeight ? bottom + 6 : top - 6 - offsetHeight;
      this.box.style.left = `${Math.max(12, Math.min(left, innerWidth - offsetWidth - 12))}px`;
      this.box.style.top = `${below}px`;
    }

    hide() {
      this.box.hidden = true;
    }
  }
  let note = null;

  globalThis.tdlParts = {
    element,

    noteAt(mark, ...words) {
      note ??= new Note();
      mark.setAttribute("aria-describedby", "tdl-note");
      for (const coming of ["pointerenter", "focus"]) mark.addEventListener(coming, () => note.show(mark, words));
      for (const going of ["pointerleave", "blur"]) mark.addEventListener(going, () => note.hide());
    },

    // The same in the margin of a wide page. Readers of the screen have it at the mark.
    noteInMargin(block, ...words) {
      const tag = block.tagName === "LI" ? "li" : "p";
      block.before(element(tag, { className: "tdl-margin", ariaHidden: "true" }, ...words));
    },

    // What a browser keeps under a name; null where it keeps nothing for a page, or something that is none of ours.
    kept(name) {
      try {
        return JSON.parse(localStorage.getItem(name));
      } catch {
        return null;
      }
    },

    keep(name, what) {
      try {
        localStorage.setItem(name, JSON.stringify(what));
      } catch {
        // then it is not there next time
      }
    },
  };
}
