"""A sentence on the page, where a figure would have stood."""

from __future__ import annotations

import ipywidgets as ipw


def said(html: str) -> ipw.HTML:
    """Show it; what comes from outside has to be escaped by then."""
    return ipw.HTML(f"<div class='tdl-said'>{html}</div>")
