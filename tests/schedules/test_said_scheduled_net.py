"""What lesson 2 says of a net under a schedule, and of twenty: warmup, the limit, decay, restarts."""

import numpy as np
import pytest

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.schedules.net import ScheduledNet
from lessons.schedules.settings import ScheduledNetSettings
from tests.played import Played, played
from widgets.labs.schedules.net import ScheduledNetView
from widgets.labs.schedules.seeds import ScheduleSeedsView

pytestmark = pytest.mark.chaotic
WARMUP, DECAY, NO_DECAY, RESTARTS = range(len(ScheduledNetView.presets))
# How often the sharpness is measured changes no step, and costs most of the time.
SELDOM = {"sharpness_every": 50}


def survivors(preset: str, **changes: object) -> int:
    """Of twenty nets."""
    return int(np.isfinite(played(ScheduleSeedsView, preset, seeds=1, **changes)["loss"][0, -1]).sum())


@pytest.mark.sentence("l2_sharpness_at_the_start")
def test_the_sharpness_of_twenty_draws_at_the_start():
    sharpness = played(ScheduleSeedsView, "without warmup", seeds=1, steps=30, sharpness_every=30)["sharpness"][0, 0]
    assert len(sharpness) == 20
    assert sharpness.min() > 20
    assert sharpness.max() < 45


@pytest.mark.sentence("l2_only_warmup_survives")
def test_only_with_warmup_a_net_comes_through():
    run = played(ScheduledNetView, WARMUP, **SELDOM)
    assert (0.3 * run.of("constant", "sharpness")[:, 0] > 3 * 2).all()
    assert not np.isfinite(run.of("constant", "loss")[:, -1]).any()
    assert (run.of("warmup", "smoothed_loss")[:, -1] < 0.1 * run.of("warmup", "loss")[:, 0]).all()


@pytest.mark.sentence("l2_warmup_pushes_the_sharpness_down")
def test_with_warmup_the_limit_passes_the_sharpness_and_pushes_it_down():
    run = played(ScheduledNetView, WARMUP, steps=80, sharpness_every=2)
    sharpness, above = run.of("warmup", "sharpness"), run.of("warmup", "eta_lambda") / 2
    passed = (above > 1).argmax(1)
    assert (passed >= 6).all()
    assert (passed <= 16).all()
    assert (above[:, 20] > 1.08).all()
    assert (sharpness[:, 40] < 0.45 * sharpness[:, 0]).all()
    assert (np.abs(above[:, 80] - 1) < 0.25).all()
    without = run.of("constant", "eta_lambda")[:, 0] / 2
    assert (without > 3.1).all()
    assert (without < 6.9).all()


@pytest.mark.sentence("l2_all_twenty_survive_with_warmup")
def test_all_twenty_come_through_with_warmup_and_none_without():
    assert survivors("with warmup", sharpness_every=400) == 20
    assert survivors("without warmup", sharpness_every=100, steps=100) == 0


@pytest.mark.sentence("l2_twice_the_limit_is_survived")
def test_at_twice_the_limit_most_nets_rise_first_and_none_diverges():
    run = played(ScheduleSeedsView, "twice the limit", seeds=1, sharpness_every=60)
    loss, limit = run["loss"][0], 2 / run.settings[0].learning_rate
    assert 1.8 < np.median(run["sharpness"][0, 0]) / limit < 2.4
    assert (loss[1:11].max(0) > 1.1 * loss[0]).sum() > 10
    assert np.isfinite(loss[-1]).all()
    assert (loss[-5:].mean(0) < 0.5 * loss[0]).all()


@pytest.fixture(scope="module")
def multiples() -> dict[int, np.ndarray]:
    """The loss of sixteen nets over 60 steps, shape (61, 16), at each multiple of their own 1/lambda_max."""
    shape = {"horizon": 400, "sharpness_every": 1000}
    nets = [ScheduledNetSettings(seed=seed, steps=1, **shape) for seed in range(16)]
    sharpness = next(iter(Run(ScheduledNet(), Lanes(nets))))["sharpness"].tolist()
    multiples, history = (1, 2, 5, 6, 8), History()
    rates = [multiple / each for multiple in multiples for each in sharpness]
    lanes = [ScheduledNetSettings(seed=k % 16, steps=60, learning_rate=rate, **shape) for k, rate in enumerate(rates)]
    history.extend(list(Run(ScheduledNet(), Lanes(lanes))))
    return dict(zip(multiples, np.split(history["loss"], len(multiples), axis=1), strict=True))


