"""Claim 19: each scheme has the law that torch.nn.init gives it; a learner's own function harms nobody."""

import math

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.initialization.draws import Layer
from lessons.initialization.propagation import Propagation, PropagationSettings
from lessons.initialization.schemes import SCHEMES, Initializer

WIDE, NARROW = 400, 250
GAIN = 1.3


def kaiming(mode):
    return lambda w: torch.nn.init.kaiming_normal_(w, mode=mode, nonlinearity="relu")


# Functions of a weight (fan_out, fan_in), as torch lays it out.
TORCH = {
    "zeros": torch.nn.init.zeros_,
    "constant": lambda w: torch.nn.init.constant_(w, 0.3),
    "normal": lambda w: torch.nn.init.normal_(w, std=0.02),
    "LeCun": lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="linear").mul_(GAIN),
    "Xavier": lambda w: torch.nn.init.xavier_normal_(w, gain=GAIN),
    "Kaiming fan-in": kaiming("fan_in"),
    "Kaiming fan-out": kaiming("fan_out"),
    "orthogonal": lambda w: torch.nn.init.orthogonal_(w, gain=GAIN),
    "uniform": lambda w: torch.nn.init.kaiming_uniform_(w, nonlinearity="linear").mul_(GAIN),
    "signs": lambda w: w.bernoulli_(0.5).mul_(2).sub_(1).mul_(GAIN / w.shape[1] ** 0.5),
}
VARIANCE = {
    "normal": lambda i, o: 0.02**2,
    "LeCun": lambda i, o: GAIN**2 / i,
    "Xavier": lambda i, o: 2 * GAIN**2 / (i + o),
    "Kaiming fan-in": lambda i, o: 2 / i,
    "Kaiming fan-out": lambda i, o: 2 / o,
    "uniform": lambda i, o: GAIN**2 / i,
    "signs": lambda i, o: GAIN**2 / i,
}
SHAPES = [(WIDE, NARROW), (NARROW, WIDE), (NARROW, NARROW)]


def settings(scheme: str, **values) -> PropagationSettings:
    return PropagationSettings(scheme=scheme, **{"gain": GAIN, "deviation": 0.02, "constant": 0.3, **values})


def weights(scheme: str, fan_in: int, fan_out: int, seed: int = 0) -> torch.Tensor:
    """As torch lays it out, (fan_out, fan_in)."""
    initializer = Initializer(Lanes([settings(scheme, seed=seed)]))
    return initializer.weights(Layer(1, 1, fan_in, fan_out))[0].T


def own_lanes(function, *others: str, width: int = 8) -> Lanes:
    names = ["your own", *others]
    return Lanes([settings(name, depth=3, width=width, steps=2) for name in names], own=function)


def test_all_schemes_of_torch_are_compared():
    assert TORCH.keys() == SCHEMES.keys() - {"Cauchy"}  # which has no moments
    assert all(scheme.equation and any(c.isdigit() for c in scheme.reference) for scheme in SCHEMES.values())


@pytest.mark.claim(19)
@pytest.mark.parametrize("scheme", TORCH)
@pytest.mark.parametrize(("fan_in", "fan_out"), SHAPES)
def test_moments_are_those_of_torch(scheme, fan_in, fan_out):
    """Of M numbers the mean has a standard error s / sqrt(M), the variance sqrt(2 / M), the kurtosis sqrt(24 / M).

    Both samples err, so five times sqrt(2) standard errors are allowed. An orthogonal matrix varies less.
    """
    ours = weights(scheme, fan_in, fan_out).double()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = TORCH[scheme](torch.empty(fan_out, fan_in)).double()
    allowed = 5 * math.sqrt(2 / ours.numel())
    assert ours.shape == theirs.shape
    assert ours.mean().item() == pytest.approx(theirs.mean().item(), abs=allowed * theirs.std().item() + 1e-12)
    assert ours.var().item() == pytest.approx(theirs.var().item(), rel=allowed * math.sqrt(2), abs=1e-12)
    if theirs.std() > 0:
        kurtosis = [(w / w.std()).pow(4).mean().item() for w in (ours, theirs)]
        assert kurtosis[0] == pytest.approx(kurtosis[1], abs=allowed * math.sqrt(24))


