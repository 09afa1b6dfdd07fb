"""Claim 88: nets of one architecture with equal training errors know more or less, as their first weights decide."""

import numpy as np
import pytest

from lessons.core.lanes import Lanes
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.same_error import first_below
from lessons.teacher_student.spreads import SAME_ERROR, SameErrorSettings
from tests.teacher_student.conftest import trained

pytestmark = pytest.mark.claim(88)


def crossings(sizes: int = 3, **changes) -> np.ndarray:
    """What each net leaves on fresh inputs when 2 % is left on its points, (sizes, students), the small ones first."""
    settings = SameErrorSettings(**changes)
    lanes = SAME_ERROR.lanes([settings], ["net"]).settings[: sizes * settings.students]
    history = trained(TeacherStudent(), Lanes(lanes)).history
    rows = np.flatnonzero(history.measured("fvu"))
    return first_below(history["train_fvu"][rows], history["fvu"][rows]).reshape(sizes, -1)


@pytest.mark.sentence("l7_same_error")
def test_larger_first_weights_leave_more_on_fresh_inputs_at_the_same_training_error():
    """Two times eight nets of one teacher, eight of another: measured 0.13 to 0.18, 0.20 to 0.29 and 0.42 to 0.60."""
    small, middle, large = crossings(steps=1500)
    assert ((small > 0.1) & (small < 0.2)).all()
    assert 0.19 < np.median(middle) < 0.27
    assert np.nanmin(large) > 0.35
    assert 2.4 < np.nanmedian(large) / np.median(small) < 4
    assert small.max() < middle.min()


@pytest.mark.sentence("l7_draw_alone")
def test_the_draw_alone_tells_nets_apart_where_points_are_few():
    small = crossings(1, train_size=100, overparameterization=2.0, students=12)
    assert not np.isnan(small).any()
    assert small.max() > 1.3 * small.min()


@pytest.mark.sentence("l7_with_points_enough")
def test_with_a_thousand_points_the_first_weights_do_not_matter():
    """Eight nets of each size: measured 0.029 to 0.033."""
    found = crossings(train_size=1000, students=3, steps=1200)
    assert ((found > 0.024) & (found < 0.04)).all()
    assert found.max() < 1.3 * found.min()


def test_crossings_are_interpolated_in_logarithm_and_missing_where_there_is_none():
    steps = np.arange(6.0)[:, None]
    train, fresh = 10.0 ** -steps.repeat(3, 1), 2 * 10.0 ** (-steps / 2).repeat(3, 1)
    train[:, 1] = 0.5
    train[:, 2] = 1e-3
    found = first_below(train, fresh, level=10**-1.5)
    assert found[0] == pytest.approx(2 * 10**-0.75)
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(2)
