"""The very code that runs, in view: nothing is retyped for the page."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

import ipywidgets as ipw
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

_STYLE = """<style>
.tdl-code summary {{ cursor: pointer; font: 16px/1.6 system-ui, sans-serif; }}
.tdl-code pre {{ overflow: auto; padding: 12px; border-radius: 6px; font: 14px/1.5 monospace;
  background: #f6f8fa; color: #1f2328; }}
{colours}
</style>"""


def show_code(*parts: Any, title: str = "The code that runs") -> ipw.HTML:
    """Show the source of functions or classes behind a fold.

    Raises:
        TypeError: If something has no Python source.
    """
    formatter = HtmlFormatter(cssclass="tdl-source", style="default", nobackground=True)
    shown = "".join(highlight(textwrap.dedent(inspect.getsource(part)), PythonLexer(), formatter) for part in parts)
    style = _STYLE.format(colours=formatter.get_style_defs(".tdl-source"))
    return ipw.HTML(f"{style}<details class='tdl-code'><summary>{title}</summary>{shown}</details>")
