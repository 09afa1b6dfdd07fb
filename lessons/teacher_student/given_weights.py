"""The file of a trained net's weights that somebody gives to the lessons. None is ever fetched."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "TRAINING_DYNAMICS_WEIGHTS"
PATTERN = "*_bn*.pth"  # as torchvision names the files of VGG nets with batch normalization


def given_weights(folder: Path) -> Path | None:
    """Return the file that is given, or None.

    It is the one that the environment variable `VARIABLE` names, else the first beside the notebooks whose name fits
    `PATTERN`. Only who runs the lessons can set either: no page can ask for a file.

    Args:
        folder: Where the notebooks are.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    return next(iter(sorted(folder.glob(PATTERN))), None)
