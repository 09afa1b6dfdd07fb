"""Claim 17: in a net the sharpness climbs to 2/eta and hovers there; a flatter valley is reached by catapult."""

import numpy as np
import pytest
import torch

from lessons.core.curvature import sharpness_gauge
from lessons.core.data.digits import digits_split
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.network import DenseNetwork
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings

pytestmark = [pytest.mark.claim(17), pytest.mark.chaotic]

TINY = {"width": 2, "depth": 1, "train_size": 40, "init_scale": 1.0, "sharpness_every": 5, "steps": 40}
HOVER = {"activation": "tanh", "depth": 2, "width": 32, "train_size": 200, "init_scale": 0.5}
HOVER_RATES = [0.02, 0.1, 0.15, 0.2, 0.25]
EDGE_RATES = [0.15, 0.2, 0.25]  # those that reach 2/eta within the run
CATAPULT = {"activation": "relu", "depth": 1, "width": 128, "init_scale": 1.0, "steps": 100}
CATAPULT_RATES = [0.01, 0.05, 0.07, 0.1]
MODULES = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}
OPTIMIZERS = {
    "gradient descent": lambda p, rate: torch.optim.SGD(p, lr=rate),
    "heavy ball": lambda p, rate: torch.optim.SGD(p, lr=rate, momentum=0.9),
}


