"""Numbers as people write them: one table of spellings; what is written is read back, in Python and in a browser."""

import json
import math
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lessons.core.settings import SettingError, Settings, setting
from lessons.core.written_number import LONGEST, Unclear, read_number, written

TABLE = json.loads((Path(__file__).parent / "number_spellings.json").read_text(encoding="utf-8"))
SPELLINGS = [tuple(row) for row in TABLE["spellings"]]
VALUES = [float(value) for value in TABLE["values"]]


def as_in_table(read: float | int | Unclear) -> float | int | list[str] | None:
    if isinstance(read, Unclear):
        return None if read.readings is None else list(read.readings)
    return read


@pytest.mark.parametrize(("text", "any_number", "whole"), SPELLINGS, ids=[repr(row[0]) for row in SPELLINGS])
def test_each_spelling_is_its_number_or_is_refused(text, any_number, whole):
    read = read_number(text)
    assert as_in_table(read) == any_number
    assert isinstance(read, float | Unclear)
    read = read_number(text, whole=True)
    assert as_in_table(read) == whole
    assert type(read) is int or isinstance(read, Unclear)


@pytest.mark.parametrize("value", VALUES)
def test_what_is_written_is_read_back_as_the_same_number(value):
    assert read_number(written(value)) == value
    assert read_number(written(value).replace("-", "−")) == value


def test_any_number_comes_back_whatever_its_digits():
    source = random.Random(1)
    for _ in range(2000):
        value = source.uniform(-1, 1) * 10.0 ** source.randint(-12, 12)
        for rounded in (value, float(f"{value:.4g}"), float(f"{value:.3g}")):
            assert read_number(written(rounded)) == rounded
    for value in (*range(-2000, 2000, 7), 10**9, 2**31 - 1):
        assert read_number(written(value), whole=True) == value


def test_a_browser_writes_each_number_as_we_do():
    """A box shows a number by JavaScript's `String`; what is typed goes to the kernel as it is, and is read here."""
    beside = Path(sys.executable).parent  # where the wheel of the test extra puts it
    node = shutil.which("node", path=os.pathsep.join((str(beside), os.environ["PATH"])))
    script = "process.stdout.write(JSON.stringify(JSON.parse(process.argv[1]).map(String)))"
    source = random.Random(2)
    values = [*VALUES, *(source.uniform(-1, 1) * 10.0 ** source.randint(-12, 22) for _ in range(300))]
    asked = [node, "-e", script, json.dumps(values)]
    assert json.loads(subprocess.run(asked, capture_output=True, check=True).stdout) == [written(v) for v in values]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("30°", "°", 30.0), ("30 °", "°", 30.0), ("200 steps", " steps", 200.0), ("36 %", " %", 36.0), ("36", "%", 36.0)],
)
def test_a_unit_may_stand_behind_it(text, unit, value):
    assert read_number(text, unit=unit) == value


def test_a_long_text_is_no_number_and_takes_no_time():
    assert read_number("1" * LONGEST) == float("1" * LONGEST)
    for text in ("1" * (LONGEST + 1), "1" * 10**6, "1," * 10**6, "\ud800", "\x00", "1\x00"):
        assert read_number(text) == Unclear()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_read_back(value):
    assert read_number(written(value)) == Unclear()


class Boxes(Settings):
    """One of each kind."""

    rate: float = setting(0.5, label="learning rate", symbol="η", doc="Step size.", low=0.0, high=4.0)
    steps: int = setting(4, label="steps", doc="Updates.", low=1, high=5000)
    noisy: bool = setting(False, label="noise", doc="Adds noise.")


def test_a_setting_reads_what_was_typed_for_it():
    fields = Boxes.fields()
    assert fields["rate"].read("0,05") == 0.05
    assert fields["steps"].read("2,000") == 2000
    assert fields["noisy"].read("on") == "on"


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        (
            "rate",
            "2,000",
            "learning rate η must be a number from 0 to 4, not '2,000', which is 2 to some and 2000 to others: "
            "write 2 or 2000.",
        ),
        ("rate", "abc", "learning rate η must be a number from 0 to 4, not 'abc'."),
        ("rate", "", "learning rate η must be a number from 0 to 4, not ''."),
        ("steps", "2.5", "steps must be a whole number from 1 to 5000, not '2.5'."),
    ],
)
def test_what_it_cannot_read_gets_a_sentence(field, text, sentence):
    with pytest.raises(SettingError) as refusal:
        Boxes.fields()[field].read(text)
    assert str(refusal.value) == sentence


def test_a_refused_number_is_named_with_all_its_digits():
    with pytest.raises(SettingError, match=r"from 0 to 4, not 4\.0000001\.$"):
        Boxes.checked({"rate": 4.0000001})
