// How a figure looks here: in the colours of the page, with larger type on a projector, and lower on a phone.

export const PHONE = matchMedia("screen and (max-width: 760px)");
const PHONE_HEIGHT = 240;
const FORCED = matchMedia("(forced-colors: active)");

export function themeColours(element) {
  const style = getComputedStyle(element);
  if (FORCED.matches) {
    // The person's own colours: the figure's text has the system's, and its ground shows through.
    const { color } = style;
    return {
      text: color,
      grid: "rgba(128,128,128,0.4)",
      line: color,
      ground: getComputedStyle(document.body).backgroundColor,
    };
  }
  const colour = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: colour("--jp-content-font-color1", "#222"),
    grid: colour("--jp-border-color2", "#ddd"),
    line: colour("--jp-border-color1", "#bbb"),
    ground: colour("--jp-layout-color1", "#fff"),
  };
}

export function themed(layout, { text, grid, line, ground }) {
  const changes = {
    "font.color": text,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    "hoverlabel.bgcolor": ground,
    "hoverlabel.font.color": text,
    "modebar.bgcolor": "rgba(0,0,0,0)",
    "modebar.color": line,
    "modebar.activecolor": text,
  };
  const axes = new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))]);
  for (const axis of axes) {
    changes[`${axis}.gridcolor`] = grid;
    changes[`${axis}.zerolinecolor`] = line;
    changes[`${axis}.linecolor`] = line;
  }
  return changes;
}

// The layout with changes that are named as in Plotly.relayout: "xaxis.gridcolor".
export function within(layout, changes) {
  const changed = structuredClone(layout);
  for (const [key, value] of Object.entries(changes)) {
    const path = key.split(".");
    const last = path.pop();
    path.reduce((at, name) => (at[name] ??= {}), changed)[last] = value;
  }
  return changed;
}

function typeScale() {
  return Math.min(1.6, Math.max(1, 1 + (0.3 * (innerWidth - 1280)) / 640));
}

export function heightOf(layout) {
  const height = layout.height ?? 300;
  return PHONE.matches ? Math.min(height, PHONE_HEIGHT) : Math.round(height * typeScale());
}

// Notes in the size of the page, and on its ground where they have one: no curve goes through their words.
export function notesHere(annotations, { ground }) {
  return annotations.map((note) => ({
    ...note,
    font: { ...note.font, size: (note.font?.size ?? 12) * typeScale() },
    ...(note.bgcolor ? { bgcolor: ground } : {}),
  }));
}

// plotly.js writes 2 and 5 between two powers of ten smaller than an axis' type.
const LOG_TYPE = 16 / 15;

export function sized(layout) {
  const scale = typeScale();
  const changes = { dragmode: PHONE.matches || layout.meta?.pointer ? false : (layout.dragmode ?? "zoom") };
  const put = (key, size) => size && (changes[key] = size * scale);
  put("font.size", layout.font?.size);
  put("legend.font.size", layout.legend?.font?.size);
  for (const [side, size] of Object.entries(layout.margin ?? {})) put(`margin.${side}`, size);
  if (PHONE.matches && !layout.showlegend) changes["margin.t"] = 10;
  for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
    const enlarged = layout[axis].type === "log" ? LOG_TYPE : 1;
    put(`${axis}.tickfont.size`, (layout[axis].tickfont?.size ?? 0) * enlarged);
    put(`${axis}.title.font.size`, layout[axis].title?.font?.size);
  }
  return changes;
}
