// Part of index.html.j2 and of plain pages, before those that use it: contents.js and guide.js.
globalThis.tdlParts = {
  element(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
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