@pytest.mark.claim(19)
@pytest.mark.parametrize("scheme", VARIANCE)
@pytest.mark.parametrize(("fan_in", "fan_out"), SHAPES)
def test_variances_are_those_of_the_equations(scheme, fan_in, fan_out):
    measured = weights(scheme, fan_in, fan_out, seed=1).double().var().item()
    assert measured == pytest.approx(VARIANCE[scheme](fan_in, fan_out), rel=5 * math.sqrt(2 / (fan_in * fan_out)))


def test_the_uniform_scheme_with_a_gain_of_one_over_root_three_is_what_a_linear_layer_of_torch_begins_with():
    lanes = Lanes([PropagationSettings(scheme="uniform", gain=3**-0.5)])
    ours = Initializer(lanes).weights(Layer(1, 1, WIDE, NARROW))[0]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = torch.nn.Linear(WIDE, NARROW).weight.detach()
    assert ours.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=1e-3)
    assert ours.var().item() == pytest.approx(theirs.var().item(), rel=5 * math.sqrt(2 / ours.numel()) * math.sqrt(2))


def test_cauchy_weights_have_cauchys_quantiles():
    """A quantile p of M numbers errs by sqrt(p (1 - p) / M) over the density there: five of them are allowed."""
    ours = weights("Cauchy", WIDE, NARROW).flatten().double() * math.sqrt(WIDE) / GAIN
    for p in (0.01, 0.1, 0.5, 0.75, 0.99):
        true = math.tan(math.pi * (p - 0.5))
        error = math.sqrt(p * (1 - p) / len(ours)) * math.pi * (1 + true**2)
        assert ours.quantile(p).item() == pytest.approx(true, abs=5 * error)


@pytest.mark.claim(19)
@pytest.mark.parametrize(("fan_in", "fan_out"), SHAPES)
def test_orthogonal_matrices_are_orthogonal(fan_in, fan_out):
    w = weights("orthogonal", fan_in, fan_out) / GAIN
    gram = w @ w.T if fan_out <= fan_in else w.T @ w
    torch.testing.assert_close(gram, torch.eye(min(fan_in, fan_out)), rtol=0, atol=2e-6)


def test_signs_of_orthogonal_matrices_are_free():
    """Without the correction of signs, diagonal entries of Q would lean to one side."""
    diagonals = torch.stack([weights("orthogonal", 2, 2, seed).diagonal() for seed in range(400)]) / GAIN
    assert diagonals.mean().abs() < 4 * diagonals.std() / math.sqrt(800)


def test_orthogonal_matrices_are_uniform_under_the_haar_measure():
    """Of 4 x 4: E q^2 = 1/4, E q^4 = 3/(4*6), as many turn a mirror image as do not, and E tr(Q)^2 = 1."""
    drawn = torch.stack([weights("orthogonal", 4, 4, seed) for seed in range(4000)]) / GAIN
    assert drawn.mean(0).abs().max() < 5 * 0.5 / math.sqrt(4000)
    torch.testing.assert_close(drawn.square().mean(0), torch.full((4, 4), 0.25), rtol=0, atol=5 * 0.25 / 63)
    torch.testing.assert_close(drawn.pow(4).mean(0), torch.full((4, 4), 0.125), rtol=0, atol=5 * 0.2 / 63)
    assert torch.linalg.det(drawn).mean().abs() < 5 / 63
    traces = drawn.diagonal(dim1=1, dim2=2).sum(1)
    assert traces.square().mean().item() == pytest.approx(1, abs=5 * math.sqrt(2) / 63)


