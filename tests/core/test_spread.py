"""How one set of settings becomes many lanes."""

import numpy as np
import pytest

from lessons.core import declared
from lessons.core.settings import SettingError, Settings, setting
from lessons.core.spread import Doubling, Each, Over, Seeds, Spread, evenly_in_log, geomspace


class Net(Settings):
    learning_rate: float = declared.learning_rate()
    width: int = declared.width(shared=False)
    seed: int = declared.seed(high=50)


class Range(Settings):
    lowest: float = declared.learning_rate(default=0.01)
    count: int = setting(3, label="count", doc="Of seeds.", low=1, high=9)
    width: int = declared.width(shared=False)
    seed: int = declared.seed()


RATES = Over("learning_rate", ("lowest", 1.0), 3, "η = {:.4g}")


ONE = (Range(width=4, seed=7),)


def made(*axes, fixed=None, most=1, settings=ONE):
    return Spread(Range, Net, axes, fixed or {}, most).lanes(settings, [f"lane {k + 1}" for k in range(len(settings))])


def test_each_combination_is_a_lane_and_the_last_axis_varies_fastest():
    lanes = made(RATES, Seeds("count"))
    assert lanes.values("learning_rate") == pytest.approx([0.01] * 3 + [0.1] * 3 + [1.0] * 3)
    assert lanes.values("seed") == (7, 8, 9) * 3
    assert set(lanes.values("width")) == {4}
    assert lanes.names[:4] == ["η = 0.01, seed 7", "η = 0.01, seed 8", "η = 0.01, seed 9", "η = 0.1, seed 7"]


def test_cases_go_before_what_is_fixed_and_that_before_what_is_set():
    lanes = made(Each("width", (8, 16), "{} wide"), fixed={"width": 2, "learning_rate": 0.5}, settings=[Range()])
    assert lanes.values("width") == (8, 16)
    assert set(lanes.values("learning_rate")) == {0.5}
    assert lanes.names == ["8 wide", "16 wide"]


def test_what_is_fixed_may_not_be_set():
    assert made(Seeds(2), fixed={"width": 2}, settings=[Range()]).values("width") == (2, 2)
    with pytest.raises(SettingError, match="width is not to be set here"):
        made(Seeds(2), fixed={"width": 2})


def test_seeds_may_be_in_several_fields_and_a_case_may_have_no_name():
    lanes = made(lambda values: [("", {"learning_rate": values["lowest"]})], Seeds(2, ("seed", "width")))
    assert lanes.values("width") == lanes.values("seed") == (7, 8)
    assert lanes.names == ["seed 7", "seed 8"]


def test_a_setting_is_doubled_at_every_so_many_lanes():
    cases = Doubling("learning_rate", "count", "{:.3g}", every=2)({"learning_rate": 0.5, "count": 4})
    assert [name for name, _ in cases] == ["0.5", "0.707", "1", "1.41"]
    assert [values["learning_rate"] for _, values in cases] == [0.5, 0.5 * 2**0.5, 1.0, 0.5 * 2**1.5]


def test_several_sets_are_spread_one_after_the_other_under_their_names():
    lanes = made(Seeds(2), most=2, settings=[Range(width=4), Range(width=8, seed=3)])
    assert lanes.values("width") == (4, 4, 8, 8)
    assert lanes.names == ["lane 1, seed 0", "lane 1, seed 1", "lane 2, seed 3", "lane 2, seed 4"]


@pytest.mark.parametrize(
    ("axes", "settings", "message"),
    [
        ((RATES,), [Range(lowest=1.0)], "The lowest learning rate, 1, must be above 0 and below the highest, 1"),
        ((RATES,), [Range(lowest=0.0)], "above 0"),
        ((Seeds(2),), [Range(seed=50)], "seed must be .*, not 51"),
        ((Seeds(2),), [Range()] * 2, "at most 1 of them"),
    ],
)
def test_what_cannot_be_spread_is_refused_in_words(axes, settings, message):
    with pytest.raises(SettingError, match=message):
        made(*axes, settings=settings)


@pytest.mark.parametrize("spacing", [evenly_in_log, geomspace])
@pytest.mark.parametrize(("lowest", "highest"), [(1e-6, 500.0), (0.03, 30.0), (1 / 3, 0.7)])
def test_values_are_even_in_logarithm_and_pass_neither_end(spacing, lowest, highest):
    values = spacing(lowest, highest, 64)
    np.testing.assert_allclose(np.diff(np.log(values)), np.log(highest / lowest) / 63, rtol=1e-9)
    assert (values[0], values[-1]) == (min(values), max(values)) == (lowest, highest)
