"""Teachers, students, their inputs; training against torch.nn and torch.optim; states."""

import copy
import math

import pytest
import torch
from torch import nn

from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.padding import keep_nodes
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import activations, draw_students, student_network, student_widths
from lessons.teacher_student.task import Task
from lessons.teacher_student.teacher import draw_teachers, teacher_network

Shape = TeacherStudentSettings


def inputs_of(count: int, dimension: int = 20) -> torch.Tensor:
    return torch.randn(count, dimension, generator=torch.Generator().manual_seed(1))


def test_each_teacher_node_fires_on_the_share_of_inputs_that_was_asked_for():
    for depth in (1, 2):
        lanes = Lanes([Shape(active_share=share, depth=depth, teacher_seed=3) for share in (0.05, 0.3, 0.5, 0.9)])
        hidden, _ = activations(teacher_network(lanes), draw_teachers(lanes), inputs_of(20_000))
        for layer in hidden:
            fires = (layer > 0).float().mean(1)
            expected = lanes.active_share.float()[:, None].expand_as(fires)
            torch.testing.assert_close(fires, expected, rtol=0, atol=0.02)


def test_what_comes_into_teacher_nodes_has_deviation_one_and_strength_falls_as_asked():
    lanes = Lanes([Shape(depth=2, strength_decay=decay, teacher_seed=seed) for seed, decay in ((0, 0.0), (1, 1.0))])
    network, theta = teacher_network(lanes), draw_teachers(lanes)
    (first, _), (second, _), (top, top_bias) = network.layers(theta)
    torch.testing.assert_close(first.norm(dim=1), torch.ones(2, 10))
    hidden, _ = activations(network, theta, inputs_of(20_000))
    torch.testing.assert_close((hidden[0] @ second).std(1), torch.ones(2, 10), rtol=0.05, atol=0)
    strength = torch.stack([torch.ones(10), 1 / torch.arange(1, 11)])
    torch.testing.assert_close(top.norm(dim=2), strength)
    assert (top_bias == 0).all()


def test_first_layer_weights_of_a_teacher_are_quarters_from_minus_one_to_one_up_to_their_length():
    lanes = Lanes([Shape()])
    weight, _ = teacher_network(lanes).layers(draw_teachers(lanes))[0]
    for node in weight[0].T:
        quarters = 4 * node / node.abs().max()
        torch.testing.assert_close(quarters, quarters.round(), rtol=0, atol=1e-5)


def test_students_start_at_the_variance_of_he_and_narrow_ones_are_filled_up_with_zeros():
    lanes = Lanes([Shape(overparameterization=m, depth=2, top_scale=0.5, init_scale=2.0) for m in (20.0, 1.0)])
    network = student_network(lanes)
    assert student_widths(lanes).tolist() == [200, 10]
    assert network.sizes == (20, 200, 200, 10)
    layers = network.layers(draw_students(lanes))
    for (weight, bias), fan_in, scale in zip(layers, (20, 200, 200), (2.0, 2.0, 0.5), strict=True):
        torch.testing.assert_close(weight[0].std(), torch.tensor(scale * math.sqrt(2 / fan_in)), rtol=0.05, atol=0)
        assert (bias == 0).all()
    assert (layers[1][0][1, 10:] == 0).all()
    assert (layers[1][0][1, :, 10:] == 0).all()
    assert (layers[1][0][1, :10, :10] != 0).all()


def test_nodes_that_a_lane_lacks_stay_exactly_zero_in_training(train_all):
    run = train_all(TeacherStudent(), [Shape(overparameterization=m, depth=2, steps=50) for m in (3.0, 1.0)])
    (first, bias, *_), (second, _), (top, _) = run.network.layers(run.theta)
    assert (first[1, :, 10:] == 0).all()
    assert (bias[1, :, 10:] == 0).all()
    assert (second[1, 10:] == 0).all()
    assert (second[1, :, 10:] == 0).all()
    assert (top[1, 10:] == 0).all()
    assert (run.snapshot("correlation_1")[1, 10:] == 0).all()


def test_a_lane_trains_the_same_beside_a_wider_one(train_all):
    narrow = Shape(overparameterization=1.0, steps=60)
    alone = train_all(TeacherStudent(), [narrow]).history
    beside = train_all(TeacherStudent(), [narrow, Shape(overparameterization=4.0, steps=60)]).history
    for name in ("loss", "fvu", "best_correlation"):
        torch.testing.assert_close(
            torch.tensor(alone[name][:, 0]), torch.tensor(beside[name][:, 0]), rtol=1e-3, atol=1e-6, equal_nan=True
        )


