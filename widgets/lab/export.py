"""A lab's run as a page of its own: the figures as they are, with plotly.js inside, to open years later offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from lessons.core.record import RunRecord
from widgets.browser.browser_module import bundled
from widgets.figure import plotlyjs

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222;
  background: #fff; }}
#figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 1.5rem 1rem; }}
figure {{ margin: 0; min-width: 0; }} figure.wide {{ grid-column: 1 / -1; }} figcaption {{ font-weight: 600; }}
.tdl-key {{ display: flex; flex-wrap: wrap; gap: 0 14px; font-weight: 400; font-size: 0.9em; }}
.tdl-key > span {{ display: inline-flex; align-items: center; gap: 6px; }}
.lanes {{ display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 0; margin: 0 0 1rem; list-style: none; }}
table {{ border-collapse: collapse; }} th, td {{ padding: 4px 12px 4px 0; text-align: left; vertical-align: top; }}
small {{ display: block; }} pre {{ overflow: auto; background: #f3f3f3; padding: 1rem; }}
.tdl-dot {{ display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; forced-color-adjust: none; }}
@page {{ margin: 12mm; }}
@media print {{
  body {{ margin: 0; padding: 0; max-width: none; font-size: 12px; }}
  #figures {{ grid-template-columns: 1fr 1fr; }} figure {{ break-inside: avoid; }}
  .modebar, details {{ display: none; }}
  .plot, .plot .svg-container, .plot .main-svg {{ width: 100% !important; height: auto !important; }}
  .plot .svg-container > .main-svg:first-child {{ position: static !important; }}
}}
</style></head><body>
<h1>{title}</h1>
{lanes}
<div id="figures"></div>
{readings}
<details><summary>The run, so that it can be made again</summary><pre>{record}</pre></details>
<script>{plotly}</script>
<script type="application/json" id="data">{figures}</script>
<script>
{printing}
{key}
const figures = JSON.parse(document.getElementById("data").textContent);
const plots = figures.map(({{ layout }}) => {{
  const figure = document.createElement("figure");
  figure.className = layout.meta?.wide ? "wide" : "";
  const caption = document.createElement("figcaption");
  caption.textContent = layout.meta?.caption ?? "";
  caption.append(keyOf(layout) ?? "");
  const plot = document.createElement("div");
  plot.className = "plot";
  figure.append(caption, plot);
  document.getElementById("figures").append(figure);
  return plot;
}});
figures.forEach(({{ data, layout }}, index) => {{
  const shown = {{ ...layout, autosize: true, width: undefined }};
  Plotly.newPlot(plots[index], data, shown, {{ responsive: true, displaylogo: false }});
}});
onPrinting((yes) => letShrink(document.getElementById("figures"), yes));
</script></body></html>
"""


def html_page(
    title: str, figures: Sequence[dict[str, Any]], readings: str, record: RunRecord, colours: Sequence[str] = ()
) -> str:
    """Return a page that needs nothing but a browser.

    Args:
        title: Name of the lab.
        figures: Plotly figures as dicts, as of `LiveFigure.figures_now`.
        readings: The table of readings as HTML, as of `widgets.view.readings.readings_table`.
        record: The run.
        colours: Of its lanes, which are listed with their names; left out where a run has others, as a sweep's.
    """
    # "</script>" in a lane's name must not end the script that holds it.
    data = json.dumps(list(figures)).replace("</", "<\\/")
    return _PAGE.format(
        title=escape(title),
        lanes=_lanes(record.names, colours),
        readings=readings,
        record=escape(record.model_dump_json(indent=1)),
        figures=data,
        plotly=plotlyjs.script(),
        printing=bundled("printing.js"),
        key=bundled("key.js"),
    )


def _lanes(names: Sequence[str], colours: Sequence[str]) -> str:
    """The legend of all figures; none for a single lane."""
    if len(names) < 2 or len(names) != len(colours):
        return ""
    dots = (
        f"<li><span class='tdl-dot' style='background:{c}'></span>{escape(n)}</li>"
        for n, c in zip(names, colours, strict=True)
    )
    return f"<ul class='lanes' aria-label='Lanes'>{''.join(dots)}</ul>"