def test_schemes_of_one_seed_share_their_draw():
    lanes = Lanes([settings("LeCun"), settings("normal"), settings("LeCun", gain=2.0), settings("LeCun", seed=1)])
    lecun, normal, louder, other = Initializer(lanes).weights(Layer(2, 5, 30, 20))
    torch.testing.assert_close(lecun / GAIN, louder / 2.0)
    torch.testing.assert_close(lecun / GAIN * math.sqrt(30), normal / 0.02)
    assert not torch.allclose(lecun, other)


def test_layers_and_nets_differ_and_a_deeper_net_has_the_same_first_layers():
    initializer = Initializer(Lanes([settings("Xavier")]))
    first = initializer.weights(Layer(1, 5, 9, 9))
    assert not torch.equal(first, initializer.weights(Layer(2, 5, 9, 9)))
    assert not torch.equal(first, initializer.weights(Layer(1, 5, 9, 9, net=1)))
    assert torch.equal(first, initializer.weights(Layer(1, 50, 9, 9)))


def test_weights_handed_out_are_not_those_that_are_kept():
    initializer = Initializer(Lanes([settings("orthogonal")]))
    first = initializer.weights(Layer(1, 5, 9, 9))
    expected = first.clone()
    first.zero_()
    assert torch.equal(initializer.weights(Layer(1, 5, 9, 9)), expected)


# ---- a learner's own ----


def test_a_scheme_of_ones_own_runs_as_the_same_scheme_of_ours():
    lanes = own_lanes(lambda normal, layer, fan_in, fan_out: GAIN * normal / fan_in**0.5, "LeCun", "Xavier")
    *_, last = Propagation().run(lanes)
    assert last.failures == {}
    torch.testing.assert_close(last["activation_square"][0], last["activation_square"][1])


def test_it_may_call_torch_init_and_is_repeated():
    """It finds torch's global random state the same each time, and leaves it as it was."""

    def with_torch(normal, layer, fan_in, fan_out):
        return torch.nn.init.xavier_uniform_(normal)

    before = torch.get_rng_state()
    first, second = (next(Propagation().run(own_lanes(with_torch))) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first["activation_square"], second["activation_square"])


def test_it_is_told_which_layer_and_has_a_generator_of_its_own():
    told = []

    def curious(normal, layer, fan_in, fan_out):
        told.append((layer["number"], layer["count"], fan_in, fan_out, tuple(normal.shape)))
        return torch.randn(fan_out, fan_in, generator=layer["generator"])

    next(Propagation().run(own_lanes(curious)))
    assert told == [(number, 3, 8, 8, (8, 8)) for number in (1, 2, 3)]


def late(normal, layer, fan_in, fan_out):
    if layer["number"] == 3:
        raise RuntimeError("not this one")
    return normal


def endless(normal, layer, fan_in, fan_out):
    while True:
        pass


WRONG = {
    "raises": (late, "with RuntimeError: not this one."),
    "no tensor": (lambda *_: 0.1, "it returned a float"),
    "wrong shape": (lambda normal, *_: normal[:1], "(fan_out, fan_in) = (8, 8); it returned (1, 8)"),
    "not finite": (lambda normal, *_: normal / 0, "finite real numbers"),
    "too few arguments": (lambda normal: normal, "TypeError"),
    "endless": (endless, "longer than 2 s"),
    "none given": (None, "No function of your own was given here"),
}


@pytest.mark.parametrize(("function", "words"), WRONG.values(), ids=WRONG)
def test_what_goes_wrong_is_a_sentence_in_its_lane_alone(function, words):
    alone = list(Propagation().run(Lanes(own_lanes(None, "LeCun", "orthogonal").settings[1:])))
    seen = list(Propagation().run(own_lanes(function, "LeCun", "orthogonal")))
    assert seen[-1].failures.keys() == {0}
    assert words in seen[-1].failures[0]
    assert seen[-1].failures[0].endswith(".")
    assert seen[-1]["loss"][0].isnan()
    for one, other in zip(alone, seen, strict=True):
        torch.testing.assert_close(one["activation_square"], other["activation_square"][1:], rtol=1e-5, atol=0)
