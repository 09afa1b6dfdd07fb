"""The very code that runs, in view: nothing is retyped for the page."""

from __future__ import annotations

import html
import inspect
import textwrap
from collections.abc import Sequence
from typing import Any, cast

import ipywidgets as ipw
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from lessons.core.rules import Rule
from lessons.core.training import LongTraining, Training, TrainingExperiment

_STYLE = """<style>
.tdl-code summary {{ cursor: pointer; font: 16px/1.6 system-ui, sans-serif; }}
.tdl-code p {{ font: 14px/1.6 system-ui, sans-serif; overflow: auto; }}
.tdl-code pre {{ overflow: auto; padding: 12px; border-radius: 6px; font: 14px/1.5 monospace;
  background: #f6f8fa; color: #1f2328; }}
{colours}
</style>"""


def show_code(*parts: Any, title: str = "The code that runs") -> ipw.HTMLMath:
    """Show the source of functions, classes and experiments behind a fold.

    An experiment's training is shown by what it measures and by its update, a rule by its update. What declares an
    equation or works that it follows has them beside its source.

    Raises:
        TypeError: If something has no Python source.
    """
    formatter = HtmlFormatter(cssclass="tdl-source", style="default", nobackground=True)
    style = _STYLE.format(colours=formatter.get_style_defs(".tdl-source"))
    shown = "".join(_explained(part, formatter) for part in parts)
    return ipw.HTMLMath(f"{style}<details class='tdl-code'><summary>{title}</summary>{shown}</details>")


def _explained(part: Any, formatter: HtmlFormatter) -> str:
    """Equation, source and works followed, as HTML."""
    sources, name = [part], ""
    works: Sequence[str] = [part.reference] if hasattr(part, "reference") else []
    if isinstance(part, type) and issubclass(part, TrainingExperiment):
        training = cast(type[Training[Any]], part.training)
        measured = training.measure_in_parts if issubclass(training, LongTraining) else training.measure
        sources, works = [measured, training.advance], part.references
    if isinstance(part, type) and issubclass(part, Rule):
        sources, name = [part.update], f"{part.name}: "
    equation = f"<p>{name}$\\displaystyle {html.escape(part.equation)}$</p>" if hasattr(part, "equation") else ""
    code = "".join(highlight(textwrap.dedent(inspect.getsource(each)), PythonLexer(), formatter) for each in sources)
    after = f"<p>After {html.escape('; '.join(works))}.</p>" if works else ""
    return equation + code + after
