"""Settings refuse what they should, say so in words, and derive everything from one declaration."""

import importlib
import math
import pkgutil
from typing import Literal

import pytest
from pydantic import ValidationError

import lessons
from lessons.core.settings import SettingError, Settings, setting


class Example(Settings):
    """One field of each kind."""

    rate: float = setting(
        0.5, label="learning rate", symbol="η", doc="Step size.", low=0.0, high=2.0, slider=(0.1, 1.0), hot=True
    )
    width: int = setting(4, label="width", unit="units", doc="Units.", low=1, high=64, scale="log", shared=True)
    noisy: bool = setting(False, label="noise", doc="Adds noise.")
    rule: Literal["plain", "heavy ball"] = setting("plain", label="rule", doc="The update rule.")


def lesson_settings() -> list[type[Settings]]:
    """Every settings class of the project, those of later lessons included."""
    for module in pkgutil.walk_packages(lessons.__path__, "lessons."):
        importlib.import_module(module.name)
    found, open_ends = [], [Settings]
    while open_ends:
        subclasses = open_ends.pop().__subclasses__()
        open_ends += subclasses
        found += [cls for cls in subclasses if cls.__module__.startswith("lessons.")]
    return sorted(set(found), key=lambda cls: cls.__qualname__)


REFUSED = [
    ("rate", True),
    ("rate", "3"),
    ("rate", "1.0"),
    ("rate", math.nan),
    ("rate", math.inf),
    ("rate", -math.inf),
    ("rate", None),
    ("rate", [1.0]),
    ("rate", -1e-9),
    ("rate", math.nextafter(2.0, 3.0)),
    ("rate", 10**400),
    ("rate", 10**5000),
    ("width", True),
    ("width", "3"),
    ("width", 3.0),
    ("width", math.nan),
    ("width", 0),
    ("width", 65),
    ("width", 10**5000),
    ("width", -(10**5000)),
    ("noisy", 1),
    ("noisy", "true"),
    ("rule", "Plain"),
    ("rule", 0),
    ("rule", "x" * 10_000),
]


@pytest.mark.parametrize(
    ("field", "value"),
    REFUSED,
    ids=lambda v: f"{type(v).__name__}-{str(v)[:8]}"[:20] if not isinstance(v, int) or abs(v) < 100 else "huge",
)
def test_bad_value_is_refused_in_one_short_sentence_with_title_and_bounds(field, value):
    """From Python, `checked` or `with_value`, a bad value never becomes a setting."""
    with pytest.raises(ValidationError):
        Example(**{field: value})
    for refused in (lambda: Example.checked({field: value}), lambda: Example().with_value(field, value)):
        with pytest.raises(SettingError) as error:
            refused()
        (sentence,) = error.value.sentences
        declared = Example.fields()[field]
        assert sentence.startswith(declared.title + " must be ")
        assert declared.allowed in sentence
        assert len(sentence) < 160
        assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("rate", 2.5, "learning rate η must be a number from 0 to 2, not 2.5."),
        ("rate", math.nan, "learning rate η must be a number from 0 to 2, not nan."),
        ("rate", "3", "learning rate η must be a number from 0 to 2, not '3'."),
        ("rate", True, "learning rate η must be a number from 0 to 2, not True."),
        ("width", 100, "width must be a whole number from 1 to 64, not 100."),
        ("width", 10**30, "width must be a whole number from 1 to 64, not a huge whole number."),
        ("noisy", None, "noise must be on or off, not None."),
        ("rule", "Adam", "rule must be one of plain, heavy ball, not 'Adam'."),
        ("speed", 1, "There is no setting named 'speed'."),
    ],
)
def test_sentence_names_title_value_and_bounds(field, value, sentence):
    with pytest.raises(SettingError) as error:
        Example.checked({field: value})
    assert error.value.sentences == [sentence]


def test_each_refused_field_gets_its_sentence():
    with pytest.raises(SettingError) as error:
        Example.checked({"rate": 3.0, "width": 0, "speed": 1})
    assert len(error.value.sentences) == 3


@pytest.mark.parametrize("values", [None, [], "rate", 3, {5: 1}])
def test_what_is_no_mapping_of_names_is_a_setting_error(values):
    with pytest.raises(SettingError):
        Example.checked(values)


@pytest.mark.parametrize(("field", "value"), [("rate", 0.0), ("rate", 2.0), ("rate", 1), ("width", 1), ("width", 64)])
def test_bounds_themselves_are_allowed(field, value):
    changed = Example().with_value(field, value)
    assert getattr(changed, field) == value
    assert type(getattr(changed, field)) is type(getattr(Example(), field))


def test_settings_are_frozen_and_with_value_leaves_the_original():
    original = Example()
    assert original.with_value("rate", 1.5).rate == 1.5
    assert original.rate == 0.5
    with pytest.raises(ValidationError):
        original.rate = 1.0


def test_fields_derive_from_the_declaration():
    fields = Example.fields()
    assert list(fields) == ["rate", "width", "noisy", "rule"]
    rate, width, noisy, rule = fields.values()
    assert [f.kind for f in fields.values()] == ["number", "integer", "flag", "choice"]
    assert (rate.low, rate.high, rate.slider_low, rate.slider_high) == (0.0, 2.0, 0.1, 1.0)
    assert (rate.title, rate.doc, rate.default, rate.hot, rate.shared) == (
        "learning rate η",
        "Step size.",
        0.5,
        True,
        False,
    )
    assert (width.slider_low, width.slider_high, width.scale, width.unit) == (1, 64, "log", "units")
    assert (width.title, width.hot, width.shared) == ("width", False, True)
    assert rule.choices == ("plain", "heavy ball")
    assert noisy.choices == ()


@pytest.mark.parametrize("cls", lesson_settings(), ids=lambda cls: cls.__name__)
def test_every_lesson_declares_sound_settings(cls):
    """Defaults pass their own validation; numbers have bounds, and the slider lies within them."""
    defaults = cls().model_dump()
    assert cls.checked(defaults).model_dump() == defaults
    for field in cls.fields().values():
        assert field.label
        assert field.doc.endswith(".")
        if field.kind in ("number", "integer"):
            assert field.low <= field.slider_low < field.slider_high <= field.high
            assert field.slider_low <= field.default <= field.slider_high
            assert field.scale == "linear" or field.slider_low > 0
            assert not (field.hot and field.shared)
            with pytest.raises(SettingError):
                cls.checked({field.name: field.high + 1})


def test_the_lessons_settings_are_found():
    assert {"ParabolaSettings", "BowlSettings", "NetSettings"} <= {cls.__name__ for cls in lesson_settings()}
