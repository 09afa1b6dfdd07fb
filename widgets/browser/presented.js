// Labs and questions of a page, for who leads it: they say what happens, and what they can be asked to do.
// Nobody listens on a page that is led by nobody.

import { page } from "./page.js";

// `one` has `kind`, `element` and functions of its own; returns a function that takes it back.
export function present(one) {
  page.presented ??= new Set();
  page.presented.add(one);
  document.dispatchEvent(new CustomEvent("tdl-presented"));
  return () => page.presented.delete(one);
}

export function say(one, what) {
  one.says = what;
  document.dispatchEvent(new CustomEvent("tdl-says", { detail: one }));
}
