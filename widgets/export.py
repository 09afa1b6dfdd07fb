"""A lab's run as a page of its own: the figures as they are, with plotly.js inside, to open years later offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

from lessons.core.run import RunRecord

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; }}
figure {{ margin: 0 0 1.5rem; }} figcaption {{ font-weight: 600; }}
table {{ border-collapse: collapse; }} th, td {{ padding: 4px 12px 4px 0; text-align: left; vertical-align: top; }}
small {{ display: block; }} pre {{ overflow: auto; background: #f3f3f3; padding: 1rem; }}
.tdl-dot {{ display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px; }}
</style></head><body>
<h1>{title}</h1>
<div id="figures"></div>
{readings}
<details><summary>The run, so that it can be made again</summary><pre>{record}</pre></details>
<script>{plotly}</script>
<script type="application/json" id="data">{figures}</script>
<script>
for (const {{ data, layout }} of JSON.parse(document.getElementById("data").textContent)) {{
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = layout.meta?.caption ?? "";
  const plot = document.createElement("div");
  figure.append(caption, plot);
  document.getElementById("figures").append(figure);
  const shown = {{ ...layout, autosize: true, width: undefined }};
  Plotly.newPlot(plot, data, shown, {{ responsive: true, displaylogo: false }});
}}
</script></body></html>
"""


def html_page(title: str, figures: Sequence[dict[str, Any]], readings: str, record: RunRecord) -> str:
    """Return a page that needs nothing but a browser.

    Args:
        title: Name of the lab.
        figures: Plotly figures as dicts, as of `LiveFigure.figures_now`.
        readings: The table of readings as HTML, as of `widgets.readings.readings_table`.
        record: The run.
    """
    # "</script>" in a lane's name must not end the script that holds it.
    data = json.dumps(list(figures)).replace("</", "<\\/")
    plotly = files("plotly").joinpath("package_data/plotly.min.js").read_text(encoding="utf-8")
    kept = escape(record.model_dump_json(indent=1))
    return _PAGE.format(title=escape(title), readings=readings, record=kept, figures=data, plotly=plotly)
