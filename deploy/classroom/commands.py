"""What a teacher and a member may ask of a class: checked before anything happens; anything else is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from deploy.classroom.asked import LARGEST, Asked, Content, Finite, Worth
from deploy.classroom.refusal import Refused

LONGEST_SEARCH = 7000
Height = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Id = Annotated[int, Field(ge=1, le=2**53)]
# Stem or file name of a lesson, and the name of a lab: what may stand in an address.
Name = Annotated[str, Field(pattern=r"^[\w. -]{1,120}$")]
Section = Annotated[str, Field(max_length=200)]
# The query of a link to a lab, as `widgets.lab.link` writes it. The lab that opens it checks each setting.
Search = Annotated[str, Field(pattern=r"^[\w.~%+=*&-]+$", max_length=LONGEST_SEARCH)]


class Command(Content):
    """Base of all commands."""


# ---- of the teacher ----


class Ask(Command):
    """Put a question to the class."""

    do: Literal["ask"]
    lesson: Name
    asked: Asked


class OnVote(Command):
    """Close a round, have another, let the run decide, give that up, or take the question back."""

    do: Literal["close", "again", "decide", "undecided", "take_back"]
    vote: Id


class Reveal(Command):
    """Say what the teacher's run has decided."""

    do: Literal["reveal"]
    vote: Id
    worth: Worth


class SetPace(Command):
    """Let pages go freely, follow, or rest."""

    do: Literal["pace"]
    value: Literal["free", "follow", "frozen"]


class SetNames(Command):
    """Let members give themselves nicknames, or not; before the first one joins."""

    do: Literal["names"]
    value: bool


class SetPlace(Command):
    """Say where the teacher is."""

    do: Literal["place"]
    page: Name
    section: Section


class Push(Command):
    """Send a run to the class."""

    do: Literal["push"]
    page: Name
    lab: Name
    search: Search


class Collect(Command):
    """Let members hand in their runs of a lab."""

    do: Literal["collect"]
    page: Name
    lab: Name
    title: Section


class Watch(Command):
    """Watch how the class's runs of a lab go, or of none any more."""

    do: Literal["watch"]
    page: Name
    lab: Annotated[str, Field(pattern=r"^[\w.-]{0,120}$")]


class Plain(Command):
    """End the collection, or delete the class with all that it holds."""

    do: Literal["collected", "end"]


class Blank(Command):
    """Blank a nickname."""

    do: Literal["blank"]
    member: Id


# ---- of a member ----


class Answer(Command):
    """Answer a round of a vote: a number, the index of an option, or the heights of a sketch at its columns."""

    do: Literal["answer"]
    vote: Id
    round: Id
    value: Annotated[str, Field(max_length=60)] | float | int | Annotated[list[Height | None], Field(max_length=200)]


class HandIn(Command):
    """Hand in a run."""

    do: Literal["hand_in"]
    collection: Id
    search: Search


class Glimpse(Command):
    """Say how the own run goes: its loss so far, step and steps, and a link's query."""

    do: Literal["glimpse"]
    loss: Annotated[list[Finite | None], Field(max_length=64)]
    step: Annotated[int, Field(ge=0, le=10**9)]
    steps: Annotated[int, Field(ge=0, le=10**9)]
    query: Annotated[str, Field(pattern=r"^[\w.~%+=*&-]*$", max_length=LONGEST_SEARCH)]


class Hide(Command):
    """Take one's runs out of what others see, or back in."""

    do: Literal["hide"]
    value: bool


class At(Command):
    """Say which section is being read."""

    do: Literal["at"]
    page: Name
    section: Section


class Leave(Command):
    """Leave the class, with all answers."""

    do: Literal["leave"]


TeacherCommand = Annotated[
    Ask | OnVote | Reveal | SetPace | SetNames | SetPlace | Push | Collect | Watch | Plain | Blank,
    Field(discriminator="do"),
]
MemberCommand = Annotated[Answer | HandIn | Glimpse | Hide | At | Leave, Field(discriminator="do")]
OF_TEACHER: TypeAdapter[Any] = TypeAdapter(TeacherCommand)
OF_MEMBER: TypeAdapter[Any] = TypeAdapter(MemberCommand)


def parsed(adapter: TypeAdapter[Any], body: bytes) -> Any:
    """Return the command that a body holds.

    Raises:
        Refused: If it is none.
    """
    try:
        return adapter.validate_json(body)
    except (ValidationError, RecursionError):
        raise Refused("The class did not understand what was asked of it; load the page again.", 400) from None
