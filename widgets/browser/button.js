// A button of a lab.

import { make } from "./dom.js";

export function labButton(label, title, action, className = "") {
  return make("button", { type: "button", className: `tdl-button ${className}`, title, onclick: action }, label);
}
