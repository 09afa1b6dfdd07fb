"""A question as a teacher's page puts it to a class, and what answers to it are worth: JSON, checked."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from widgets.quiz.answer_kinds import AnswerKind, Choice, Number, Sketch

MOST_POINTS = 2000
# Beyond, what is computed of two numbers may be no number any more, and no JSON; on a logarithmic axis in decades.
LARGEST, MOST_DECADES = 1e300, 300.0
Words = Annotated[str, Field(max_length=2000)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Content(BaseModel):
    """Base of all that comes from a page: strict, no unknown fields, nothing without an end."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Axis(Content):
    """An axis of a sketch; of a logarithmic one the range is in decades."""

    title: Words
    log: bool
    range: tuple[Finite, Finite]

    @model_validator(mode="after")
    def _has_a_height(self) -> Axis:
        low, high = self.range
        most = MOST_DECADES if self.log else LARGEST
        if not -most <= low < high <= most:
            raise ValueError("no axis")
        return self


class Axes(Content):
    """What a sketch is drawn on: its values stand at so many columns, evenly spaced on the x axis."""

    x: Axis
    y: Axis
    columns: Annotated[int, Field(ge=2, le=200)]


class Asked(Content):
    """A question, as `widgets.quiz.described.described` writes it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    prompt: Words
    statement: Words
    kind: Literal["number", "choice", "sketch"]
    low: Finite = 0.0
    high: Finite = 1.0
    step: Finite = 1.0
    tolerance: Finite = 0.0
    unit: Annotated[str, Field(max_length=40)] = ""
    options: Annotated[list[Words], Field(max_length=20)] = []
    axes: Axes | None = None

    @property
    def words(self) -> str:
        """All that is asked, in one line: a statement that is true or not, and the question."""
        return f"{self.statement} {self.prompt}" if self.statement else self.prompt

    @property
    def answer(self) -> AnswerKind:
        """What kind of answer it takes."""
        if self.kind == "number":
            return Number(self.low, self.high, self.step, self.tolerance, self.unit)
        if self.kind == "choice":
            return Choice(tuple(self.options))
        return Sketch(self.tolerance)


class Graded(Content):
    """What is said to one of the options of a choice."""

    grade: Literal["right", "close", "off"]
    words: Words


class OfChoice(Content):
    """What each option is worth."""

    options: Annotated[list[Graded], Field(min_length=1, max_length=20)]


class Misread(Content):
    """A wrong number that has a reason, and the sentence about it."""

    answer: Finite
    sentence: Words


class OfNumber(Content):
    """The measured number, how far off is right, and how many times that is close."""

    truth: Finite
    tolerance: Finite
    close: Finite
    words: Words
    misreadings: Annotated[list[Misread], Field(max_length=20)] = []


class Curve(Content):
    """A measured curve; None where it has no value."""

    x: Annotated[list[Finite], Field(min_length=2, max_length=MOST_POINTS)]
    y: Annotated[list[Finite | None], Field(min_length=2, max_length=MOST_POINTS)]

    @model_validator(mode="after")
    def _goes_on(self) -> Curve:
        if len(self.x) != len(self.y) or any(after < before for before, after in pairwise(self.x)):
            raise ValueError("no curve")
        return self


class OfSketch(Content):
    """The measured curve, on which axis heights are compared, and what is right and close as shares of its height."""

    curve: Curve
    axis: Axis
    title: Words
    tolerance: Finite
    close: Finite


class Worth(Content):
    """What the run says, as `widgets.quiz.described.worth` writes it."""

    sentence: Words
    verdicts: OfChoice | OfNumber | OfSketch


WORTH_OF: dict[str, type[Any]] = {"choice": OfChoice, "number": OfNumber, "sketch": OfSketch}
