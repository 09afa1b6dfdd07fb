"""A long run's state on disk, from which it goes on with the same numbers."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on.

    Attributes:
        settings: Of `LongRunSettings`, by name.
        state: From `LongRun.state`.
        series_bytes: Length of the series file at that time.
    """

    settings: dict[str, Any]
    state: dict[str, Any]
    series_bytes: int


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Replace the file in one move: whenever the process is killed, a whole checkpoint is there."""
    waiting = path.with_name(f"{path.name}.new")
    with waiting.open("wb") as file:
        torch.save({"format": FORMAT, **asdict(checkpoint)}, file)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)


def load_checkpoint(path: Path, device: str) -> Checkpoint:
    """Read a checkpoint; the file may hold tensors, numbers, texts and containers, and runs no code.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If the file is no checkpoint.
    """
    try:
        stored = torch.load(path, map_location=device, weights_only=True)
        if stored.pop("format") != FORMAT:
            raise ValueError("it was written by another version")
        return Checkpoint(**stored)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a checkpoint: {error}") from error
