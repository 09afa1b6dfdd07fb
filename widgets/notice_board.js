// The browser's end of notice_board.py.

function make(tag, content, className = "") {
  const element = document.createElement(tag);
  element.textContent = content;
  element.className = className;
  return element;
}

function render({ model, el }) {
  el.classList.add("tdl-board");
  el.setAttribute("role", "alert");
  const show = () => {
    const { kind = "", text = "", details = "", actions = [] } = model.get("notice");
    el.dataset.kind = kind;
    const parts = text ? text.split("\n").map((paragraph) => make("p", paragraph)) : [];
    for (const { label, do: command } of actions) {
      const button = make("button", label, "tdl-button");
      button.type = "button";
      button.addEventListener("click", () => {
        button.disabled = !tell(model, { do: command });
        if (button.disabled) button.after(make("p", KERNEL_GONE));
      });
      parts.push(button);
    }
    if (details) {
      const fold = document.createElement("details");
      fold.append(make("summary", "Details"), make("pre", details));
      parts.push(fold);
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
