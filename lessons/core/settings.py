"""Settings of an experiment: each field is declared once, everything else derives from it.

A settings class is a frozen pydantic model whose fields are made by `setting`. Controls, validation,
the run record and the reference table all read the same declaration.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypeVar

from lessons.core.written_number import Unclear, read_number, written

Kind = Literal["number", "integer", "flag", "choice"]
Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class SettingField:
    """The declaration of one setting.

    `low` and `high` are hard bounds (a value outside is refused); `slider_low` and `slider_high` are what a slider
    offers. `hot` fields may be changed between two steps of a run. `shared` fields must agree in all lanes.
    """

    name: str
    kind: Kind
    default: Any
    label: str
    symbol: str
    unit: str
    doc: str
    low: float | None
    high: float | None
    slider_low: float | None
    slider_high: float | None
    slider_step: float | None
    scale: Scale
    hot: bool
    shared: bool
    choices: tuple[str, ...]

    @property
    def bounds(self) -> tuple[float, float]:
        """`low` and `high` of a number."""
        return cast(tuple[float, float], (self.low, self.high))

    @property
    def title(self) -> str:
        """Name for people, such as `learning rate η`."""
        return f"{self.label} {self.symbol}".strip()

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "flag":
            return "on or off"
        number = "a whole number" if self.kind == "integer" else "a number"
        return f"{number} from {written(self.bounds[0])} to {written(self.bounds[1])}"

    def refusal(self, value: Any) -> str:
        """One sentence that names the field, the value and what is allowed."""
        return f"{self.title} must be {self.allowed}, not {_short(value)}."

    def read(self, text: str) -> Any:
        """Return the value that a person has written; of a choice, what was written.

        Raises:
            SettingError: If it is no number, or may be two of them; the sentence names both.
        """
        if self.kind not in ("number", "integer"):
            return text
        value = read_number(text, self.kind == "integer", self.unit)
        if not isinstance(value, Unclear):
            return value
        if value.readings is None:
            raise SettingError([self.refusal(text)])
        raise SettingError([f"{self.title} must be {self.allowed}, not {_short(text)}, {value.said}."])


def setting(
    default: Any,
    *,
    label: str,
    doc: str,
    symbol: str = "",
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    slider: tuple[float, float] | None = None,
    slider_step: float | None = None,
    scale: Scale = "linear",
    hot: bool = False,
    shared: bool = False,
) -> Any:
    """Declare one field of a `Settings` class.

    Args:
        default: Value at the start; must itself be allowed.
        label: Name in the field's own terms ("learning rate").
        doc: One line on what it does.
        symbol: Mathematical symbol ("η").
        unit: Unit, where there is one.
        low: Smallest allowed value (required for numbers).
        high: Largest allowed value (required for numbers).
        slider: Range that a slider offers; the hard bounds if left out.
        slider_step: Step of the slider on a linear scale.
        scale: "log" for settings that matter by their order of magnitude.
        hot: True if it may change between two steps of a run.
        shared: True if all lanes of a run must agree in it.
    """
    declared: dict[str, Any] = {
        "label": label,
        "symbol": symbol,
        "unit": unit,
        "slider": slider,
        "slider_step": slider_step,
        "scale": scale,
        "hot": hot,
        "shared": shared,
    }
    return Field(default, ge=low, le=high, description=doc, json_schema_extra={"setting": declared})


class Settings(BaseModel):
    """Base of all settings: frozen, strict, no unknown fields, no inf or nan."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)

    if TYPE_CHECKING:  # made by `declared.steps`, in the settings of every experiment

        @property
        def steps(self) -> int:
            """Number of updates."""

    @classmethod
    def fields(cls) -> dict[str, SettingField]:
        """Return the declarations by name, in the order in which they were written."""
        return {name: _declaration(name, info) for name, info in cls.model_fields.items()}

    @classmethod
    def check_names(cls, names: Iterable[str]) -> None:
        """See that these are names of settings: what a program misspells is an error where it was called.

        Raises:
            TypeError: If one is not; its sentence names the nearest one.
        """
        for name in names:
            if name not in cls.model_fields:
                raise TypeError(_unknown(cls, name))

    def with_value(self, field: str, value: Any) -> Self:
        """Return a validated copy with one field changed.

        Raises:
            SettingError: If there is no such field or the value is not allowed.
        """
        return type(self).checked({**self.model_dump(), field: value})

    @classmethod
    def checked(cls, values: dict[str, Any]) -> Self:
        """Return validated settings.

        Raises:
            SettingError: If a field is unknown or a value is not allowed; its sentences name field, value, bounds.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingError(_sentences(cls, error)) from None


class SettingValues(Protocol):
    """Any settings, for functions that say by a protocol which fields they read beside."""

    @classmethod
    def fields(cls) -> dict[str, SettingField]:
        """Return the declarations by name."""


# The settings of an experiment, of its lanes, its lab: `Lanes[NetSettings]`; `Lanes` alone are lanes of any settings.
SettingsT = TypeVar("SettingsT", bound=Settings, default=Any)
SettingsT_co = TypeVar("SettingsT_co", bound=Settings, default=Settings, covariant=True)


class SettingError(ValueError):
    """A refused value. `sentences` holds one sentence per refused field."""

    def __init__(self, sentences: list[str]):
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def _declaration(name: str, info: Any) -> SettingField:
    declared = info.json_schema_extra["setting"]
    low = next((m.ge for m in info.metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in info.metadata if hasattr(m, "le")), None)
    slider_low, slider_high = declared["slider"] or (low, high)
    kind, choices = _kind(info.annotation)
    return SettingField(
        name=name,
        kind=kind,
        default=info.default,
        label=declared["label"],
        symbol=declared["symbol"],
        unit=declared["unit"],
        doc=info.description,
        low=low,
        high=high,
        slider_low=slider_low,
        slider_high=slider_high,
        slider_step=declared["slider_step"],
        scale=declared["scale"],
        hot=declared["hot"],
        shared=declared["shared"],
        choices=choices,
    )


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation)
    kinds: dict[Any, Kind] = {bool: "flag", int: "integer", float: "number"}
    return kinds[annotation], ()


def _sentences(cls: type[Settings], error: ValidationError) -> list[str]:
    return [_sentence(cls, problem) for problem in error.errors()]


def _sentence(cls: type[Settings], problem: Any) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if name not in cls.model_fields:
        return _unknown(cls, name)
    return cls.fields()[name].refusal(problem["input"])


def _unknown(cls: type[Settings], name: Any) -> str:
    near = difflib.get_close_matches(str(name)[:40], cls.model_fields, 1)
    meant = f"; did you mean {near[0]!r}?" if near else "."
    return f"There is no setting named {_short(name)}{meant}"


def _short(value: Any) -> str:
    """Show any value in at most about 40 characters, whatever was sent."""
    if isinstance(value, float):
        return written(value)
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a huge whole number"
    text = repr(value) if isinstance(value, str | int | bool | None) else f"a {type(value).__name__}"
    return text if len(text) <= 40 else text[:39] + "…"
