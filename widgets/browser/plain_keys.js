// Keys that are pressed in a widget of a notebook.

// Letters and arrows typed into the panel are the panel's, not commands of the notebook around it; Ctrl+S and the like
// stay the notebook's. JupyterLab listens on the document while an event descends, and minds this attribute.
export function keepPlainKeys(el) {
  const mark = (event) => {
    if (el.contains(event.target)) el.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey));
  };
  const stop = (event) => !(event.ctrlKey || event.metaKey) && event.stopPropagation();
  window.addEventListener("keydown", mark, true);
  for (const type of ["keydown", "keypress", "keyup"]) el.addEventListener(type, stop);
  return () => window.removeEventListener("keydown", mark, true);
}
