"""The record of a run: all that determines its numbers, settings and changes in flight."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import BaseModel, ConfigDict


class Change(BaseModel):
    """A hot field was changed in one lane when `step` updates had been made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    lane: int
    field: str
    value: float | int | bool | str


class RunRecord(BaseModel):
    """Everything that determines a run's numbers on one machine. Round-trips through JSON without loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: str
    names: tuple[str, ...]
    settings: tuple[dict[str, Any], ...]
    changes: tuple[Change, ...] = ()
    device: str = "cpu"
    torch_version: str = torch.__version__

    def until(self, step: int) -> RunRecord:
        """Return the record of the same run with the changes made before `step` only."""
        return self.model_copy(update={"changes": tuple(c for c in self.changes if c.step < step)})
