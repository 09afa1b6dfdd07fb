"""plotly.js in the size that the labs need: its cartesian bundle, a third of what the plotly package ships.

It is held to the plotly.js of the plotly package: with another version of that, the package's own whole plotly.js goes
out. `python -m widgets.figure.plotlyjs` fetches the bundle of the installed version from the npm registry.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs_version

FOLDER = Path(__file__).parent
BUNDLE = FOLDER / "plotly-cartesian.min.js.gz"
NPM_PACKAGE = "plotly.js-cartesian-dist-min"
NPM_FILE = "plotly-cartesian.min.js"


def is_held() -> bool:
    """True if the bundle here is of the installed version."""
    held: str = json.loads((FOLDER / "version.json").read_text(encoding="utf-8"))["version"]
    return held == get_plotlyjs_version()


def script() -> str:
    """plotly.js as a script that defines `Plotly`."""
    if is_held():
        return gzip.decompress(BUNDLE.read_bytes()).decode()
    return files("plotly").joinpath("package_data/plotly.min.js").read_text(encoding="utf-8")


# A module of its own: no global names, and no AMD loader of the page gets hold of it.
_MODULE = (
    "const module = { exports: {} }, exports = module.exports, define = undefined;\n",
    "\nexport default module.exports;",
)


@cache
def compressed_module() -> bytes:
    """plotly.js as a module, compressed once a process."""
    return gzip.compress(script().join(_MODULE).encode(), compresslevel=6)
