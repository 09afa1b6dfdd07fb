// The browser's end of notice_board.py.

import { make } from "./dom.js";
import { KERNEL_GONE, hearKernel, tell } from "./telling.js";

function render({ model, el }) {
  el.classList.add("tdl-board");
  el.setAttribute("role", "alert");
  const show = () => {
    const { kind = "", text = "", details = "", actions = [] } = model.get("notice");
    el.dataset.kind = kind;
    const parts = text ? text.split("\n").map((paragraph) => make("p", {}, paragraph)) : [];
    for (const { label, do: command } of actions) {
      const button = make("button", { type: "button", className: "tdl-button" }, label);
      button.addEventListener("click", () => {
        button.disabled = !tell(model, { do: command });
        if (button.disabled) button.after(make("p", {}, KERNEL_GONE));
      });
      parts.push(button);
    }
    if (details) {
      parts.push(make("details", {}, make("summary", {}, "Details"), make("pre", {}, details)));
    }
    el.replaceChildren(...parts);
  };
  show();
  model.on("change:notice", show);
  return () => model.off("change:notice", show);
}

// Not awaited: a model hears nothing before its module has been initialized.
function initialize({ model }) {
  hearKernel(model);
}

export default { initialize, render };
