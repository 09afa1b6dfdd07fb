// Renders again what jupyter-widgets gave up too early, in JupyterLab.
//
// Its `get_model` looks for a model every 100 ms for two seconds and throws without a last look. Where a page is busy and
// comes back late, an output says "model not found" for good, though all models are there. Pages of Voilà have their own
// mend (deploy/templates/revival.js), for Voilà keeps no list of outputs.

import { page } from "./page.js";

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const GIVEN_UP = "Error displaying widget: model not found";
const REVIVE_EVERY_MS = 1000;
const REVIVE_LOOKS = 30;

// Called for each model that a page gets; looks after the outputs of its notebook for half a minute, once.
export function lookAfterOutputs(manager) {
  const known = (page.lookedAfter ??= new WeakSet());
  const cells = manager?.context?.model?.cells;
  if (!cells || known.has(manager)) return;
  known.add(manager);
  let looks = 0;
  const timer = setInterval(() => {
    if ((looks += 1) >= REVIVE_LOOKS) clearInterval(timer);
    const outputs = document.querySelectorAll(".jp-OutputArea-output");
    if ([...outputs].some((output) => output.textContent === GIVEN_UP)) revive(manager, cells).catch(console.error);
  }, REVIVE_EVERY_MS);
}

// An output that is set is rendered again; only those are whose model is there and shown nowhere.
async function revive(manager, cells) {
  for (const { outputs } of cells) {
    for (let index = 0; index < (outputs?.length ?? 0); index++) {
      const id = outputs.get(index).data?.[WIDGET_VIEW]?.model_id;
      if (!id || !manager.has_model(id)) continue;
      const { views } = await manager.get_model(id);
      if (!Object.keys(views ?? {}).length) outputs.set(index, outputs.get(index).toJSON());
    }
  }
}
