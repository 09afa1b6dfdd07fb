// Elements of a page.

// An element with attributes, listeners ("onclick") and children.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// Whether a person types into a box something that was not entered yet.
export const isBeingTyped = (box) => box === document.activeElement && box.value !== box.defaultValue;

// Shows a text in a box. What is selected to be typed over stays so: answers to earlier numbers come at any time.
export function showText(box, text) {
  const shown = String(text);
  const whole =
    box === document.activeElement && box.value !== "" && box.selectionEnd - box.selectionStart === box.value.length;
  if (box.value !== shown) {
    box.value = shown;
    if (whole) box.select();
  }
  box.defaultValue = shown;
}
