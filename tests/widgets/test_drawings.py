"""The drawings at the heads of the lessons: what the browser computes is what the lessons' own functions say."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.rules import GradientDescent, HeavyBall
from lessons.core.rules.rule import Hyperparameters
from lessons.initialization.angles import AngleSettings
from lessons.initialization.correlation import predict_angles
from lessons.periodic import theory
from lessons.schedules.theory import SecondMoments
from lessons.teacher_student.bottom_up import covariance
from widgets.page.drawings import DRAWINGS, drawing

HERE = Path(__file__).parent / "browser"
ROUNDING = 1e-12  # relative: some hundred float64 operations in a row


def computed(file: str, name: str, *calls: tuple[Any, ...]) -> list[Any]:
    """What a function of a browser's module returns for each list of arguments."""
    node = Path(sys.executable).with_name("node")
    asked = json.dumps([[file, name, call] for call in calls])
    run = subprocess.run([node, HERE / "compute.mjs"], input=asked, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_says_what_it_shows_where_nothing_runs(name: str) -> None:
    shown = drawing(name)
    data, _ = shown._repr_mimebundle_()
    assert DRAWINGS[name] in data["text/plain"]
    shown.close()


def test_a_drawing_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="momentum"):
        drawing("nonsense")


def test_a_number_is_written_with_a_minus_and_powers_of_ten_as_in_print() -> None:
    said = {-2e-20: "−2·10⁻²⁰", 1.234e8: "1.23·10⁸", -0.8: "−0.8", 0.0: "0", 1e-4: "0.0001", 9.9e-5: "9.9·10⁻⁵"}
    assert computed("ink.js", "written", *((value,) for value in said)) == list(said.values())


class TestMomentum:
    PLANE = list(itertools.product(np.linspace(0.02, 4, 40).tolist(), np.linspace(0, 0.99, 34).tolist()))

    def test_the_rate_is_the_growth_of_heavy_ball(self) -> None:
        """To a few roundings under a root: next to a double root an error of 1e-16 is one of 1e-8."""
        e, beta = torch.tensor(self.PLANE, dtype=torch.float64).unbind(1)
        np.testing.assert_allclose(
            computed("heavy_ball.js", "rateOf", *self.PLANE), HeavyBall.growth(e, beta), rtol=1e-7
        )

    def test_each_part_of_the_plane_is_what_its_name_says(self) -> None:
        """By the eigenvalues of the matrix of one step, which the browser does not compute."""
        kinds = computed("heavy_ball.js", "kindOf", *self.PLANE)
        for (e, beta), kind in zip(self.PLANE, kinds, strict=True):
            roots = np.roots([1, -(1 + beta - e), beta]).astype(complex)
            largest = roots[np.abs(roots).argmax()]
            if abs(largest) > 1 + 1e-9:
                assert kind == "diverging"
            elif np.abs(roots.imag).max() > 1e-6:
                assert kind == "ripples"
            elif np.abs(roots.real).max() > 1e-6 and abs(abs(largest) - 1) > 1e-9 and abs(np.diff(roots)[0]) > 1e-6:
                assert kind == ("monotone" if largest.real > 0 else "oscillating")

    def test_the_error_is_that_of_the_update_rule(self) -> None:
        for e, beta in [(0.3, 0.0), (1.4, 0.6), (3.5, 0.9), (2.5, 0.1)]:
            (errors,) = computed("heavy_ball.js", "errorsOf", (e, beta, 36))
            rule, x = HeavyBall(), torch.ones(1, dtype=torch.float64)
            h = Hyperparameters(*torch.tensor([[e], [beta]], dtype=torch.float64))
            for error in errors:
                assert error == pytest.approx(x.item(), rel=1e-9, abs=ROUNDING)
                x = x + rule.update(x, h)

    @pytest.mark.sentence("drawing_momentum")
    def test_the_fastest_momentum_lies_on_the_border_of_the_ripples(self) -> None:
        betas = np.linspace(0, 0.99, 991).tolist()
        for e in (0.1, 0.5, 1.5, 3.0):
            rates = computed("heavy_ball.js", "rateOf", *((e, beta) for beta in betas))
            assert betas[int(np.argmin(rates))] == pytest.approx((1 - math.sqrt(e)) ** 2, abs=0.001)


