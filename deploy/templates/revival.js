// Part of index.html.j2: shows what jupyter-widgets has given up too early.
//
// Its `get_model` looks for a model every 100 ms for two seconds and then throws, without a last look. On a slow device,
// whose page comes back late from the last of these waits, all models are there by then, and the output says "Error
// displaying widget: model not found" for good. Here it is shown again as soon as its model is there.
{
  const WIDGET = "application/vnd.jupyter.widget-view+json";
  const GIVEN_UP = "Error displaying widget: model not found";
  const LOOK_MS = 300;
  const MOST_LOOKS = 400;

  const sleep = () => new Promise((resolve) => setTimeout(resolve, LOOK_MS));

  // Called as soon as an output says that it has given up; its model may still be on the way.
  const revive = async (output, id) => {
    for (let look = 0; look < MOST_LOOKS; look++) {
      const manager = window.jupyterapp?.widgetManager;
      if (manager?.has_model(id)) {
        const view = await manager.create_view(await manager.get_model(id));
        output.textContent = "";
        output.classList.remove("jupyter-widgets");
        // Lumino's own function: it tells the widget that it is on the page.
        view.luminoWidget.constructor.attach(view.luminoWidget, output);
        return;
      }
      await sleep();
    }
  };

  const watch = (output, id) => {
    const look = () => {
      if (output.textContent !== GIVEN_UP) return false;
      watched.disconnect();
      revive(output, id).catch((error) => console.error("An output could not be shown again", error));
      return true;
    };
    const watched = new MutationObserver(look);
    if (!look()) watched.observe(output, { childList: true });
  };

  // Voilà puts an output into the place of its script.
  for (const script of document.querySelectorAll('script[type="application/vnd.voila.cell-output+json"]')) {
    const id = JSON.parse(script.textContent).data?.[WIDGET]?.model_id;
    if (!id) continue;
    const place = new MutationObserver((changes) => {
      if (!changes.some(({ removedNodes }) => [...removedNodes].includes(script))) return;
      place.disconnect();
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
      watch(added[0], id);
    });
    place.observe(script.parentElement, { childList: true });
  }
}
