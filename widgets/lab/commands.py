"""Commands that a person, or a hostile client, may give a lab: checked before anything happens.

A number that was typed comes as it was typed; it is read here, or by its setting.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from lessons.core.written_number import Unclear, read_number


def _read(text: Any, whole: bool) -> Any:
    """Read a number that was typed; what is none is left as it is, and refused by its type."""
    value = read_number(text, whole) if isinstance(text, str) else text
    if isinstance(value, Unclear) and value.readings:
        raise PydanticCustomError("two_readings", "{said}", {"said": value.said})
    return text if isinstance(value, Unclear) else value


def _read_limit(text: Any) -> Any:
    return None if isinstance(text, str) and text.strip() in ("", "never") else _read(text, whole=False)


Step = Annotated[int, Field(ge=0, le=10**9), BeforeValidator(lambda text: _read(text, whole=True))]
Limit = Annotated[Annotated[float, Field(gt=0, le=1e12)] | None, BeforeValidator(_read_limit)]


class Command(BaseModel):
    """Base of all commands: strict, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Transport(Command):
    """Play, pause and the like: a button with nothing to add."""

    do: Literal["play", "pause", "step", "reset", "new_seed", "add_lane", "back_to_own", "rewind", "share"]


class SetValue(Command):
    """Give a setting of one lane a value, or what was typed for one; the settings class checks it."""

    do: Literal["set"]
    lane: int
    field: str
    value: Any


class SetSpeed(Command):
    """Steps a second."""

    do: Literal["speed"]
    value: Annotated[float, Field(ge=1, le=10_000)] | Literal["fastest"]


class SetStopBelow(Command):
    """Pause when every lane's loss is below a value; None, or an empty box, for never."""

    do: Literal["stop_below"]
    value: Limit


class SetRestart(Command):
    """Start the run again at every change, or go on with it."""

    do: Literal["restart_on_change"]
    value: bool


class SetDevice(Command):
    """Choose the device to train on."""

    do: Literal["device"]
    value: Literal["cpu", "cuda"]


class LoadPreset(Command):
    """Load one of the lab's presets."""

    do: Literal["preset"]
    index: int


class OnLane(Command):
    """Choose or remove a lane."""

    do: Literal["select", "remove_lane"]
    lane: int


class RenameLane(Command):
    """Give a lane a name."""

    do: Literal["rename"]
    lane: int
    name: Annotated[str, Field(max_length=40)]


class Place(Command):
    """A person pointed at a place in a figure."""

    do: Literal["place"]
    figure: str
    x: float
    y: float


class Draw(Command):
    """A person drew a curve into a figure; None where nothing is drawn."""

    do: Literal["draw"]
    figure: str
    x: Annotated[list[float], Field(min_length=2, max_length=1000)]
    y: Annotated[list[float | None], Field(min_length=2, max_length=1000)]


class OpenLink(Command):
    """The query string of the page: sent once, when the page is there."""

    do: Literal["open_link"]
    search: str


class OpenRun(Command):
    """Open the run that a link's query string holds, in place of what is there: sent by who leads the class."""

    do: Literal["open_run"]
    search: str


class Glimpse(Command):
    """Say in a few numbers how the run goes, for who watches many at once; nothing of it changes."""

    do: Literal["glimpse"]


class Gather(Command):
    """Train the runs that a class has handed in, a link's query string each, side by side."""

    do: Literal["gather"]
    searches: Annotated[list[str], Field(min_length=1, max_length=500)]


class GoTo(Command):
    """Go back to a step, or on to it."""

    do: Literal["go_to"]
    step: Step
    opening: bool = False  # the lab's own first move: what a person does next is as if nothing had been done


class Fork(Command):
    """Go to a step with one more lane, that has the past of another."""

    do: Literal["fork"]
    lane: int
    step: Step


class SaveFile(Command):
    """Send a file of the run to the browser; a script is of one lane."""

    do: Literal["save"]
    kind: Literal["csv", "html", "script"]
    lane: int


AnyCommand = Annotated[
    Transport
    | SetValue
    | SetSpeed
    | SetStopBelow
    | SetRestart
    | SetDevice
    | LoadPreset
    | OnLane
    | RenameLane
    | Place
    | Draw
    | OpenLink
    | OpenRun
    | Gather
    | Glimpse
    | GoTo
    | Fork
    | SaveFile,
    Field(discriminator="do"),
]
_ADAPTER: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
# Commands with a box of their own, and in which of their fields it is.
TYPED = {"stop_below": "value", "go_to": "step", "fork": "step"}
_NOT_UNDERSTOOD = "This lab did not understand what was asked of it."
_REFUSALS = {
    "speed": "The speed is a number from 1 to 10000 steps a second, or as fast as it goes.",
    "stop_below": "The loss to stop below is a number above 0, or empty for never.",
    "rename": "The name of a lane has at most 40 characters.",
    "go_to": "The step to go to is a whole number from 0 on.",
    "fork": "The step to fork at is a whole number from 0 on.",
    "device": "The device is cpu or cuda.",
}


class CommandError(ValueError):
    """A command that is not understood; the message is one sentence for the person."""


def parse_command(content: Any) -> Command:
    """Return the command that a message holds.

    Raises:
        CommandError: If it is none, or a value in it is not allowed.
    """
    asked = content.get("do") if isinstance(content, dict) else None
    if not isinstance(asked, str):
        raise CommandError(_NOT_UNDERSTOOD)
    try:
        return _ADAPTER.validate_python(content)
    except (ValidationError, RecursionError) as error:
        raise CommandError(_sentence(asked, content, error)) from None


def _sentence(asked: str, content: dict[str, Any], error: Exception) -> str:
    allowed = _REFUSALS.get(asked, _NOT_UNDERSTOOD)
    typed = content.get(TYPED.get(asked, ""))
    if not isinstance(typed, str):
        return allowed
    if not typed.strip():
        return f"{allowed[:-1]}; the box is empty."
    problems = error.errors() if isinstance(error, ValidationError) else []
    unclear = [problem["msg"] for problem in problems if problem["type"] == "two_readings"]
    shown = repr(typed if len(typed) <= 20 else f"{typed[:19]}…")
    return f"{allowed[:-1]}; not {', '.join([shown, *unclear[:1]])}."