class Reference:
    """The same net in plain torch.nn, trained by torch.optim on the same images, its Hessian dense."""

    def __init__(self, settings: NetSettings):
        lanes, data = Lanes([settings]), digits_split(settings.train_size)
        network = DenseNetwork((64, *[settings.width] * settings.depth, 10), settings.activation)
        layers = network.layers(network.initial(lanes.seed, lanes.init_scale))
        modules = [m for w, b in layers for m in (linear(w[0], b[0, 0]), MODULES[settings.activation]())]
        self.model, self.loss_name = torch.nn.Sequential(*modules[:-1]), settings.loss
        self.inputs, self.labels = data.train_inputs, data.train_labels

    def loss(self, outputs: torch.Tensor) -> torch.Tensor:
        if self.loss_name == "cross-entropy":
            return torch.nn.functional.cross_entropy(outputs, self.labels)
        target = torch.eye(10, dtype=outputs.dtype)[self.labels]
        return torch.nn.functional.mse_loss(outputs, target, reduction="sum") / (2 * len(target))

    def flat(self) -> torch.Tensor:
        return torch.nn.utils.parameters_to_vector(self.model.parameters()).detach().double()

    def train(self, optimizer: torch.optim.Optimizer, steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            self.loss(self.model(self.inputs)).backward()
            optimizer.step()

    def flat_loss(self, flat: torch.Tensor) -> torch.Tensor:
        """The loss at parameters given as one float64 vector."""
        named, start = {}, 0
        for name, parameter in self.model.named_parameters():
            named[name] = flat[start : start + parameter.numel()].view_as(parameter)
            start += parameter.numel()
        return self.loss(torch.func.functional_call(self.model, named, (self.inputs.double(),)))

    def sharpness(self) -> float:
        hessian = torch.autograd.functional.hessian(self.flat_loss, self.flat(), vectorize=True)
        return torch.linalg.eigvalsh(hessian)[-1].item()


def linear(weight: torch.Tensor, bias: torch.Tensor) -> torch.nn.Linear:
    layer = torch.nn.Linear(*weight.shape)
    layer.weight.data, layer.bias.data = weight.T.contiguous(), bias.clone()
    return layer


def hover_lanes() -> list[NetSettings]:
    return [NetSettings(learning_rate=r, **HOVER, sharpness_every=5, steps=500) for r in HOVER_RATES]


@pytest.fixture(scope="module")
def hover(history_of) -> dict[float, dict[str, np.ndarray]]:
    """500 steps at each of HOVER_RATES, measured at every fifth; by learning rate."""
    return by_rate(HOVER_RATES, history_of(Net(), hover_lanes()))


@pytest.fixture(scope="module")
def well_measured_hover(history_of) -> dict[float, dict[str, np.ndarray]]:
    """The same, with as many Lanczos steps as it takes to be exact."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharpness_gauge, "FOLLOWING_ITERATIONS", 12)
        return by_rate(HOVER_RATES, history_of(Net(), hover_lanes()))


@pytest.fixture(scope="module")
def catapult(history_of) -> dict[float, dict[str, np.ndarray]]:
    return by_rate(
        CATAPULT_RATES, history_of(Net(), [NetSettings(learning_rate=r, **CATAPULT) for r in CATAPULT_RATES])
    )


def by_rate(rates: list[float], history: History) -> dict[float, dict[str, np.ndarray]]:
    return {rate: {name: history[name][:, k] for name in history.names} for k, rate in enumerate(rates)}


@pytest.mark.parametrize("loss", ["squared error", "cross-entropy"])
@pytest.mark.parametrize("activation", MODULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_sharpness_is_the_top_of_the_dense_hessian_at_the_start_and_later(history_of, loss, activation, optimizer):
    settings = NetSettings(loss=loss, activation=activation, optimizer=optimizer, learning_rate=0.01, **TINY)
    history, reference = history_of(Net(), [settings]), Reference(settings)
    trained = OPTIMIZERS[optimizer](reference.model.parameters(), 0.01)
    assert history["sharpness"][0, 0] == pytest.approx(reference.sharpness(), rel=1e-4)
    reference.train(trained, 40)
    now = reference.loss(reference.model(reference.inputs)).item()
    assert history["loss"][40, 0] == pytest.approx(now, rel=1e-4)
    assert history["sharpness"][40, 0] == pytest.approx(reference.sharpness(), rel=1e-2)
    assert abs(history["sharpness"][40, 0] / history["sharpness"][0, 0] - 1) > 0.05


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_update_cosine_is_that_of_the_last_two_steps_taken(history_of, optimizer):
    """Differences of float32 positions know the direction of a step to some 1e-4."""
    settings = NetSettings(optimizer=optimizer, learning_rate=0.01, **TINY)
    cosine, reference = history_of(Net(), [settings])["update_cosine"][:, 0], Reference(settings)
    trained, path = OPTIMIZERS[optimizer](reference.model.parameters(), 0.01), [reference.flat()]
    for _ in range(20):
        reference.train(trained, 1)
        path.append(reference.flat())
    updates = torch.stack(path).diff(dim=0)
    expected = torch.cosine_similarity(updates[:-1], updates[1:], dim=1)
    assert cosine[:2].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(cosine[2:21], expected, rtol=0, atol=1e-3)
    assert expected.min() < 0.99


def test_between_two_measurements_there_is_none(hover):
    sharpness = hover[0.2]["sharpness"]
    np.testing.assert_array_equal(~np.isnan(sharpness), np.arange(501) % 5 == 0)
    assert (np.diff(sharpness[::5]) != 0).all()


def test_test_accuracy_is_that_of_unseen_images(hover):
    """Ten classes: by chance a tenth; 500 steps on 200 images teach most of the digits."""
    accuracy = hover[0.2]["test_accuracy"]
    assert accuracy[0] < 0.25
    assert accuracy[500] > 0.85


def test_far_from_the_edge_the_loss_falls_at_every_step_and_the_sharpness_rises(hover):
    """Progressive sharpening: eta = 0.02 is far below 2/lambda all the way."""
    lane = hover[0.02]
    assert (np.diff(lane["loss"]) < 0).all()
    assert (lane["sharpness"][::5] < 0.2 * 2 / 0.02).all()
    assert lane["sharpness"][500] > 1.2 * lane["sharpness"][0]


@pytest.mark.parametrize("rate", EDGE_RATES)
def test_sharpness_climbs_to_two_over_eta_and_hovers_there(hover, rate):
    """It starts below the line, crosses it, and then stays within a fifth of it, on average within a tenth."""
    relative = hover[rate]["sharpness"] * rate / 2
    crossing = int((relative > 1).argmax())
    assert relative[0] < 0.9
    assert 0 < crossing < 250
    assert (np.abs(relative[300::5] - 1) < 0.2).all()
    assert abs(relative[300::5].mean() - 1) < 0.1


def test_followed_to_the_last_digit_the_hover_lies_just_above_the_line(well_measured_hover):
    """At eta = 0.2: from 7.0 past 10 up to some 12.5, then 10.4 on average.

    Rounding decides the path at the edge, not where it hovers: over six seeds and four processors the mean is 10.38 to
    10.50 and single readings are 9.76 to 11.34.
    """
    sharpness = well_measured_hover[0.2]["sharpness"][::5]
    assert sharpness[0] == pytest.approx(7.0, abs=0.1)
    assert 11 < sharpness.max() < 14
    assert 10.2 < sharpness[60:].mean() < 10.7
    assert 9.3 < sharpness[60:].min() < sharpness[60:].max() < 11.8


def test_measuring_more_closely_does_not_disturb_the_training(hover, well_measured_hover):
    for rate in HOVER_RATES:
        np.testing.assert_array_equal(hover[rate]["loss"], well_measured_hover[rate]["loss"])


def test_how_well_the_sharpness_is_followed(hover, well_measured_hover):
    """Never too high; exact below the edge; at the edge, where two eigenvalues trade places, at times too low."""
    ratios = {rate: (hover[rate]["sharpness"] / well_measured_hover[rate]["sharpness"])[::5] for rate in HOVER_RATES}
    for ratio in ratios.values():
        assert ratio.max() < 1 + 1e-3
        assert np.median(ratio) > 0.97
        assert ratio.min() > 0.6
    for rate in (0.02, 0.1):
        assert ratios[rate].min() > 0.99


def test_it_is_the_learning_rate_that_holds_the_sharpness_down(hover):
    """From the same start, half the learning rate sails past 10 towards its own line at 20."""
    assert hover[0.1]["sharpness"][500] > 1.4 * hover[0.2]["sharpness"][300::5].mean()
    assert hover[0.1]["sharpness"][500] < 2 / 0.1


@pytest.mark.parametrize("rate", EDGE_RATES)
def test_at_the_edge_the_loss_keeps_falling_though_not_at_every_step(hover, rate):
    loss = hover[rate]["loss"]
    hundreds = loss[1:].reshape(5, 100).mean(1)
    assert (np.diff(hundreds) < 0).all()
    assert (np.diff(loss[200:]) > 0).any()
    assert loss[500] < 0.1 * loss[0]


def test_at_the_edge_the_updates_zigzag_along_the_top_eigenvector_and_far_below_they_do_not(history_of):
    """The parabola in a net: beyond eta lambda = 1 the component along the top direction flips at each step.

    Nearly so, since another eigenvector is on top now and then: over eight seeds and two processors 0.89 to 1 of the
    steps are flips. Signs by chance would flip at half of them.
    """
    common = {**HOVER, "sharpness_every": 1, "steps": 220}
    lanes = [(0.2, 0), (0.2, 1), (0.2, 2), (0.02, 0)]
    history = history_of(Net(), [NetSettings(learning_rate=rate, seed=seed, **common) for rate, seed in lanes])
    flips = np.diff(np.sign(history["along_top"]), axis=0) != 0
    assert (history["sharpness"][140:, :3].mean(0) > 0.9 * 2 / 0.2).all()
    assert (flips[140:, :3].mean(0) > 0.8).all()
    assert not flips[1:40, 3].any()
    assert (np.abs(history["along_top"]) <= 1 + 1e-5).all()


def test_at_the_edge_each_update_undoes_most_of_the_one_before_and_far_below_they_agree(hover):
    for rate in (0.2, 0.25):
        assert hover[rate]["update_cosine"][300:].mean() < -0.8
    assert (hover[0.02]["update_cosine"][2:] > 0.99).all()


def test_a_start_beyond_the_limit_is_a_catapult(catapult):
    """Lewkowycz et al. 2020: the loss first rises several-fold, then falls, and the net ends in a flatter valley."""
    start = catapult[0.05]["sharpness"][0]
    assert start == pytest.approx(70.3, abs=0.5)
    for rate, rise in {0.05: 2, 0.07: 4, 0.1: 8}.items():
        loss, sharpness = catapult[rate]["loss"], catapult[rate]["sharpness"]
        assert start > 1.5 * 2 / rate
        assert loss[:10].max() > rise * loss[0]
        assert loss[-1] < 0.05 * loss[0]
        assert sharpness[-1] < 0.5 * 2 / rate
        assert sharpness[-1] < 0.25 * start


def test_a_small_learning_rate_from_the_same_start_stays_in_the_sharp_valley(catapult):
    loss, sharpness = catapult[0.01]["loss"], catapult[0.01]["sharpness"]
    assert (np.diff(loss) < 0).all()
    assert sharpness[-1] > 0.7 * sharpness[0]


@pytest.mark.parametrize(
    ("activation", "survived", "lost"), [("tanh", 3.5, 6.0), ("linear", 3.5, 6.0), ("relu", 8.0, 400.0)]
)
def test_the_catapult_has_a_limit_of_its_own(history_of, activation, survived, lost):
    """Learning rates in units of 1/lambda_0: past 2 the loss rises; tanh and linear nets are lost soon after 4.

    ReLU withstands far more, as the paper reports.
    """
    common = {**CATAPULT, "activation": activation}
    first = history_of(Net(), [NetSettings(**{**common, "steps": 1})])["sharpness"][0, 0]
    rates = [survived / float(first), min(lost / float(first), 100.0)]
    loss = history_of(Net(), [NetSettings(learning_rate=rate, **common) for rate in rates])["loss"]
    assert loss[:, 0].max() > 2 * loss[0, 0]
    assert loss[-1, 0] < 0.1 * loss[0, 0]
    assert not np.isfinite(loss[-1, 1])


def test_a_relu_net_thrown_too_far_dies(history_of):
    """All hidden units fall silent; what is left is the output bias, whose Hessian is the identity.

    The loss ends at that of the best constant answer, (1 - sum_c p_c^2) / 2 with p_c the share of class c.
    """
    history = history_of(Net(), [NetSettings(learning_rate=0.7, **CATAPULT)])
    shares = np.bincount(digits_split(200).train_labels, minlength=10) / 200
    assert history["loss"][:, 0].max() > 100 * history["loss"][0, 0]
    assert history["loss"][-1, 0] == pytest.approx((1 - (shares**2).sum()) / 2, rel=1e-5)
    assert history["sharpness"][-1, 0] == pytest.approx(1.0, rel=1e-5)


def test_the_initial_scale_sets_the_starting_sharpness(history_of):
    scales = [0.25, 0.5, 1.0, 2.0]
    lanes = [NetSettings(**{**HOVER, "init_scale": scale, "steps": 1}) for scale in scales]
    assert (np.diff(history_of(Net(), lanes)["sharpness"][0]) > 0).all()
