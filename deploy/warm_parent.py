"""One-time work of the process that kernels are forked from; `multiprocessing` preloads this module.

No thread may run and no CUDA context may exist when a process forks. So no device is asked for, and no gradient is
computed: autograd would start a thread for each device.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
from types import ModuleType

import ipykernel.debugger
import ipykernel.kernelapp  # noqa: F401 - imported for the kernels, as the line above
import torch
from ipywidgets import Widget

import widgets
from widgets.figure import live_figure, plotlyjs
from widgets.figure.colours import LANE_COLOURS
from widgets.labs.divergence.parabola import ParabolaView
from widgets.page import code_view


def _import_all(package: ModuleType) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def _draw() -> None:
    """Make figures and forget them: plotly makes much at its first use. Not a lab: it asks what devices there are."""
    live_figure.LiveFigure(ParabolaView().figures(["a lane"], [LANE_COLOURS[0]]))
    code_view.show_code(_import_all)
    plotlyjs.compressed_module()
    Widget.close_all()


torch.set_num_threads(1)  # also where a notebook computes without a lab; many kernels share the cores
_import_all(widgets)
_draw()
# What is here now is left out of every later collection: a collection writes to each object and so copies its page.
gc.collect()
gc.freeze()
