"""A history is the stack of its measurements, however they arrive."""

import numpy as np
import pytest
import torch

from lessons.core.experiment import Measurement
from lessons.core.history import History

LANES = 3


def measurement(step: int) -> Measurement:
    source = torch.Generator().manual_seed(step)
    return Measurement(
        step,
        {
            "loss": torch.rand(LANES, generator=source),
            "theta": torch.rand(LANES, 2, 4, generator=source, dtype=torch.float64),
            "count": torch.randint(0, 9, (LANES,), generator=source),
        },
    )


def filled(chunks: list[int]) -> History:
    """A history that received its measurements in chunks of these sizes."""
    history, step = History(), 0
    for size in chunks:
        history.extend([measurement(step + s) for s in range(size)])
        step += size
    return history


@pytest.mark.parametrize("chunks", [[1], [1] * 7, [64], [63, 2], [5, 0, 300, 1, 64, 0], [1, 200, 200]], ids=str)
def test_rows_are_the_measurements_in_order(chunks):
    history, length = filled(chunks), sum(chunks)
    assert len(history) == length
    assert history.names == ("loss", "theta", "count")
    for name in history.names:
        expected = np.stack([measurement(step)[name].numpy() for step in range(length)])
        assert history[name].dtype == expected.dtype
        np.testing.assert_array_equal(history[name], expected)


def test_an_empty_history_has_no_rows_and_no_names():
    history = filled([0, 0])
    assert len(history) == 0
    assert history.names == ()
    with pytest.raises(KeyError):
        history["loss"]


def test_it_is_read_as_a_mapping_of_names_whose_length_is_the_number_of_steps():
    history = filled([3])
    held = dict(history)
    assert list(held) == list(history) == list(history.keys()) == ["loss", "theta", "count"]
    assert len(history) == 3
    for name, values in history.items():
        np.testing.assert_array_equal(held[name], values)
        assert values.shape[0] == 3
    assert len(history.values()) == 3
    assert "loss" in history
    assert "lost" not in history
    assert 0 not in history


def test_later_measurements_leave_what_was_read_before():
    history = filled([10])
    before = history["loss"]
    kept = before.copy()
    history.extend([measurement(step) for step in range(10, 500)])
    np.testing.assert_array_equal(before, kept)
    np.testing.assert_array_equal(history["loss"][:10], kept)


def test_later_changes_of_a_tensor_do_not_reach_the_history():
    values = {"loss": torch.ones(LANES)}
    history = History()
    history.extend([Measurement(0, values)])
    values["loss"].fill_(7.0)
    assert history["loss"].tolist() == [[1.0] * LANES]


def test_growth_is_by_doubling():
    """A thousand single rows move to a larger block a logarithmic number of times."""
    history, blocks = History(), []
    for step in range(1000):
        history.extend([measurement(step)])
        block = history["loss"].base
        if not blocks or block is not blocks[-1]:
            blocks.append(block)
    assert len(blocks) <= 2 + np.log2(1000 / 64)
    assert len(blocks[-1]) <= 2 * 1000


def test_inf_and_nan_are_kept():
    history = History()
    history.extend([Measurement(0, {"loss": torch.tensor([1.0, torch.inf, torch.nan])})])
    np.testing.assert_array_equal(history["loss"], [[1.0, np.inf, np.nan]])


def now_and_then(step: int, every: int = 3) -> Measurement:
    """A loss at each step, and a sharpness at each third; at step 6 it is no number."""
    sharpness = torch.full((LANES,), torch.nan if step == 6 else float(step))
    return Measurement(step, {"loss": torch.ones(LANES)} | ({"sharpness": sharpness} if step % every == 0 else {}))


@pytest.mark.parametrize("chunks", [[1] * 11, [11], [1, 2, 1, 6, 1], [2, 2, 7]], ids=str)
def test_what_is_measured_now_and_then_is_nan_in_between_however_it_arrives(chunks):
    history, step = History(), 0
    for size in chunks:
        history.extend([now_and_then(step + s) for s in range(size)])
        step += size
        assert history["sharpness"].shape == (step, LANES)
    assert np.flatnonzero(history.measured("sharpness")).tolist() == [0, 3, 6, 9]
    assert history.measured("loss").all()
    assert np.isnan(history["sharpness"][~history.measured("sharpness")]).all()
    assert history["sharpness"][:, 0][[0, 3, 9]].tolist() == [0, 3, 9]


def test_the_newest_is_what_was_measured_last_up_to_a_step_also_if_it_is_no_number():
    history = History()
    history.extend([now_and_then(step) for step in range(11)])
    newest = {step: history.newest_step("sharpness", step) for step in range(11)}
    assert newest == {step: step // 3 * 3 for step in range(11)}
    assert history.newest("sharpness", 5).tolist() == [3.0] * LANES
    assert np.isnan(history.newest("sharpness", 8)).all()
    assert history.newest("sharpness").tolist() == [9.0] * LANES
    assert history.newest_step("loss") == 10


def test_a_history_of_its_own_knows_what_was_measured_and_goes_on():
    history = History()
    history.extend([now_and_then(step) for step in range(80)])
    earlier = history.until(5)
    earlier.extend([now_and_then(5), now_and_then(6)])
    assert np.flatnonzero(earlier.measured("sharpness")).tolist() == [0, 3, 6]
    assert history.measured("sharpness").sum() == 27


def test_what_was_never_measured_is_measured_at_no_step():
    assert filled([4]).measured("sharpness").tolist() == [False] * 4


def test_a_snapshot_is_of_the_newest_step_and_only_computed_when_asked():
    asked = []

    def with_picture(step: int) -> Measurement:
        def picture() -> torch.Tensor:
            asked.append(step)
            return torch.full((LANES, 2), float(step), requires_grad=True)

        return Measurement(step, {"loss": torch.zeros(LANES)}, {"picture": picture})

    history = History()
    history.extend([with_picture(0), with_picture(1)])
    history.extend([])
    assert asked == []
    assert np.array_equal(history.snapshot("picture"), np.full((LANES, 2), 1.0))
    assert asked == [1]
