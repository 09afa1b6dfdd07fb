// What a link in a lesson's text asks of a lab: "#lab=parabola&preset=for+ever&play". Where nothing acts on it, it leads
// nowhere.

export const ACTING = 'a[href^="#lab="], a[data-act]';
const PRESSED = { reset: "back at the start", step: "one step made", play: "playing" };
const WORDS = new Set(["lab", "preset", "lane", "go_to", "scrub", "from", "to", "trace", "figure"]);

// All that is not a word of its own is a setting, with the value that it gets.
export function wishOf(fragment) {
  const asked = new URLSearchParams(fragment.replace(/^#/, ""));
  const number = (name) => (asked.has(name) ? Number(asked.get(name)) : null);
  return {
    lab: asked.get("lab"),
    preset: asked.get("preset"),
    lane: asked.get("lane"),
    settings: [...asked].filter(([name]) => !WORDS.has(name) && !(name in PRESSED)),
    goTo: number("go_to"),
    buttons: Object.keys(PRESSED).filter((name) => asked.has(name)),
    scrub: asked.get("scrub"),
    range: [number("from"), number("to")],
    traces: asked.getAll("trace"),
    figure: asked.get("figure"),
  };
}

export const fragmentOf = (link) => link.dataset.act ?? link.getAttribute("href");

// ---- what is to be done, one after the other ----

function placeOf(list, name, kind) {
  const place = list.findIndex((each) => each.name === name);
  if (place < 0) throw new Error(`There is no ${kind} "${name}" in this lab now.`);
  return place;
}

export function fieldOf(model, name) {
  const field = model.get("fields").find((each) => each.name === name);
  if (!field) throw new Error(`This lab has no setting "${name}".`);
  return field;
}

// A flag is on or off; a number goes as it is written, and the kernel reads it.
const sent = ({ kind }, text) => (kind === "flag" ? text === "true" : text);

const isSame = ({ kind }, value, text) =>
  kind === "number" || kind === "integer" ? value === Number(text) : String(value) === text;

// Whether a setting of the chosen lane has this value.
export function isSet(model, name, text) {
  const values = model.get("lanes")[model.get("selected")]?.values;
  return values !== undefined && isSame(fieldOf(model, name), values[name], text);
}

// Each is a function of the lab's model as it is when its turn comes: what is sent (`message`; null if it is so
// already), when it has been done (`holds`), and what is said of it. It throws where there is no such thing.
export function deedsOf({ preset, lane, settings, goTo, buttons }) {
  const choose = (model) => {
    const index = placeOf(model.get("presets"), preset, "preset");
    return {
      message: { do: "preset", index },
      holds: () => model.get("preset") === index,
      words: `"${preset}" chosen`,
    };
  };
  const select = (model) => {
    const index = placeOf(model.get("lanes"), lane, "lane");
    const holds = () => model.get("selected") === index;
    return { message: holds() ? null : { do: "select", lane: index }, holds, words: `lane "${lane}" chosen` };
  };
  const give = (name, text) => (model) => {
    const field = fieldOf(model, name);
    const holds = () => isSet(model, name, text);
    const message = { do: "set", field: name, value: sent(field, text), lane: model.get("selected") };
    return { message: holds() ? null : message, holds, words: `${field.label} set to ${text}` };
  };
  const go = (model) => ({
    message: { do: "go_to", step: String(goTo) },
    holds: () => model.get("transport").step >= goTo,
    words: `step ${goTo}`,
  });
  const press = (name) => () => ({ message: { do: name }, holds: () => true, words: PRESSED[name] });
  // A situation with a change of its own begins with it: the first change alone would begin the run.
  const isAnew = preset !== null && settings.length && buttons.includes("play") && !buttons.includes("reset");
  return [
    ...(preset === null ? [] : [choose]),
    ...(lane === null ? [] : [select]),
    ...settings.map(([name, text]) => give(name, text)),
    ...(goTo === null ? [] : [go]),
    ...(isAnew ? ["reset"] : []).concat(buttons).map(press),
  ];
}