@pytest.mark.parametrize(("optimizer", "depth"), [("gradient descent", 1), ("heavy ball", 2)])
def test_training_is_that_of_torch_nn_and_torch_optim(train_all, optimizer, depth):
    settings = Shape(optimizer=optimizer, depth=depth, horizon=60, steps=80, top_scale=0.5, overparameterization=2.0)
    run = train_all(TeacherStudent(), [settings])
    model = torch_model(run)
    momentum = 0.9 if optimizer == "heavy ball" else 0.0
    descent = torch.optim.SGD(model.parameters(), lr=settings.learning_rate, momentum=momentum)
    falling = torch.optim.lr_scheduler.LambdaLR(descent, lambda t: (1 + math.cos(math.pi * min(t / 60, 1))) / 2)
    task, losses = run.task, []
    for step in range(81):
        inputs, targets = task.batch(step)
        loss = 0.5 * (model(inputs[0]) - targets[0]).square().sum(1).mean()
        losses.append(loss.item())
        descent.zero_grad()
        loss.backward()
        descent.step()
        falling.step()
    torch.testing.assert_close(torch.tensor(losses), torch.tensor(run.history["loss"][:, 0]), rtol=2e-3, atol=1e-5)


def torch_model(run) -> nn.Sequential:
    """The first lane's student before training."""
    layers = run.network.layers(draw_students(run.lanes))
    modules: list[nn.Module] = []
    for weight, bias in layers:
        linear = nn.Linear(*weight.shape[1:])
        linear.weight.data, linear.bias.data = weight[0].T.clone(), bias[0, 0].clone()
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def test_batches_depend_on_the_teachers_seed_and_the_step_alone():
    task = Task(Lanes([Shape(teacher_seed=1), Shape(teacher_seed=1, seed=5), Shape(teacher_seed=2)]))
    late = task.batch(40)[0].clone()
    inputs, targets = task.batch(7)
    assert torch.equal(inputs[0], inputs[1])
    assert not torch.equal(inputs[0], inputs[2])
    torch.testing.assert_close(targets[0], targets[1])
    assert torch.equal(task.batch(40)[0], late)
    assert not torch.equal(late[0], inputs[0])


def test_fixed_points_are_what_batches_are_made_of_and_shuffling_keeps_the_set_of_targets():
    lanes = Lanes([Shape(data="fixed", train_size=30), Shape(data="shuffled", train_size=20), Shape()])
    task = Task(lanes)
    inputs, targets = (torch.stack(parts, 1) for parts in zip(*(task.batch(step) for step in range(20)), strict=True))
    for lane, size in ((0, 30), (1, 20)):
        seen = inputs[lane].flatten(0, 1).unique(dim=0)
        assert len(seen) == size
        assert torch.equal(seen, task.points[lane, :size].unique(dim=0))
    assert len(inputs[2].flatten(0, 1).unique(dim=0)) == 20 * 64
    real = task.teacher(task.theta, task.points)
    torch.testing.assert_close(task.point_targets[0, :30], real[0, :30])
    assert not torch.allclose(task.point_targets[1, :20], real[1, :20])
    torch.testing.assert_close(task.point_targets[1, :20].sort(0).values, real[1, :20].sort(0).values)
    torch.testing.assert_close(targets[0], task.teacher(task.theta[:1], inputs[0].flatten(0, 1))[0].view(20, 64, 10))


def test_pruned_nodes_are_gone_and_the_others_untouched():
    lanes = Lanes([Shape()])
    network, theta = student_network(lanes), draw_students(lanes)
    kept = torch.arange(50)[None] % 5 == 0
    before, after = network.layers(theta), network.layers(keep_nodes(network, theta, kept))
    assert torch.equal(after[0][0][:, :, kept[0]], before[0][0][:, :, kept[0]])
    assert torch.equal(after[1][0][:, kept[0]], before[1][0][:, kept[0]])
    assert (after[0][0][:, :, ~kept[0]] == 0).all()
    assert (after[1][0][:, ~kept[0]] == 0).all()


def test_it_goes_on_from_a_state_as_if_it_had_never_stopped():
    """With fixed and fresh data, several widths, a change in flight before the state and a node shaken after it."""
    settings = [
        Shape(steps=60, measure_every=7),
        Shape(steps=60, measure_every=7, data="shuffled", optimizer="gradient descent"),
        Shape(steps=60, measure_every=7, overparameterization=1.0, data="fixed", schedule="constant"),
    ]
    run, kept, seen = Run(TeacherStudent(), Lanes(settings)), None, []
    for measurement in run:
        if run.step == 33:
            kept = copy.deepcopy(measurement.state), Lanes(list(run.lanes.settings))
        seen.append(measurement)
        if run.step == 20:
            run.change(0, "learning_rate", 0.03)
        if run.step == 45:
            run.change(0, "shaken_node", 4)
    state, lanes = kept
    for measurement in TeacherStudent().resume(lanes, "cpu", state):
        for name, value in measurement.values.items():
            assert torch.equal(value, seen[measurement.step][name]), (measurement.step, name)
        if measurement.step == 45:
            lanes.change(0, "shaken_node", 4)
    assert measurement.step == 60
