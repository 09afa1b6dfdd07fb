"""What the process that kernels are forked from does once for all of them; `multiprocessing` preloads this module.

No thread may run and no CUDA context may exist when a process forks. So no device is asked for, and no gradient is
computed: autograd would start a thread for each device.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import pkgutil

import ipykernel.debugger
import ipykernel.kernelapp  # noqa: F401 - imported for the kernels, as the line above
from ipywidgets import Widget

import widgets
from widgets import code_view, live_figure
from widgets.labs import divergence


def _import_all(package: object) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


async def _draw() -> None:
    """Draw a lab and forget it: plotly and pydantic make much of what they need at its first use."""
    divergence.parabola()
    code_view.show_code(_import_all)
    live_figure.plotly_bundle()
    await asyncio.sleep(0.2)
    Widget.close_all()


_import_all(widgets)
_loop = asyncio.new_event_loop()
_loop.run_until_complete(_draw())
_loop.close()
# What is here now is left out of every later collection: a collection writes to each object and so copies its page.
gc.collect()
gc.freeze()
