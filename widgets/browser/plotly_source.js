// plotly.js: asked for once a page, whichever figure comes first.

import { page } from "./page.js";
import { tell } from "./telling.js";
import { unzip } from "./unzip.js";

const PLOTLY_AGAIN_MS = 30000;

// A server of ours has let the page import it already, while the kernel was still starting.
export function plotlyFor(model) {
  const key = `plotly ${model.get("plotly_version")}`;
  page[key] = (page[key] ?? Promise.reject()).catch(() => fetchPlotly(model));
  return page[key];
}

// Asked for again while it does not come: question or answer may be lost with a connection.
function fetchPlotly(model) {
  return new Promise((resolve, reject) => {
    const receive = (message, buffers) => {
      if (message.type !== "plotly") return;
      clearInterval(timer);
      model.off("msg:custom", receive);
      evaluate(buffers[0]).then(resolve, reject);
    };
    const timer = setInterval(() => tell(model, { type: "plotly" }), PLOTLY_AGAIN_MS);
    model.on("msg:custom", receive);
    tell(model, { type: "plotly" });
  });
}

async function evaluate(gzip) {
  const source = await unzip(gzip).text();
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}
