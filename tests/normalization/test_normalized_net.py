"""Claims 28 and 29 where they can be checked exactly: modes, batches, Hessian, shift and smoothness of the nets."""

import contextlib
import io
import itertools
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from lessons.core.batches import EpochBatches
from lessons.core.curvature.hessian_spectrum import PROBES
from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.losses import cross_entropy
from lessons.core.run import Run
from lessons.core.scripts.script import lane_script
from lessons.normalization.isolation import isolated_eigenvalues
from lessons.normalization.nets import NormalizedNets
from lessons.normalization.smoothness import STEP_SIZES
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from tests.dense_hessian import dense_eigenvalues

KINDS = NormalizedNetSettings.fields()["normalization"].choices
SMALL = {"width": 8, "depth": 2, "train_size": 60, "batch_size": 12, "steps": 20, "measure_every": 5, "seed": 2}


def small(**values) -> NormalizedNetSettings:
    return NormalizedNetSettings(**{**SMALL, "learning_rate": 0.05, **values})


def last_of(lanes: Lanes):
    *_, last = NormalizedNet().run(lanes)
    return last


def trained_by_script(lane: NormalizedNetSettings) -> nn.Module:
    """The torch.nn model that a lane's script leaves behind."""
    names: dict = {"__name__": "script"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(
            compile(lane_script(NormalizedNet(), Run(NormalizedNet(), Lanes([lane])).record, 0), "script", "exec"),
            names,
        )
    return names["model"]


@pytest.mark.claim(29)
@pytest.mark.parametrize("kind", ["batch", "spectral", "deconvolution"])
def test_accuracies_in_both_modes_are_those_of_torch_nn(kind):
    """The training mode first: it writes into the module's running statistics only what evaluation then leaves out."""
    lane = small(normalization=kind, learning_rate=0.2, steps=25)
    lanes, data = Lanes([lane]), digits_split(60)
    measured, model = last_of(lanes), trained_by_script(lane)
    nets = NormalizedNets(lanes, data)
    rows = nets.groups[0].batches.of_epoch(25)[0]
    model.eval()
    with torch.no_grad():
        evaluated = (model(data.train_inputs[rows.flatten()]).argmax(1) == data.train_labels[rows.flatten()]).float()
        tested = (model(data.test_inputs).argmax(1) == data.test_labels).float()
        model.train()
        right = [(model(data.train_inputs[r]).argmax(1) == data.train_labels[r]).float().mean() for r in rows]
    assert float(measured["eval_accuracy"]) == pytest.approx(float(evaluated.mean()), abs=1e-6)
    assert float(measured["test_accuracy"]) == pytest.approx(float(tested.mean()), abs=0.005)
    assert float(measured["train_accuracy"]) == pytest.approx(float(torch.stack(right).mean()), abs=1e-6)
    torch.testing.assert_close(measured["mode_gap"], measured["train_accuracy"] - measured["eval_accuracy"])


@pytest.mark.claim(29)
def test_only_what_reads_the_batch_has_a_gap_between_training_and_evaluation():
    lanes = Lanes([small(normalization=k, batch_size=6) for k in KINDS])
    gaps = torch.stack([m["mode_gap"] for m in NormalizedNet().run(lanes) if m.step % 5 == 0]).abs().amax(0)
    found = dict(zip(KINDS, gaps.tolist(), strict=True))
    assert {kind for kind, gap in found.items() if gap > 0} == {"batch", "deconvolution"}


@pytest.mark.claim(29)
@pytest.mark.parametrize("kind", ["batch", "deconvolution"])
def test_a_net_that_reads_batches_of_one_image_gives_all_images_the_same_output(kind):
    lanes, data = Lanes([small(normalization=kind, batch_size=1)]), digits_split(60)
    nets, last = NormalizedNets(lanes, data), last_of(lanes)
    group, memories = nets.groups[0], last.state.memories[0]
    first, second = (
        group.network(last.state.theta, data.train_inputs[n : n + 1], memories, training=True)[0] for n in (0, 1)
    )
    assert torch.equal(first, second)
    assert not torch.equal(data.train_inputs[0], data.train_inputs[1])


@pytest.mark.claim(29)
def test_sorted_batches_hold_few_classes_and_an_epoch_holds_each_image_once():
    data = digits_split(500)
    for order, most in (("sorted by class", 2), ("shuffled", 10)):
        batches = EpochBatches(torch.tensor([0, 1]), 20, data, order)
        rows = batches.of_epoch(0)
        assert rows.shape == (2, 25, 20)
        assert all(sorted(lane.flatten().tolist()) == list(range(500)) for lane in rows)
        classes = torch.tensor([[len(set(data.train_labels[r].tolist())) for r in lane] for lane in rows])
        assert classes.float().mean() < 1.5 if most == 2 else classes.float().mean() > 7
        inputs, labels = batches.at(26)
        assert torch.equal(labels, data.train_labels[batches.of_epoch(26)[:, 1]])
        assert inputs.shape == (2, 20, 64)
        assert not torch.equal(EpochBatches(torch.tensor([0, 1]), 20, data, order).of_epoch(0), batches.of_epoch(26))


@pytest.mark.claim(29)
def test_the_part_batch_that_is_left_out_is_of_other_classes_in_each_epoch():
    """Of 500 images 116 are left out of three batches of 128: in twenty epochs, no class less than half as often."""
    data = digits_split(500)
    batches = EpochBatches(torch.tensor([0]), 128, data, "sorted by class")
    seen = torch.cat([data.train_labels[batches.of_epoch(3 * epoch)].flatten() for epoch in range(20)])
    share = torch.bincount(seen, minlength=10) / (20 * torch.bincount(data.train_labels, minlength=10))
    assert (share > 0.5).all()
    assert share.max() <= 1


def hessian_of(nets, memories):
    return partial(nets.hessian_at, memories=memories)


@pytest.mark.claim(28)
def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian_of_autograd():
    """Lanczos, and products with the axes, against torch.autograd.functional.hessian; spectral norm's u and v held."""
    shape = {"width": 3, "depth": 1, "loss": "cross-entropy", "activation": "tanh", "train_size": 30, "batch_size": 10}
    lanes = Lanes([small(normalization=k, follow_sharpness=True, sharpness_every=1, **shape) for k in KINDS])
    data = digits_split(30)
    last, nets = last_of(lanes), NormalizedNets(lanes, data)
    dense = dense_eigenvalues(hessian_of(nets, last.state.memories), last.state.theta)
    torch.testing.assert_close(last["sharpness"], dense[:, -1], rtol=0.02, atol=0)
    for kind in ("batch", "weight", "spectral", "deconvolution"):
        lane = KINDS.index(kind)
        alone, memory = NormalizedNets(Lanes([lanes.settings[lane]]), data), last.state.memories[lane]
        hessian = torch.autograd.functional.hessian(
            lambda theta, net=alone.groups[0].network, held=memory: cross_entropy(
                net(theta[None], data.train_inputs, held, training=True)[0], data.train_labels
            )[0],
            last.state.theta[lane],
        )
        values = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
        torch.testing.assert_close(dense[lane], values, rtol=1e-3, atol=2e-4)


@pytest.mark.claim(28)
def test_isolated_eigenvalues_read_off_ritz_points_are_those_of_all_eigenvalues():
    """Without normalization and with batch norm: the bulk's edge within a half, the count within two."""
    lanes = Lanes(
        [small(normalization=k, loss="cross-entropy", width=8, steps=60, train_size=200) for k in ("none", "batch")]
    )
    last, nets = last_of(lanes), NormalizedNets(lanes, digits_split(200))
    theta, memories = last.state.spectrum_theta, last.state.spectrum_memories
    dense = dense_eigenvalues(hessian_of(nets, memories), theta).double()
    all_of_them = torch.stack([dense, torch.full_like(dense, 1 / dense.shape[1])], 1)
    exact, found = isolated_eigenvalues(all_of_them, 1), isolated_eigenvalues(last.snapshots["spectrum"](), PROBES)
    beyond = (dense > exact.edge[:, None]).sum(1)
    assert ((beyond - 0.01 * dense.shape[1]).abs() <= 1).all()
    assert exact.count.tolist() == [(lane > 3 * edge).sum() for lane, edge in zip(dense, exact.edge, strict=True)]
    torch.testing.assert_close(found.top, exact.top, rtol=1e-3, atol=0)
    torch.testing.assert_close(found.edge, exact.edge, rtol=0.5, atol=0)
    assert (found.count - exact.count).abs().max() <= 2


@pytest.mark.claim(28)
@pytest.mark.parametrize("optimizer", ["gradient descent", "heavy ball", "Adam"])
def test_shift_and_smoothness_are_those_of_their_definitions_with_torch_nn(optimizer):
    """Batch norm's lane, whose parameters are put into a torch.nn model layer by layer."""
    lanes = Lanes([small(normalization=k, optimizer=optimizer, learning_rate=0.02) for k in ("layer", "batch")])
    run = NormalizedNet().run(lanes)
    tenth = next(itertools.islice(run, 10, None))
    measured = {name: value[1].clone() for name, value in tenth.values.items()}
    theta, gradient = tenth.state.theta[1].clone(), tenth.state.gradient[1].clone()
    update = next(run).state.theta[1] - theta
    nets = NormalizedNets(lanes, digits_split(60))
    inputs, labels = nets.groups[1].batches.at(10)
    slices = nets.shape.layer_slices

    def evaluated(point: torch.Tensor) -> tuple[float, list[torch.Tensor]]:
        model = _model_of(nets, point)
        out = model(inputs)
        loss = (out - nn.functional.one_hot(labels, 10)).square().sum(1).mean() / 2
        parts = torch.autograd.grad(loss, list(model.parameters()))
        grouped = [torch.cat([parts[n].T.flatten(), parts[n + 1], parts[n + 2]]) for n in (0, 3)]
        last = torch.cat([parts[6].T.flatten(), torch.zeros(10), parts[7]])
        return loss.item(), [*grouped, last]

    _, here = evaluated(theta)
    torch.testing.assert_close(torch.cat(here), gradient, rtol=1e-3, atol=1e-6)
    along = [evaluated(theta - s * 0.02 * gradient) for s in STEP_SIZES]
    changes = [(torch.cat(parts) - gradient).norm().item() for _, parts in along]
    np.testing.assert_allclose(measured["loss_along"], [loss for loss, _ in along], rtol=1e-4)
    np.testing.assert_allclose(measured["gradient_change"], changes, rtol=2e-3)
    steepest = max(c / (s * 0.02 * gradient.norm().item()) for c, s in zip(changes, STEP_SIZES, strict=True))
    assert float(measured["effective_smoothness"]) == pytest.approx(steepest, rel=2e-3)
    for layer in (1, 2):
        moved = theta.clone()
        moved[: slices[layer].start] += update[: slices[layer].start]
        new, old = evaluated(moved)[1][layer], here[layer]
        assert float(measured["shift"][layer - 1]) == pytest.approx(float((new - old).norm()), rel=5e-3)
        cosine = nn.functional.cosine_similarity(new, old, dim=0)
        assert float(measured["shift_cosine"][layer - 1]) == pytest.approx(float(cosine), abs=1e-4)


def _model_of(nets: NormalizedNets, theta: torch.Tensor) -> nn.Sequential:
    """A torch.nn model in training mode with these parameters, shape (P,), of batch norm."""
    modules: list[nn.Module] = []
    layers = nets.shape.layers(theta[None])
    for layer in layers[:-1]:
        linear, norm = nn.Linear(*layer.weight.shape[1:], bias=False), nn.BatchNorm1d(layer.weight.shape[2])
        linear.weight.data, norm.weight.data, norm.bias.data = layer.weight[0].T, layer.gamma[0], layer.beta[0]
        modules += [linear, norm, nn.ReLU()]
    last = nn.Linear(*layers[-1].weight.shape[1:])
    last.weight.data, last.bias.data = layers[-1].weight[0].T, layers[-1].beta[0]
    return nn.Sequential(*modules, last)


def test_lanes_start_from_the_same_function_with_weight_norm_and_without():
    lanes = Lanes([small(normalization=k) for k in ("none", "weight")])
    loss = next(NormalizedNet().run(lanes))["loss"]
    torch.testing.assert_close(loss[0], loss[1])


def test_the_spectrum_shown_is_that_of_its_step():
    lanes = Lanes([small(normalization=k, spectrum_every=10) for k in ("none", "batch")])
    run = NormalizedNet().run(lanes)
    first = next(run).snapshots["spectrum"]
    *_, last = run
    assert first().shape == last.snapshots["spectrum"]().shape == (2, 2, 80)
    assert not torch.equal(first(), last.snapshots["spectrum"]())
    assert torch.equal(first(), next(NormalizedNet().run(lanes)).snapshots["spectrum"]())
