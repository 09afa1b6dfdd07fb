"""The words of a lesson as HTML: markdown and formulas, with nothing left for a browser to render."""

from __future__ import annotations

import re

from latex2mathml.converter import convert
from nbconvert.filters import markdown2html_mistune

_FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\n]+?)\$|(?P<code>`[^`]*`|^```.*?^```)", re.S | re.M)
_COMMENT = re.compile(r"<!--.*?-->", re.S)


def as_html(markdown: str) -> str:
    """Return markdown as HTML, its formulas as MathML."""
    formulas: list[str] = []

    def keep(found: re.Match[str]) -> str:
        if found["code"] is not None:
            return found[0]
        formulas.append(_mathml(found))
        return f"\x01{len(formulas) - 1}\x02"  # no markup of any kind, and in no text

    text = markdown2html_mistune(_FORMULA.sub(keep, _COMMENT.sub("", markdown)))
    return re.sub("\x01(\\d+)\x02", lambda found: formulas[int(found[1])], text)


def with_formulas(html: str) -> str:
    """Return HTML with the formulas in it as MathML."""
    return _FORMULA.sub(lambda found: found[0] if found["code"] else _mathml(found), html)


def _mathml(found: re.Match[str]) -> str:
    block = found["block"] is not None
    written: str = convert(found["block"] if block else found["inline"], display="block" if block else "inline")
    return written
