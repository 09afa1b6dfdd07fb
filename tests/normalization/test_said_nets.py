"""What lesson 5 says of nets that are normalized in several ways: losses, sharpness, isolated eigenvalues."""

import numpy as np
import pytest
import torch

from lessons.core.curvature.hessian_spectrum import PROBES
from lessons.core.history import History
from lessons.core.run import Run
from lessons.normalization.isolation import isolated_eigenvalues
from tests.played import Played, played
from widgets.labs.normalization.net import NormalizedNetView
from widgets.labs.normalization.net_questions import BatchOfOne, WhoseEigenvalues

GUESSING = 2.25  # a little below the entropy of the ten classes, 2.28


def last_losses(play: Played) -> dict[str, np.ndarray]:
    """Mean of the last twenty losses of each lane, shape (seeds,)."""
    return {name: play.of(name, "loss")[:, -20:].astype(float).mean(1) for name in play.names}


def mean_sharpness(play: Played, every: int) -> dict[str, np.ndarray]:
    """Mean over the readings of each lane, shape (seeds,)."""
    return {name: play.of(name, "sharpness")[:, ::every].mean(1) for name in play.names}


@pytest.mark.sentence("l5_what_batch_norm_does")
def test_what_batch_norm_does_to_the_sharpness_and_that_the_plain_net_is_ahead_and_the_flattest_last():
    """Readings every 40 steps; every 10 steps five seeds gave 12.2-17.4, 1.9-2.7, 15.1-17.1 and 1.5-1.9."""
    play = played(NormalizedNetView, "what batch norm does", sharpness_every=40)
    sharp, loss = mean_sharpness(play, 40), last_losses(play)
    for name, low, high in (
        ("none", 10.0, 20.0),
        ("layer", 12.0, 20.0),
        ("batch", 0.5, 3.3),
        ("deconvolution", 0.5, 3),
    ):
        assert (sharp[name] > low).all()
        assert (sharp[name] < high).all()
    for other in ("batch", "layer", "deconvolution"):
        assert (loss["none"] < 0.8 * loss[other]).all()
    for other in ("none", "batch", "layer"):
        assert (sharp["deconvolution"] < sharp[other]).all()
        assert (loss["deconvolution"] > 1.15 * loss[other]).all()


@pytest.mark.sentence("l5_isolated")
def test_batch_norm_and_deconvolution_leave_hardly_an_isolated_eigenvalue_and_layer_norm_leaves_most():
    """After 100 steps, three seeds; five gave 7-10 without normalization, 0-1, 5-8 with layer norm, and 0."""
    view = NormalizedNetView()
    chosen = view.presets[0]
    lanes = [
        {**lane, "seed": seed, "steps": 100, "follow_sharpness": False} for seed in range(3) for lane in chosen.lanes
    ]
    settings = [view.settings_type.checked(lane) for lane in lanes]
    *_, last = view.experiment.run(view.lanes(settings, [*chosen.names] * 3))
    count = isolated_eigenvalues(last.snapshots["spectrum"](), PROBES).count.view(3, 4)
    none, batch, layer, deconvolution = count.unbind(1)
    assert ((none >= 5) & (none <= 12)).all()
    assert (batch <= 2).all()
    assert (deconvolution <= 2).all()
    assert (layer >= 3).all()
    assert (layer > none / 3).all(), "else the question has another answer"
    assert (batch < none / 3).all()


@pytest.mark.chaotic
@pytest.mark.sentence("l5_large_rate")
def test_at_a_large_rate_batch_norm_and_deconvolution_train_and_the_plain_net_guesses():
    """Five seeds: 2.29-2.30 without, 0.0012-0.071 with batch norm, 0.0059-0.114 with deconvolution, layer 1.6-2.3.

    On some processors one plain net in forty, of another seed on each, keeps a few units alive and comes to 1.9 to 2.0.
    """
    loss = last_losses(played(NormalizedNetView, "a large learning rate", follow_sharpness=False))
    assert (loss["none"] > GUESSING).sum() >= 4
    assert (loss["none"] > 1.7).all()
    assert (loss["batch"] < 0.15).all()
    assert (loss["deconvolution"] < 0.25).all()
    assert np.median(loss["layer"]) > 1.5


