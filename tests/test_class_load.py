"""The load test of a class: its parts, and all of it with a handful of voters."""

import math

import pytest

from benchmarks import classroom
from benchmarks.class_pages import delays


def test_a_delay_is_until_the_teacher_sees_as_many_as_were_sent():
    sent = [3.0, 1.0, 2.0]
    assert delays(sent, [(1.5, 1), (4.0, 3)]) == [0.5, 2.0, 1.0]
    assert delays(sent, [(1.5, 0), (1.75, 1), (5.0, 2)]) == [0.75, 3.0, math.inf]
    assert delays([], [(1.0, 1)]) == []


@pytest.mark.slow
def test_a_small_class_is_measured_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(classroom, "QUIET_SECONDS", 1.0)
    monkeypatch.setattr(classroom, "MEDIAN_SECONDS", 0.2)
    numbers = classroom.measure(5, 2, is_whole=False)
    assert numbers["answers lost"] == 0
    assert set(classroom.GOALS) <= set(numbers)
    for name, value in numbers.items():
        assert all(0 <= each < math.inf for each in (value if isinstance(value, list) else [value])), name


@pytest.mark.parametrize("option", ["--voters=0", "--voters=501", "--voters=many", "--questions=25"])
def test_the_load_is_bounded(option, capsys):
    with pytest.raises(SystemExit):
        classroom.main([option])
    assert "invalid" in capsys.readouterr().err
