"""Double descent, and least squares from inner products."""

import copy
import itertools

import numpy as np
import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.teacher_student.width import DoubleDescent, DoubleDescentSettings, minimum_norm_fit, widths

SEEDS = 3
CASES = [(0.0, 0.0), (0.2, 0.0), (0.2, 0.003)]  # share of random labels, ridge penalty


@pytest.fixture(scope="module")
def growing(train_all):
    settings = [DoubleDescentSettings(random_share=r, ridge=p, seed=s) for r, p in CASES for s in range(SEEDS)]
    return train_all(DoubleDescent(), settings).history


def cases(history, name: str) -> np.ndarray:
    """Mean over seeds, shape (T, cases)."""
    return history[name].reshape(len(history), len(CASES), SEEDS).mean(2)


@pytest.mark.claim(45)
@pytest.mark.parametrize("case", [0, 1], ids=["real labels", "a fifth random"])
@pytest.mark.sentence("l7_double_descent")
def test_test_error_falls_peaks_where_width_is_the_number_of_points_and_falls_below_the_first_dip(growing, case):
    """SET RIGHT both "the exact size is best" and "more parameters only help"; the peak is there without noise too."""
    width, error = growing["width"][:, 0], cases(growing, "test_error")[:, case]
    peak = error[width > 50].argmax() + (width <= 50).sum()
    dip = error[:peak].min()
    assert 0.8 * 150 < width[peak] < 1.3 * 150
    assert error[peak] > 2 * dip
    assert error[-1] < 0.85 * dip
    assert width[-1] > 15 * 150


@pytest.mark.claim(45)
@pytest.mark.sentence("l7_noise_and_penalty")
def test_label_noise_raises_the_peak_and_the_right_penalty_removes_it(growing):
    """Measured at the peak: 0.5 with real labels, 0.7 with noise, and 0.13 with noise and the penalty."""
    error, loss = cases(growing, "test_error"), cases(growing, "test_loss")
    assert loss[:, 1].max() > 1.5 * loss[:, 0].max()
    assert error[20:, 1].max() > error[20:, 0].max()
    assert np.diff(error[20:, 2]).max() < 0.05
    assert error[20:, 2].max() < 0.4
    assert error[-1, 2] < error[-1, 1]


@pytest.mark.claim(45)
@pytest.mark.sentence("l7_all_fitted_beyond")
def test_from_the_width_of_n_on_all_training_points_are_fitted_noise_included(growing):
    wide = growing["width"][:, 0] >= 170
    assert (growing["train_error"][wide][:, : 2 * SEEDS] == 0).all()
    assert growing["loss"][wide][:, : 2 * SEEDS].max() < 1e-6
    assert (growing["train_error"][wide][:, 2 * SEEDS :] > 0.05).all()
    norm = cases(growing, "weight_norm")[:, 0]
    assert norm.argmax() == pytest.approx(cases(growing, "test_loss")[:, 0].argmax(), abs=4)


@pytest.mark.parametrize("rank", [5, 30])
def test_the_fit_is_that_of_lstsq_and_of_ridge_regression(rank):
    source = torch.Generator().manual_seed(0)
    features = torch.randn(2, 20, rank, generator=source, dtype=torch.float64)
    target = torch.randn(2, 20, 3, generator=source, dtype=torch.float64)
    dual, norm = minimum_norm_fit(features @ features.mT, target, rank, torch.tensor([0.0, 0.1]))
    weights = features.mT @ dual
    reference = torch.linalg.pinv(features[0]) @ target[0]
    torch.testing.assert_close(weights[0], reference)
    identity = torch.eye(rank, dtype=torch.float64)
    ridge = torch.linalg.solve(features[1].T @ features[1] + 20 * 0.1 * identity, features[1].T @ target[1])
    torch.testing.assert_close(weights[1], ridge)
    torch.testing.assert_close(norm, weights.norm(dim=(1, 2)))


def test_widths_grow_by_eight_per_cent():
    found = widths(80)
    assert found[0] == 4
    assert all(b > a for a, b in itertools.pairwise(found))
    assert 2500 < found[80] < 3500


def test_it_goes_on_from_a_state():
    lanes, seen, kept = Lanes([DoubleDescentSettings(train_size=20, steps=12)]), [], None
    for measurement in DoubleDescent().run(lanes):
        seen.append(measurement)
        if measurement.step == 5:
            kept = copy.deepcopy(measurement.state)
    for measurement in DoubleDescent().resume(lanes, "cpu", kept):
        for name, value in measurement.values.items():
            assert torch.equal(value, seen[measurement.step][name])
    assert measurement.step == 12
