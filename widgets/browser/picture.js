// A figure as a picture that says by itself what it shows, with caption, lanes and ground.

export const PICTURE = { width: 1000, height: 600, scale: 2 };
const PICTURE_TITLE = 17;
const PICTURE_LEGEND = 14;

// Words in lines that are no wider than so many pixels; plotly.js breaks none by itself.
function brokenWords(text, font, width) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (lines.at(-1) && pen.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

// plotly.js reads tags and entities in texts.
function literal(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

// The lanes that the figure's own legend does not name, each as a line of no length.
function laneKeys(data, layout) {
  const named = new Set(
    layout.showlegend ? data.filter((trace) => trace.showlegend !== false).map(({ name }) => name) : [],
  );
  return (layout.meta?.lanes ?? [])
    .filter(({ name }) => !named.has(name))
    .map(({ name, colour }) => ({
      type: "scatter",
      mode: "lines",
      x: [null],
      y: [null],
      name: literal(name),
      line: { color: colour, width: 3 },
      showlegend: true,
    }));
}

// The figure's key, in the same way.
function keyLines({ meta }, { text }) {
  return (meta?.key ?? []).map(({ name, dash, width, opacity, colour, marks }) => ({
    type: "scatter",
    mode: marks ? "markers" : "lines",
    x: [null],
    y: [null],
    name: literal(name),
    opacity,
    line: { color: colour ?? text, width, dash },
    marker: { color: colour ?? text },
    showlegend: true,
  }));
}

// A figure as drawn, ready for Plotly.downloadImage: `colours` are those of `themeColours`.
export function picture(plot, colours) {
  const layout = structuredClone(plot.layout);
  const keys = [...laneKeys(plot.data, layout), ...keyLines(layout, colours)];
  const data = layout.showlegend ? plot.data : plot.data.map((trace) => ({ ...trace, showlegend: false }));
  const room = PICTURE.width - 40;
  const lines = brokenWords(layout.meta?.caption ?? "", `600 ${PICTURE_TITLE}px system-ui, sans-serif`, room);
  const legend = [...keys, ...(layout.showlegend ? data.filter(({ showlegend }) => showlegend !== false) : [])];
  const legendRows = Math.ceil(legend.reduce((sum, { name }) => sum + 60 + 8 * String(name).length, 0) / room);
  const title = {
    text: lines.map((line) => `<b>${literal(line)}</b>`).join("<br>"),
    font: { size: PICTURE_TITLE, color: colours.text },
    x: 0,
    xref: "container",
    xanchor: "left",
    y: 1,
    yref: "container",
    yanchor: "top",
    pad: { t: 16, l: 20 },
  };
  Object.assign(layout, {
    title,
    paper_bgcolor: colours.ground,
    plot_bgcolor: colours.ground,
    showlegend: legend.length > 0,
    legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", ...layout.legend, font: { size: PICTURE_LEGEND } },
    margin: { l: 84, r: 24, b: 60, ...layout.margin, t: 28 + 1.3 * PICTURE_TITLE * lines.length + 24 * legendRows },
  });
  return { data: [...data, ...keys], layout };
}
