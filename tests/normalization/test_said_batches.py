"""What lesson 5 says of tiny batches and of batches of one class, over five seeds."""

import numpy as np
import pytest
import torch

from lessons.core.batches import EpochBatches
from lessons.core.data.digits import digits_split
from tests.played import played
from widgets.labs.normalization.batches import BatchesView

EVERY = {"measure_every": 250}


def ends(preset: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Test accuracy at the end, and the gap, a mean of the last two readings; of each lane, both (seeds,)."""
    play = played(BatchesView, preset, **EVERY)
    return (
        {name: play.of(name, "test_accuracy")[:, ::250][:, -1] for name in play.names},
        {name: play.of(name, "mode_gap")[:, 250::250].mean(1) for name in play.names},
    )


@pytest.mark.sentence("l5_batches")
def test_batch_norm_needs_several_images_of_several_classes():
    """Accuracies 0.06-0.16, 0.18-0.33, 0.89-0.93, 0.92-0.95, and 0.27-0.38 sorted by class; gaps there 0.09-0.19."""
    accuracy, gap = ends("batch norm, five kinds of batches")
    for name, low, high in (
        ("B = 1", 0.0, 0.2),
        ("B = 2", 0.12, 0.42),
        ("B = 8", 0.86, 0.96),
        ("B = 64", 0.9, 0.97),
        ("B = 16, sorted", 0.22, 0.45),
    ):
        assert ((accuracy[name] > low) & (accuracy[name] < high)).all(), name
    assert ((gap["B = 8"] > -0.15) & (gap["B = 8"] < -0.06)).all()
    assert ((gap["B = 16, sorted"] > -0.23) & (gap["B = 16, sorted"] < -0.05)).all()


@pytest.mark.sentence("l5_averages_lag")
def test_after_five_batches_running_averages_lag_behind_and_cost_accuracy():
    """By batch statistics 0.77 to 0.79 of the training images are right, by running averages 0.54 to 0.70."""
    run = played(BatchesView, "batch norm, five kinds of batches", steps=5, measure_every=5, learning_rate=0.5)
    right, evaluated = (run.of("B = 64", name)[:, -1] for name in ("train_accuracy", "eval_accuracy"))
    assert ((right - evaluated > 0.03) & (right - evaluated < 0.35)).all()
    assert (right - evaluated).mean() > 0.08


@pytest.mark.sentence("l5_batches_group")
def test_group_norm_learns_from_all_five_kinds():
    """Accuracies 0.76-0.84 with one image, 0.68-0.91 with two, else 0.86-0.94."""
    accuracy, gap = ends("group norm, the same batches")
    assert (accuracy["B = 1"] > 0.65).all()
    for name in ("B = 8", "B = 64", "B = 16, sorted"):
        assert (accuracy[name] > 0.82).all()
    assert all((each == 0).all() for each in gap.values())


@pytest.mark.sentence("l5_batches_none")
def test_without_normalization_all_five_kinds_teach():
    """Accuracies 0.75-0.90 with one image, else 0.83-0.94."""
    accuracy, _ = ends("no normalization")
    assert all((each > 0.68).all() for each in accuracy.values())


@pytest.mark.sentence("l5_batches_deconvolution")
def test_deconvolution_is_short_of_images_at_eight():
    """0.36-0.56 against 0.67-0.74; batch norm has 0.89 and more at eight."""
    accuracy, _ = ends("deconvolution")
    assert (accuracy["B = 8"] < accuracy["B = 64"] - 0.08).all()
    assert (accuracy["B = 8"] < 0.7).all()


@pytest.mark.sentence("l5_batches_sorted")
def test_larger_batches_of_few_classes_help():
    """0.16-0.24, 0.43-0.50, 0.81-0.88."""
    accuracy, _ = ends("sorted by class, larger batches")
    assert (accuracy["B = 8"] < 0.32).all()
    assert ((accuracy["B = 32"] > 0.34) & (accuracy["B = 32"] < 0.6)).all()
    assert (accuracy["B = 128"] > 0.76).all()


@pytest.mark.sentence("l5_batches_sorted")
def test_128_sorted_images_hold_three_or_four_digits():
    data = digits_split(500)
    batches = EpochBatches(torch.arange(5), 128, data, "sorted by class")
    rows = torch.cat([batches.of_epoch(3 * epoch).flatten(0, 1) for epoch in range(5)])
    assert {len(data.train_labels[batch].unique()) for batch in rows} == {3, 4}