class TestScale:
    NORMS = (0.4, 0.8, 1.0, 2.0, 3.0)

    @pytest.mark.parametrize("decay", [0.0, 0.4])
    def test_a_step_is_that_of_gradient_descent_on_a_loss_of_the_direction(self, decay: float) -> None:
        """By automatic differentiation of 1 - cos of the angle to the first axis, whose slope is the sine."""
        eta, angle = 0.5, math.radians(55)
        for norm in self.NORMS:
            w = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64).mul(norm).requires_grad_()
            (gradient,) = torch.autograd.grad(1 - w[0] / w.norm(), w)
            after = ((1 - eta * decay) * w - eta * gradient).detach()
            call = (norm, math.sin(angle), eta, decay)
            assert computed("scale_free.js", "gradientAt", call[:2]) == pytest.approx(
                [gradient.norm().item()], rel=1e-9
            )
            turned = angle - math.atan2(after[1], after[0])
            assert computed("scale_free.js", "turnOf", call) == pytest.approx([turned], rel=1e-9)

    def test_a_factor_on_weights_before_a_normalization_is_one_over_it_on_the_gradient(self) -> None:
        x = torch.randn(50, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        w = torch.tensor([0.3, -0.2, 0.9, 0.1], dtype=torch.float64)

        def length(c: float) -> float:
            scaled = (c * w).requires_grad_()
            out = x @ scaled
            loss = (((out - out.mean()) / out.std() - x[:, 0]) ** 2).mean()
            return torch.autograd.grad(loss, scaled)[0].norm().item()

        lengths = computed("scale_free.js", "gradientAt", *((c, length(1.0)) for c in self.NORMS))
        assert lengths == pytest.approx([length(c) for c in self.NORMS], rel=1e-9)


class TestLimit:
    def test_the_iterates_are_those_of_gradient_descent(self) -> None:
        for eta in (0.3, 1.0, 1.8, 2.4):
            (iterates,) = computed("descent.js", "iteratesFrom", (-2, eta, 10))
            x = torch.tensor([-2.0], dtype=torch.float64)
            for iterate in iterates:
                assert iterate == pytest.approx(x.item(), rel=1e-9, abs=ROUNDING)
                x = x + GradientDescent().update(x, Hyperparameters(*torch.tensor([[eta], [0]], dtype=torch.float64)))

    def test_the_touching_parabola_is_as_high_again_after_one_step_of_any_loss(self) -> None:
        for start, eta in [(-2.0, 1.8), (0.7, 2.2), (1.1, 0.1)]:
            height, slope = math.cosh(start), math.sinh(start)
            places = (start, start - eta * slope)
            found = computed("descent.js", "touching", *((x, eta, start, height, slope) for x in places))
            assert found == pytest.approx([height, height], rel=1e-9)
            slightly = computed("descent.js", "touching", (start + 1e-6, eta, start, height, slope))[0]
            assert (slightly - height) / 1e-6 == pytest.approx(slope, abs=1e-4)

    def test_a_step_goes_down_if_the_loss_is_below_the_parabola(self) -> None:
        for eta in np.linspace(0.05, 2.5, 50).tolist():
            (after,) = computed("descent.js", "lossAt", (computed("descent.js", "iteratesFrom", (-2, eta, 1))[0][1],))
            assert (after < 2) == (2 / eta > 1)


class TestNorm:
    CALLS = tuple((norm, 1.2, 0.5, 0.4) for norm in (0.35, 0.7, 1.0, 1.7, 2.6))

    def test_norm_and_turn_are_those_of_the_lesson(self) -> None:
        norms = computed("weight_norm.js", "nextNorm", *self.CALLS)
        assert norms == pytest.approx([theory.next_norm(*call).item() for call in self.CALLS], rel=1e-9)
        turns = computed("scale_free.js", "turnOf", *self.CALLS)
        assert np.tan(turns) == pytest.approx([theory.step_tangent(*call).item() for call in self.CALLS], rel=1e-9)

    def test_the_balance_is_the_exact_one_and_all_norms_go_there(self) -> None:
        (rest,) = computed("weight_norm.js", "restingNorm", (1.2, 0.5, 0.4))
        assert rest == pytest.approx(theory.equilibrium_norm(1.2, 0.5, 0.4, exact=True).item(), rel=1e-9)
        for norms in computed("weight_norm.js", "normsFrom", *((*call, 20) for call in self.CALLS)):
            assert norms[1] == pytest.approx(theory.next_norm(norms[0], 1.2, 0.5, 0.4).item(), rel=1e-9)
            assert norms[-1] == pytest.approx(rest, rel=0.01)  # 0.64 of the distance is left a step, far away


class TestNodes:
    TEACHERS = ((1.5, 0.35), (-0.7, 1.15))
    START = ((0.8, -0.7), (0.35, 0.5), (-0.9, 0.2))

    @staticmethod
    def loss(students: torch.Tensor, teachers: torch.Tensor) -> torch.Tensor:
        """The expected loss by the lesson's covariance of nodes of length 1, and the product of their means."""

        def moments(some: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
            lengths = [each.norm(dim=1, keepdim=True) for each in (some, others)]
            units = [each / length for each, length in zip((some, others), lengths, strict=True)]
            return ((covariance(*units) + 1 / (2 * math.pi)) * lengths[0] * lengths[1].T).sum()

        return moments(students, students) / 2 - moments(students, teachers) + moments(teachers, teachers) / 2

    def test_loss_and_gradient_are_those_of_the_lessons_covariance(self) -> None:
        teachers = torch.tensor(self.TEACHERS, dtype=torch.float64)
        drawn = torch.randn(20, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        for students in drawn:
            call = (students.tolist(), self.TEACHERS)
            loss = self.loss(students, teachers).item()
            assert computed("relu_nodes.js", "lossOf", call) == pytest.approx([loss], rel=1e-6)
            others, (first, *rest) = self.loss(students[1:], teachers).item(), students.tolist()
            (added,) = computed("relu_nodes.js", "addedBy", (first, rest, self.TEACHERS))
            assert added == pytest.approx(loss - others, abs=1e-6)
            ((before, after),) = computed("relu_nodes.js", "flowFrom", (*call, 1e-5, 1))
            gradient = (np.array(before) - np.array(after)) / 1e-5
            for node, place in itertools.product(range(3), range(2)):
                shift = torch.zeros_like(students)
                shift[node, place] = 1e-4
                difference = self.loss(students + shift, teachers) - self.loss(students - shift, teachers)
                # Of third order in the shift, and the covariance's guard at cosine 1 costs some digits.
                assert gradient[node][place] == pytest.approx(difference.item() / 2e-4, abs=1e-4)

    def test_the_flow_is_that_of_ten_times_smaller_steps(self) -> None:
        coarse, fine = computed(
            "relu_nodes.js", "flowFrom", *((self.START, self.TEACHERS, 100, n) for n in (400, 4000))
        )
        np.testing.assert_allclose(coarse[::100], fine[::1000], atol=0.01)  # a tenth of a knob on the screen

    @pytest.mark.sentence("drawing_nodes")
    def test_both_teacher_nodes_are_found_and_who_share_one_add_up_to_it(self) -> None:
        """From a hundred random starts; in a few a node ends between the two, and its share is missing."""
        starts = np.random.default_rng(0).uniform(-1.5, 1.5, (100, 3, 2)).tolist()
        paths = computed("relu_nodes.js", "flowFrom", *((start, self.TEACHERS, 100, 400) for start in starts))
        ends = [path[-1] for path in paths]
        found = computed("relu_nodes.js", "foundBy", *((end, self.TEACHERS) for end in ends))
        whole = [(np.array(end), np.array(who)) for end, who in zip(ends, found, strict=True) if -1 not in who]
        assert len(whole) >= 90
        for end, who in whole:
            for place, teacher in enumerate(self.TEACHERS):
                np.testing.assert_allclose(end[who == place].sum(0), teacher, atol=0.1)


class TestSchedule:
    CURVATURES, STARTS, SIGMA, STEPS = (1.0, 0.02), (0.2, 0.8), 0.75, 200

    def moments(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rates (N, T) of schedules through five points (N, 5), and the expected losses (N, T + 1) of the lesson."""
        places = np.arange(self.STEPS) / self.STEPS * 4
        rates = np.array([np.interp(places, np.arange(5), each) for each in points])
        curvatures = torch.tensor(self.CURVATURES, dtype=torch.float64).expand(len(points), -1)
        squares = 2 * torch.tensor(self.STARTS, dtype=torch.float64) / curvatures
        moments = SecondMoments(curvatures, squares, torch.zeros_like(squares), torch.zeros_like(squares))
        none, sigma = torch.zeros(len(points)), torch.full((len(points),), self.SIGMA, dtype=torch.float64)
        losses = [moments.loss()]
        for rate in torch.from_numpy(rates).T:
            moments.advance(rate[:, None], none, sigma)
            losses.append(moments.loss())
        return rates, torch.stack(losses, 1).numpy()

    def test_both_parts_add_up_to_the_lessons_expected_loss(self) -> None:
        points = np.random.default_rng(0).uniform(0.01, 1, (20, 5))
        rates, losses = self.moments(points)
        given = computed("noisy_steps.js", "ratesOf", *((each, self.STEPS) for each in points.tolist()))
        np.testing.assert_allclose(given, rates, rtol=1e-9)
        calls = ((each, self.CURVATURES, self.STARTS, self.SIGMA) for each in given)
        for parts, loss in zip(computed("noisy_steps.js", "partsOf", *calls), losses, strict=True):
            np.testing.assert_allclose([each["way"] + each["noise"] for each in parts], loss, rtol=1e-9)

    def test_the_distance_is_what_is_left_without_noise(self) -> None:
        calls = [([0.6] * self.STEPS, self.CURVATURES, self.STARTS, sigma) for sigma in (self.SIGMA, 0)]
        noisy, quiet = computed("noisy_steps.js", "partsOf", *calls)
        assert [each["way"] for each in noisy] == [each["way"] for each in quiet]
        assert {each["noise"] for each in quiet} == {0}

    @pytest.mark.sentence("drawing_schedule")
    def test_the_lowest_end_is_high_at_first_and_low_in_the_end_and_half_of_the_best_constant(self) -> None:
        values = np.arange(0.01, 1.005, 0.01)
        constant = self.moments(np.repeat(values[:, None], 5, 1))[1][:, -1].min()
        best, end = np.full(5, 0.5), np.inf
        for point in list(range(5)) * 30:
            tried = np.repeat(best[None], len(values), 0)
            tried[:, point] = values
            ends = self.moments(tried)[1][:, -1]
            best, end = tried[ends.argmin()], ends.min()
        assert (np.diff(best) < 0).all()
        assert best[0] > 0.9
        assert best[-1] < 0.05
        assert end / constant == pytest.approx(0.52, abs=0.03)


class TestCircle:
    GAINS = (0.8, 1.4, 2.5)
    DEPTH = 30

    def test_the_angles_are_those_of_the_lessons_theory(self) -> None:
        """To a twentieth of a degree, far less than a screen shows: 49 nodes an axis against the lesson's 97."""
        net = {"scheme": "LeCun", "bias_deviation": 0.3, "depth": self.DEPTH}
        for angle in (1.0, 60.0, 135.0, 180.0):
            lanes = Lanes([AngleSettings(**net, gain=gain, angle=angle) for gain in self.GAINS])
            found = computed("tanh_angles.js", "anglesFrom", *((angle, gain, 0.3, self.DEPTH) for gain in self.GAINS))
            np.testing.assert_allclose(found, predict_angles(lanes), atol=0.05)

    @pytest.mark.sentence("drawing_circle")
    def test_order_closes_all_angles_chaos_opens_small_ones_and_the_edge_is_slow(self) -> None:
        near, wide = (
            computed("tanh_angles.js", "anglesFrom", *((angle, gain, 0.3, self.DEPTH) for gain in self.GAINS))
            for angle in (1, 180)
        )
        assert [order[-1] < 0.1 for order in (near[0], wide[0])] == [True, True]
        assert near[2][-1] > 60
        assert 0.5 < near[1][-1] < 2
        assert wide[1][-1] > 30
