"""Claim 26: which cells are averaged, and that group norm uses one sample alone."""

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.normalization.axes import ACTIVATION_NORMS, averaged_cells, largest_even_groups
from lessons.normalization.layers import RunningStatistics
from lessons.normalization.tensor_picture import TensorPicture, TensorPictureSettings, normalized

SHAPE, GROUPS, CELL = (3, 4, 2, 5), 2, (1, 2, 0, 3)
EXPECTED = {
    "batch": (slice(None), 2),
    "layer": (1,),
    "RMS": (1,),
    "instance": (1, 2),
    "group": (1, slice(2, 4)),
}


def lanes(**values) -> Lanes:
    shape = {"samples": 3, "channels": 4, "height": 2, "width": 5, "groups": GROUPS}
    return Lanes([TensorPictureSettings(normalization=k, **{**shape, **values}) for k in ACTIVATION_NORMS])


def last_of(own: Lanes):
    *_, last = TensorPicture().run(own)
    return last


@pytest.mark.claim(26)
@pytest.mark.parametrize("kind", ACTIVATION_NORMS)
def test_the_averaged_cells_are_those_of_the_picture_in_the_paper(kind):
    expected = torch.zeros(SHAPE, dtype=torch.bool)
    expected[EXPECTED[kind]] = True
    assert torch.equal(averaged_cells(kind, SHAPE, GROUPS, CELL), expected)


@pytest.mark.claim(26)
@pytest.mark.parametrize("kind", ACTIVATION_NORMS)
def test_an_output_depends_on_its_averaged_cells_and_on_no_others(kind):
    """By autograd: the gradient of one output with respect to all inputs is not 0 exactly at the mask."""
    own = lanes(steps=1)
    lane = ACTIVATION_NORMS.index(kind)
    x = next(TensorPicture().run(own)).snapshots["before"]().double().requires_grad_()
    running = RunningStatistics.start(len(own), 4)
    normalized(own, x, running, True)[(lane, *CELL)].backward()
    assert torch.equal(x.grad[lane] != 0, averaged_cells(kind, SHAPE, GROUPS, CELL))


@pytest.mark.sentence("l5_only_batch")
@pytest.mark.claim(26)
@pytest.mark.parametrize("kind", ACTIVATION_NORMS)
def test_changing_another_sample_changes_the_outputs_of_batch_norm_alone(kind):
    effect = last_of(lanes(changed_sample=2, steps=1)).snapshots["effect"]()[ACTIVATION_NORMS.index(kind)]
    assert (effect[1] > 0).any()
    others = effect[[0, 2]]
    if kind == "batch":
        assert (others[:, 0] > 0).all()
        assert (others[:, 1:] == 0).all()
    else:
        assert (others == 0).all()


@pytest.mark.claim(26)
def test_in_evaluation_batch_norm_does_not_look_at_the_batch_either():
    own, running = lanes(steps=1), RunningStatistics.start(len(ACTIVATION_NORMS), 4)
    x = next(TensorPicture().run(own)).snapshots["before"]().requires_grad_()
    normalized(own, x, running, False)[0][CELL].backward()
    assert (x.grad != 0).sum() == 1


@pytest.mark.claim(26)
def test_group_norm_with_one_group_is_layer_norm_and_with_a_group_for_each_channel_instance_norm():
    for groups, kind in ((1, "layer"), (4, "instance")):
        pictures = last_of(lanes(groups=groups, steps=1)).snapshots
        for picture in ("after", "averaged"):
            values = dict(zip(ACTIVATION_NORMS, pictures[picture](), strict=True))
            torch.testing.assert_close(values["group"], values[kind])


@pytest.mark.claim(25)
def test_evaluation_comes_near_to_training_as_the_running_statistics_settle():
    history = [m["loss"] for m in TensorPicture().run(lanes(steps=60))]
    batch = torch.stack(history)[:, 0]
    assert batch[0] > 1
    assert batch[-10:].mean() < 0.2 * batch[0]
    assert (torch.stack(history)[:, 1:] == 0).all()


def test_the_pictures_are_of_the_chosen_cell_and_the_statistics_of_its_mask():
    own = lanes(cell_sample=2, cell_channel=3, cell_row=1, cell_column=4, steps=3)
    last = last_of(own)
    x, mask = last.snapshots["before"](), last.snapshots["averaged"]().bool()
    for lane, kind in enumerate(ACTIVATION_NORMS):
        assert torch.equal(mask[lane], averaged_cells(kind, SHAPE, GROUPS, CELL))
        seen = x[lane][mask[lane]]
        expected = torch.stack([seen.mean(), seen.var(correction=0)])
        torch.testing.assert_close(last.snapshots["statistics"]()[lane], expected)


def test_what_is_not_possible_is_refused():
    with pytest.raises(ValueError, match="no cell"):
        averaged_cells("batch", SHAPE, 1, (3, 0, 0, 0))
    with pytest.raises(ValueError, match="evenly"):
        averaged_cells("group", SHAPE, 3, CELL)
    assert [largest_even_groups(g, 12) for g in (1, 5, 7, 12, 100)] == [1, 4, 6, 12, 12]