@pytest.mark.sentence("l5_ten_layers")
def test_of_ten_layers_batch_norm_trains_best_though_it_begins_no_flatter():
    """Ten seeds: a fifth to two thirds of the others' loss, but of layer norm's with seed 4, where it is 0.4 to 0.85 on
    different processors; a quarter in the median. lambda_max at step 0: 3.6-82 plain, 41-121 and 338-971."""
    losses = [last_losses(played(NormalizedNetView, "ten layers", sharpness_every=1000, seed=seed)) for seed in (0, 5)]
    for other in ("none", "layer", "deconvolution"):
        share = np.concatenate([loss["batch"] / loss[other] for loss in losses])
        assert (share < 1).sum() >= 9
        assert np.median(share) < 0.5
    play = played(NormalizedNetView, "ten layers", sharpness_every=1000, seed=0)
    sharp = {name: play.of(name, "sharpness")[:, 0] for name in play.names}
    assert sharp["none"].min() < 10
    assert 50 < sharp["none"].max() < 100
    assert ((sharp["batch"] > 30) & (sharp["batch"] < 150)).all()
    assert len(set(play["sharpness"][:, 0].argmin(1))) > 1, "which begins flattest depends on the seed"
    assert (sharp["deconvolution"] > 250).all()
    assert (sharp["deconvolution"] < 1100).all()


@pytest.mark.sentence("l5_others")
def test_the_others():
    """Five seeds: weight norm's loss within a seventh of the plain net's but once (0.030 to 0.034); spectral norm's 1.1
    to 1.6, of the other three below 0.7; group norm's lambda_max 31 to 81 on average, 1.9 times
    that of the others and more, which is below 18."""
    play = played(NormalizedNetView, "the others", sharpness_every=40)
    loss, sharp = last_losses(play), mean_sharpness(play, 40)
    assert (np.abs(np.log(loss["weight"] / loss["none"])) < 0.4).all()
    for other in ("none", "group", "RMS", "weight"):
        assert (loss["spectral"] > 1.3 * loss[other]).all()
        assert other == "group" or (sharp["group"] > 1.5 * sharp[other]).all()
    assert (play.of("spectral", "sharpness")[:, 0] < 1).all()
    assert (sharp["group"] > 2 * sharp["spectral"]).all()


@pytest.mark.sentence("l5_bad_start")
def test_from_a_bad_start_the_plain_net_does_not_recover_and_the_normalized_ones_learn():
    """Five seeds: 1.6-2.3 without normalization, 0.25-0.61, 0.32-0.85 and 0.36-0.57 with."""
    play = played(NormalizedNetView, "a bad start", follow_sharpness=False)
    loss = last_losses(play)
    assert (play.of("none", "loss")[:, 0] > 100).all()
    assert (loss["none"] > 1.5).all()
    for kind in ("batch", "layer", "deconvolution"):
        assert (loss[kind] < 1.2).all()
        assert (loss[kind] > 0.15).all()


def outcome_of(question) -> object:
    lanes, history = question.lanes(), History()
    history.extend(list(Run(question.experiment, lanes)))
    return question.outcome(history, lanes)


@pytest.mark.sentence("l5_batch_of_one")
def test_a_batch_of_one_teaches_batch_norm_nothing_and_group_norm_much():
    outcome = outcome_of(BatchOfOne())
    assert outcome.truth < 20
    assert outcome.misreadings[0].answer > 60


def test_the_question_of_the_eigenvalues_shows_those_of_its_spectrum():
    question = WhoseEigenvalues()
    figure = question.figure()
    assert [trace.name for trace in figure.data[:3]] == ["none", "batch", "layer"]
    assert torch.tensor([figure.layout.yaxis.tickvals]).tolist() == [[0, 1, 2]]
