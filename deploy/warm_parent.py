"""What the process that kernels are forked from imports once for all of them; `multiprocessing` preloads this module.

No thread may run and no CUDA context may exist when a process forks, so nothing is computed here, and no device is
asked for.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil

import ipykernel.debugger
import ipykernel.ipkernel
import ipykernel.kernelapp
import plotly.graph_objects  # noqa: F401 - all of these are imported for the kernels
import torch  # noqa: F401

import widgets
import widgets.labs


def _import_all(package: object) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


_import_all(widgets)
# What is here now is left out of every later collection: a collection writes to each object and so copies its page.
gc.collect()
gc.freeze()
