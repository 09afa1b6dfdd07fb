"""Claims 24, 25 and 27: each normalization equals its counterpart in torch.nn, forward and backward."""

import pytest
import torch
from torch import nn

from lessons.core.generators import generator
from lessons.core.layer_passes import DenseLayer
from lessons.core.standardized_layers import BatchNormLayer, OverChannels, StandardizedLayer
from lessons.normalization.deconvolution import (
    Decorrelation,
    deconvolution,
    decorrelation,
    inverse_square_root,
    patches,
)
from lessons.normalization.layers import (
    RunningStatistics,
    batch_norm,
    batch_statistics,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)
from lessons.normalization.normalizers import BatchNormalizer
from lessons.normalization.weights import SingularPair, spectral_norm, weight_norm

LANES, SAMPLES, CHANNELS, SIDE = 3, 5, 6, 4
IMAGES, FEATURES = (LANES, SAMPLES, CHANNELS, SIDE, SIDE), (LANES, SAMPLES, CHANNELS)
EPS = 1e-5


def drawn(shape, purpose: str, offset: float = 0.0, scale: float = 1.0) -> torch.Tensor:
    return offset + scale * torch.randn(shape, generator=generator(1, purpose), dtype=torch.float64)


def exact_inverse_square_root(matrix: torch.Tensor) -> torch.Tensor:
    """Return A^(-1/2) by the eigenvectors of A, shape (K, D, D): ZCA whitening, where A is a covariance."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values[:, None].rsqrt()) @ vectors.transpose(1, 2)


def batch(x, gamma, beta):
    return batch_norm(x, batch_statistics(x), gamma, beta)


def as_is(x, gamma, beta) -> tuple[torch.Tensor, DenseLayer]:
    """Features as the inputs of a layer whose weights leave them as they are, examples as columns."""
    return x.mT, DenseLayer(torch.eye(x.shape[2]).to(x).expand(len(x), -1, -1), gamma, beta)


def batch_layer(x, gamma, beta):
    return BatchNormLayer(*as_is(x, gamma, beta), EPS).sums.mT


def group_layer(groups: int):
    return lambda *of: StandardizedLayer(*as_is(*of), lambda x: OverChannels(x, EPS, groups)).sums.mT


def rms_layer(x, gamma, beta):
    return StandardizedLayer(
        *as_is(x, gamma, beta), lambda x: OverChannels(x, EPS, centred=False), shifted=False
    ).sums.mT


def loaded(module: nn.Module, gamma: torch.Tensor, beta: torch.Tensor) -> nn.Module:
    module = module.double()
    module.weight.data = gamma.clone()
    if getattr(module, "bias", None) is not None:
        module.bias.data = beta.clone()
    return module


CASES = {
    "batch, images": (IMAGES, batch, lambda: nn.BatchNorm2d(CHANNELS)),
    "batch, features": (FEATURES, batch, lambda: nn.BatchNorm1d(CHANNELS)),
    "batch, of a net": (FEATURES, batch_layer, lambda: nn.BatchNorm1d(CHANNELS)),
    "layer, features": (FEATURES, layer_norm, lambda: nn.LayerNorm(CHANNELS)),
    "layer, of a net": (FEATURES, group_layer(1), lambda: nn.LayerNorm(CHANNELS)),
    "layer, images": (IMAGES, layer_norm, lambda: nn.GroupNorm(1, CHANNELS)),
    "instance, images": (IMAGES, instance_norm, lambda: nn.InstanceNorm2d(CHANNELS, affine=True)),
    "group, images": (IMAGES, lambda x, g, b: group_norm(x, 3, g, b), lambda: nn.GroupNorm(3, CHANNELS)),
    "group, features": (FEATURES, lambda x, g, b: group_norm(x, 2, g, b), lambda: nn.GroupNorm(2, CHANNELS)),
    "group, of a net": (FEATURES, group_layer(2), lambda: nn.GroupNorm(2, CHANNELS)),
    "RMS, of a net": (FEATURES, rms_layer, lambda: nn.RMSNorm(CHANNELS, eps=EPS)),
    "RMS, features": (FEATURES, lambda x, g, b: rms_norm(x, g), lambda: nn.RMSNorm(CHANNELS, eps=EPS)),
}


@pytest.mark.claim(25)
@pytest.mark.claim(27)
@pytest.mark.parametrize("case", CASES)
def test_a_normalization_equals_torch_nn_forward_and_backward(case):
    shape, ours, module = CASES[case]
    x, weight = drawn(shape, "x", 2.0, 3.0).requires_grad_(), drawn(shape, "weight")
    gamma = drawn((LANES, CHANNELS), "gamma").requires_grad_()
    beta = drawn((LANES, CHANNELS), "beta").requires_grad_()
    out = ours(x, gamma, beta)
    got = torch.autograd.grad((out * weight).sum(), [x, gamma, beta], allow_unused=True)
    for lane in range(LANES):
        theirs, again = loaded(module(), gamma[lane].detach(), beta[lane].detach()), x[lane].detach().requires_grad_()
        expected = theirs(again)
        torch.testing.assert_close(out[lane], expected)
        wanted = torch.autograd.grad((expected * weight[lane]).sum(), [again, *theirs.parameters()])
        for mine, other in zip(got, wanted, strict=False):
            torch.testing.assert_close(mine[lane], other)


@pytest.mark.claim(25)
def test_layer_norm_of_images_without_affine_equals_torch_nn():
    x, one = drawn(IMAGES, "x", 1.0), torch.ones(LANES, CHANNELS, dtype=torch.float64)
    expected = torch.stack([nn.LayerNorm(IMAGES[2:], elementwise_affine=False)(lane) for lane in x])
    torch.testing.assert_close(layer_norm(x, one, 0 * one), expected)


@pytest.mark.claim(25)
@pytest.mark.parametrize("shape", [IMAGES, FEATURES])
def test_running_statistics_and_evaluation_equal_torch_nn(shape):
    """The batch is normalized by the biased variance, the running one takes the unbiased."""
    gamma, beta = drawn((LANES, CHANNELS), "gamma"), drawn((LANES, CHANNELS), "beta")
    zero, one = torch.zeros(LANES, CHANNELS).double(), torch.ones(LANES, CHANNELS).double()
    running = RunningStatistics(zero, one)
    made = nn.BatchNorm2d if len(shape) == 5 else nn.BatchNorm1d
    modules = [loaded(made(CHANNELS), gamma[lane], beta[lane]) for lane in range(LANES)]
    for step in range(4):
        x = drawn(shape, f"x {step}", 1.0 + step, 2.0)
        running = running.after(batch_statistics(x))
        for lane, module in enumerate(modules):
            module(x[lane])
            torch.testing.assert_close(running.mean[lane], module.running_mean)
            torch.testing.assert_close(running.variance[lane], module.running_var)
    expected = torch.stack([module.eval()(x[lane]) for lane, module in enumerate(modules)])
    torch.testing.assert_close(batch_norm(x, running, gamma, beta), expected)


@pytest.mark.claim(25)
def test_an_image_has_one_statistic_a_channel_and_not_one_a_pixel():
    statistics = batch_statistics(drawn(IMAGES, "x"))
    assert statistics.mean.shape == (LANES, CHANNELS)
    assert statistics.count == SAMPLES * SIDE * SIDE


@pytest.mark.claim(25)
def test_gamma_and_beta_are_deviation_and_mean_of_the_outputs():
    """gamma (x - mu) / sqrt(sigma^2 + eps) + beta; without the root the deviation would depend on x."""
    gamma, beta = drawn((LANES, CHANNELS), "gamma").abs(), drawn((LANES, CHANNELS), "beta")
    after = batch_statistics(batch(drawn(IMAGES, "x", 5.0, 7.0), gamma, beta))
    torch.testing.assert_close(after.mean, beta)
    torch.testing.assert_close(after.variance.sqrt(), gamma, rtol=1e-6, atol=0)


@pytest.mark.claim(29)
def test_batch_norm_of_one_value_gives_beta_whatever_it_is_where_torch_raises():
    x, gamma = drawn((LANES, 1, CHANNELS), "x"), drawn((LANES, CHANNELS), "gamma")
    beta = drawn((LANES, CHANNELS), "beta")
    torch.testing.assert_close(batch(x, gamma, beta), beta[:, None])
    running = RunningStatistics(torch.zeros_like(gamma), torch.ones_like(gamma))
    passed, after = BatchNormalizer().trained(*as_is(x, gamma, beta), running)
    torch.testing.assert_close(passed.sums.mT, beta[:, None])
    torch.testing.assert_close(after.mean, 0.1 * x[:, 0])
    assert torch.equal(after.variance, running.variance)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        nn.BatchNorm1d(CHANNELS).double()(x[0])


def test_running_statistics_of_a_layer_equal_the_plain_ones():
    x, one = drawn(FEATURES, "x", 3.0), torch.ones(LANES, CHANNELS).double()
    running, layer = RunningStatistics(0 * one, one), BatchNormalizer()
    passed, after = layer.trained(*as_is(x, one, one), running)
    plain = running.after(batch_statistics(x))
    torch.testing.assert_close((after.mean, after.variance), (plain.mean, plain.variance))
    assert torch.equal(running.mean, 0 * one), "the old statistics are left alone"
    evaluated = layer.evaluated(*as_is(x, one, one), after)
    torch.testing.assert_close(evaluated.mT, batch_norm(x, plain, one, one))
    torch.testing.assert_close(passed.sums.mT, batch_norm(x, batch_statistics(x), one, one))


@pytest.mark.claim(27)
def test_weight_norm_equals_torch_nn_forward_and_backward():
    v = drawn((LANES, 4, CHANNELS), "v").requires_grad_()
    g, x = drawn((LANES, CHANNELS), "g").requires_grad_(), drawn((LANES, SAMPLES, 4), "x")
    weight = weight_norm(v, g)
    torch.testing.assert_close(weight.norm(dim=1), g.abs())
    got = torch.autograd.grad((torch.bmm(x, weight) ** 2).sum(), [v, g])
    for lane in range(LANES):
        linear = nn.utils.parametrizations.weight_norm(nn.Linear(4, CHANNELS, bias=False).double())
        parts = linear.parametrizations.weight
        parts.original0.data, parts.original1.data = g[lane].detach()[:, None], v[lane].detach().T
        out = linear(x[lane])
        torch.testing.assert_close(torch.mm(x[lane], weight[lane]), out)
        length, direction = torch.autograd.grad((out**2).sum(), [parts.original0, parts.original1])
        torch.testing.assert_close(got[0][lane], direction.T)
        torch.testing.assert_close(got[1][lane], length[:, 0])


@pytest.mark.claim(27)
def test_spectral_norm_equals_torch_nn_over_several_steps_forward_and_backward():
    weight = drawn((LANES, 4, CHANNELS), "weight").requires_grad_()
    x, pair = drawn((LANES, SAMPLES, 4), "x"), SingularPair.start(weight.detach(), torch.arange(LANES), "vectors")
    modules = []
    for lane in range(LANES):
        linear = nn.Linear(4, CHANNELS, bias=False).double()
        linear.weight.data = weight[lane].detach().T.clone()
        modules.append(nn.utils.parametrizations.spectral_norm(linear))
        modules[-1].parametrizations.weight[0]._u = pair.left[lane]
        modules[-1].parametrizations.weight[0]._v = pair.right[lane]
    for _ in range(3):
        pair = pair.after(weight)
        out = torch.bmm(x, spectral_norm(weight, pair))
        (got,) = torch.autograd.grad((out**2).sum(), weight)
        for lane, module in enumerate(modules):
            expected = module(x[lane])
            torch.testing.assert_close(out[lane], expected)
            (wanted,) = torch.autograd.grad((expected**2).sum(), module.parametrizations.weight.original)
            torch.testing.assert_close(got[lane], wanted.T)


@pytest.mark.claim(27)
def test_power_iteration_finds_the_largest_singular_value_which_spectral_norm_makes_1():
    weight = drawn((LANES, 20, 12), "weight")
    exact = torch.linalg.matrix_norm(weight, ord=2)
    pair = SingularPair.start(weight, torch.zeros(LANES), "vectors")
    assert (pair.value(weight) <= exact * (1 + 1e-12)).all()
    pair = pair.after(weight, 300)
    torch.testing.assert_close(pair.value(weight), exact, rtol=1e-8, atol=0)
    normalized = torch.linalg.matrix_norm(spectral_norm(weight, pair), ord=2)
    torch.testing.assert_close(normalized, torch.ones(LANES).double(), rtol=1e-8, atol=0)


@pytest.mark.claim(27)
def test_rms_norm_divides_by_the_root_mean_square_and_keeps_the_mean():
    x, one = drawn(FEATURES, "x", 3.0), torch.ones(LANES, CHANNELS).double()
    out = rms_norm(x, one, epsilon=0.0)
    torch.testing.assert_close(out.square().mean(2), torch.ones(LANES, SAMPLES).double())
    torch.testing.assert_close(out.mean(2), x.mean(2) / x.square().mean(2).sqrt())
    torch.testing.assert_close(rms_norm(7 * x, one, epsilon=0.0), out)


@pytest.mark.claim(24)
def test_newton_and_schulz_approach_the_direct_inverse_square_root_forward_and_backward():
    x = drawn((LANES, 50, 8), "x") @ drawn((LANES, 8, 8), "mix")
    covariance = (torch.bmm(x.transpose(1, 2), x) / 50).requires_grad_()
    exact, errors = exact_inverse_square_root(covariance), []
    for iterations in (2, 6, 12, 30):
        root = inverse_square_root(covariance, iterations)
        errors.append(float((root - exact).detach().norm() / exact.detach().norm()))
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.01
    assert errors[-1] < 1e-9
    weight = drawn((LANES, 8, 8), "weight")
    weight = weight + weight.transpose(1, 2)
    grads = [torch.autograd.grad((each * weight).sum(), covariance)[0] for each in (root, exact)]
    symmetric = [(g + g.transpose(1, 2)) / 2 for g in grads]  # a covariance moves along symmetric matrices only
    torch.testing.assert_close(*symmetric, rtol=1e-6, atol=1e-9)


@pytest.mark.claim(24)
def test_decorrelated_features_have_covariance_one_where_standardised_ones_keep_their_correlation():
    x = drawn((LANES, 200, 4), "x", 3.0) @ drawn((LANES, 4, 4), "mix")
    out = decorrelation(x, 1e-12, 40)(x)
    unit = torch.eye(4).double().expand(LANES, 4, 4)
    torch.testing.assert_close(out.mean(1), torch.zeros(LANES, 4).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(torch.bmm(out.transpose(1, 2), out) / 200, unit, atol=1e-8, rtol=0)
    standardised = (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True, correction=0)
    for lane in range(LANES):
        torch.testing.assert_close(torch.corrcoef(standardised[lane].T), torch.corrcoef(x[lane].T))
        assert torch.corrcoef(x[lane].T).triu(1).abs().max() > 0.3


@pytest.mark.claim(24)
@pytest.mark.parametrize("padding", [0, 1])
def test_deconvolution_with_the_identity_is_a_convolution_forward_and_backward(padding):
    images = drawn(IMAGES, "x").requires_grad_()
    weight = drawn((LANES, CHANNELS * 9, 7), "weight").requires_grad_()
    bias = drawn((LANES, 7), "bias")
    same = Decorrelation.start(LANES, CHANNELS * 9)
    same = Decorrelation(same.mean.double(), same.matrix.double())
    out = deconvolution(images, weight, bias, 3, padding, same)
    kernels = weight.transpose(1, 2).unflatten(2, (CHANNELS, 3, 3))
    expected = torch.stack(
        [nn.functional.conv2d(images[k], kernels[k], bias[k], padding=padding) for k in range(LANES)]
    )
    torch.testing.assert_close(out, expected)
    grads = [torch.autograd.grad((each**2).sum(), [images, weight]) for each in (out, expected)]
    torch.testing.assert_close(*grads)


@pytest.mark.claim(24)
def test_deconvolution_decorrelates_the_patches_of_images():
    """Neighbouring pixels of smooth images are correlated; after it no two entries of a patch are."""
    rough = drawn((1, 40, 1, 8, 8), "x")
    images = nn.functional.avg_pool2d(rough[0], 3, stride=1, padding=1)[None]
    rows = patches(images, 3, 0)
    assert rows.shape == (1, 40 * 36, 9)
    given = decorrelation(rows, 1e-12, 60)
    out = given(rows)[0]
    assert torch.corrcoef(rows[0].T).triu(1).max() > 0.5
    torch.testing.assert_close(out.T @ out / len(out), torch.eye(9).double(), atol=1e-6, rtol=0)
    weight, bias = drawn((1, 9, 2), "weight"), drawn((1, 2), "bias")
    convolved = deconvolution(images, weight, bias, 3, 0, given)
    torch.testing.assert_close(convolved.movedim(2, -1).reshape(-1, 2), out @ weight[0] + bias[0])