@pytest.mark.sentence("l2_only_far_above_the_limit_nets_diverge")
def test_how_many_of_sixteen_nets_rise_and_diverge_at_multiples_of_their_limit(multiples):
    rise = {each: int((~(loss[:15].max(0) < 4 / 3 * loss[0])).sum()) for each, loss in multiples.items()}
    diverged = {each: int((~np.isfinite(loss[-1])).sum()) for each, loss in multiples.items()}
    assert (rise[1], rise[2]) == (0, 0)
    assert rise[5] >= 11
    assert (diverged[1], diverged[2], diverged[5]) == (0, 0, 0)
    assert 2 <= diverged[6] <= 14
    assert diverged[8] == 16


@pytest.fixture(scope="module")
def decay() -> Played:
    return played(ScheduledNetView, DECAY, **SELDOM)


@pytest.mark.sentence("l2_decay_pays_with_small_batches")
def test_decay_pays_where_batches_are_small(decay):
    """One net at one step of a noisy run says little: the constant lane by its median over the second half.

    Ten times lower in most seeds: 9 to 32 times on two processors.
    """
    constant, steps, cosine = (decay.of(name, "train_loss") for name in ("constant", "step decay", "cosine"))
    middle = np.median(constant[:, 450::50], axis=1)
    shown = decay.of("constant", "smoothed_loss")[:, 300:]
    assert np.median(shown) == pytest.approx(0.5, abs=0.15)
    assert (shown.max(1) > 1.5 * shown.min(1)).all()
    assert (middle > 0.12).all()
    assert (steps[:, 600] < 0.3 * np.median(steps[:, 100:301:50], axis=1)).all()
    assert (steps[:, 900] < 0.85 * steps[:, 600]).all()
    for lower in (steps, cosine):
        assert np.median(middle / lower[:, 900]) > 10
        assert (lower[:, 900] < middle / 5).all()
    right = decay["test_accuracy"][:, 650::50].mean(1)
    assert (right[:, 1:] > right[:, :1] + 0.02).all()


@pytest.mark.sentence("l2_the_batch_decides")
def test_with_larger_batches_and_nothing_else_changed_the_constant_rate_wins():
    """0.003 against 0.007 to 0.008."""
    loss = played(ScheduledNetView, DECAY, seeds=3, batch_size=32, sharpness_every=100)["train_loss"][:, -1]
    assert (2 * loss[:, 0] < loss[:, 1:].min(1)).all()


@pytest.mark.sentence("l2_decay_does_not_pay_with_little_noise")
def test_the_constant_rate_wins_where_there_is_little_noise():
    run = played(ScheduledNetView, NO_DECAY, sharpness_every=100)
    loss = run["train_loss"]
    others = loss[:, :, 1:].min(2)
    for step in (400, 500, 600):
        assert (loss[:, step, 0] < 0.97 * others[:, step]).all(), step
    assert (others[:, -1] > 1.25 * loss[:, -1, 0]).all()
    assert (loss[:, 600, 0] < 0.9 * loss[:, 500, 0]).all() or (loss[:, 600, 0] < 0.85 * loss[:, 400, 0]).all()


@pytest.mark.sentence("l2_each_cycle_of_the_net_ends_lower")
def test_the_loss_jumps_up_at_each_restart_and_each_cycle_ends_lower():
    run = played(ScheduledNetView, RESTARTS)
    loss, cosine = (run.of(name, "train_loss") for name in ("warm restarts", "cosine"))
    ends = loss[:, [180, 380, 580, 780, 980]]
    peaks = np.stack([loss[:, restart : restart + 100 : 20].max(1) for restart in (200, 400, 600, 800)], axis=1)
    assert (peaks > 1.25 * ends[:, :-1]).all()
    assert (peaks > 1.5 * ends[:, :-1]).mean() > 0.7
    assert (ends[:, 1:] < 0.9 * ends[:, :-1]).all()
    assert (np.abs(cosine[:, 980] / loss[:, 980] - 1) < 0.15).all(), "0.98 to 1.04"
