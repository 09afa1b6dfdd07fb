"""Predictions to make in lesson 4, and sentences that are often written, true or not."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import SettingsT
from lessons.initialization.angles import Angles
from lessons.initialization.jacobian import JacobianSpectrum
from lessons.initialization.propagation import Propagation
from lessons.initialization.training import DeepNet
from lessons.initialization.training_settings import DeepNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.initialization.layer_figures import decades
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.quiz.sketch import SketchPanel
from widgets.view.lines import Curve, Points
from widgets.view.panels import Panel
from widgets.view.readings import number

GUESSING = 0.45  # near the loss of the best constant output on ten classes: 0.5 (1 - 1/10)


class _Lanes(Question[SettingsT]):
    """A few lanes; what is drawn of them, as a function of history and lane, over a logarithmic axis."""

    methods = ("scheme", "activation")
    settings: ClassVar[dict[str, dict[str, Any]]]
    caption: ClassVar[str]
    axes: ClassVar[tuple[str, str]] = ("step", "loss")
    first: ClassVar[int] = 0

    @staticmethod
    def curve(history: History, lane: int) -> np.ndarray:
        """Return what is drawn of a lane."""
        return history["loss"][:, lane]

    def lanes(self) -> Lanes[SettingsT]:
        return Lanes([self.experiment.settings_type.checked(each) for each in self.settings.values()], [*self.settings])

    @property
    def panel(self) -> Panel[SettingsT]:
        lines = Curve[SettingsT](lambda frame, lane: self._points(frame.history, lane))
        return Panel(self.caption, *self.axes, lines, fit=self._decades, legend=True, yaxis_type="log")

    def _points(self, history: History, lane: int) -> Points:
        values = type(self).curve(history, lane)
        return np.arange(self.first, self.first + len(values)), np.where(values > 0, values, np.nan)

    def _decades(self, frame: Frame[SettingsT]) -> dict[str, Any]:
        curves = [type(self).curve(frame.history, lane) for lane in range(len(frame.lanes))]
        return {"yaxis.range": decades(*curves)}


def _mean_square(history: History, lane: int) -> np.ndarray:
    return history["activation_square"][:, lane].astype(float).mean(0)


def _variance(history: History, lane: int) -> np.ndarray:
    return _mean_square(history, lane) - history["activation_mean"][:, lane].astype(float).mean(0) ** 2


def _gradient(history: History, lane: int) -> np.ndarray:
    return history["gradient_square"][:, lane].astype(float).mean(0)


class ConstantStart(_Lanes[DeepNetSettings]):
    name = "constant_start"
    prompt = "All weights begin at 0.05. Does training pull the units apart?"
    statement = "At 0.05 gradients flow, unlike at zero; and still all 32 units of a layer stay one and the same unit."
    answer = Choice((HOLDS, FAILS))
    experiment = DeepNet()
    caption = "Training loss over the run"
    settings: ClassVar = {
        "constant 0.05": {"depth": 2, "steps": 250, "scheme": "constant"},
        "Xavier": {"depth": 2, "steps": 250, "scheme": "Xavier"},
    }

    def outcome(self, history: History, lanes: Lanes[DeepNetSettings]) -> Outcome:
        units = history.newest("distinct_units").min(1)
        constant, random = history["loss"][-1]
        return Outcome(
            int(units[0] > 1),  # holds: l4_zeros_a_constant_random
            f"After {len(history) - 1} steps the constant net had {units[0]:.0f} kind of unit in a layer of "
            f"{lanes.shared.width}, the random one {units[1]:.0f}; their losses were {constant:.3g} and {random:.3g}. "
            "Units with equal weights get equal gradients, and stay equal.",
            (Misreading(1, "Gradients differ from layer to layer here, but not from unit to unit of one layer."),),
        )


class ThousandthOfTheSignal(_Lanes):
    name = "thousandth_of_the_signal"
    prompt = (
        "ReLU layers, 256 wide, with LeCun's variance 1/n. After how many layers is the mean square of the activations "
        "down to a thousandth?"
    )
    answer = Number(low=0, high=30, step=1, tolerance=1.05, unit=" layers")
    experiment = Propagation()
    caption = "Mean square of the activations"
    axes = ("layer", "mean square")
    curve = staticmethod(_mean_square)
    settings: ClassVar = {"LeCun": {"scheme": "LeCun", "activation": "relu", "depth": 30, "steps": 8}}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        logs = np.log(_mean_square(history, 0) / _mean_square(history, 0)[0])
        at = int((logs > np.log(1e-3)).argmin())
        share = (np.log(1e-3) - logs[at - 1]) / (logs[at] - logs[at - 1])
        layers, factor = at - 1 + float(share), float(np.exp(logs[-1] / (len(logs) - 1)))
        return Outcome(
            layers,  # holds: l4_relu_halves
            f"It took {layers:.3g} layers: each multiplied the mean square by {factor:.3g} on average. ReLU sets "
            "half of a symmetric signal to zero, and 2¹⁰ is about a thousand.",
            (
                Misreading(20, "Of the standard deviation you would be right: 2⁻¹⁰ = (1/√2)²⁰."),
                Misreading(5, "A quarter at each layer would take five: ReLU takes half of the mean square."),
            ),
        )


class TanhSketch(_Lanes):
    name = "tanh_sketch"
    prompt = (
        "Xavier is made to keep the variance. Sketch the variance of the activations over 50 tanh layers, for inputs "
        "of variance 1."
    )
    answer = Sketch()
    experiment = Propagation()
    curve = staticmethod(_variance)
    settings: ClassVar = {"tanh": {"scheme": "Xavier", "depth": 50, "width": 128, "steps": 8}}

    @property
    def panel(self) -> Panel:
        return SketchPanel(
            "Variance of the activations",
            "layer",
            "variance",
            lambda history: self._points(history, 0),
            xaxis_range=[0, 50],
            yaxis_range=[-3.0, 0.3],
            **LOG,
        )

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        variance = _variance(history, 0)
        return Outcome(
            (np.arange(51.0), variance),  # holds: l4_xavier_with_tanh
            f"It was {variance[10]:.2g} at layer 10 and {variance[50]:.2g} at layer 50. tanh bends every signal a "
            "little towards zero; the smaller the signal, the less. So it falls, and ever more slowly.",
        )


class SuitsTheLogistic(_Lanes):
    name = "suits_the_logistic"
    prompt = "Twenty layers with Xavier's variance. Compare the gradients of tanh and of the logistic."
    statement = "LeCun's and Xavier's variances are right for linear and sigmoid units."
    answer = Choice((HOLDS, FAILS))
    experiment = Propagation()
    caption = "Mean square gradient"
    axes = ("layer", "mean square gradient")
    curve = staticmethod(_gradient)
    first = 1
    settings: ClassVar = {
        "tanh": {"scheme": "Xavier", "depth": 20, "width": 128, "steps": 6},
        "logistic": {"scheme": "Xavier", "activation": "logistic", "depth": 20, "width": 128, "steps": 6},
    }

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        tanh, logistic = (_gradient(history, lane)[0] for lane in range(2))
        factor = (logistic / _gradient(history, 1)[-1]) ** (1 / 19)
        return Outcome(
            int(logistic < 1e-3 * tanh),  # holds: l4_logistic_loses_the_gradient
            f"At layer 1 the mean square gradient was {tanh:.2g} with tanh and {logistic:.2g} with the logistic: each "
            f"layer multiplied it by {factor:.2g}. The logistic's slope is 1/4 at most, and its mean is not zero. The "
            "variances are right for linear units and tanh.",
            (Misreading(0, "Older papers call tanh a sigmoid, too, and of tanh it is true."),),
        )


class OneDegreeApart(_Lanes):
    name = "one_degree"
    prompt = (
        "Two inputs one degree apart go through fifty tanh layers with random biases, at a gain of 2.5. How far apart "
        "are they at the end?"
    )
    answer = Choice(("less than a tenth of a degree", "about a degree", "some ten degrees", "nearly at a right angle"))
    experiment = Angles()
    caption = "Angle between the two, in degrees"
    axes = ("layer", "angle (°)")
    settings: ClassVar = {
        "g = 2.5": {"scheme": "LeCun", "gain": 2.5, "bias_deviation": 0.3, "angle": 1.0, "width": 128, "steps": 10}
    }

    @staticmethod
    def curve(history: History, lane: int) -> np.ndarray:
        return np.median(history["angle"][:, lane], 0)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        medians = self.curve(history, 0)
        last, early = medians[-1], medians[11] / medians[1]
        return Outcome(
            int(np.digitize(last, (0.1, 4.0, 40.0))),  # holds: l4_chaos_forgets_the_angle
            f"They were {last:.3g}° apart, in the median of {len(history)} nets. Each layer tears near inputs a little "
            f"further apart, in ten layers {early:.2g} times as far, until they have no more in common than the biases "
            "give to any two. Two that were far apart end at the same angle.",
            (Misreading(0, "Tanh does shrink lengths. But both inputs are shrunk alike, and the angle is not."),),
        )


class ResidualGradient(_Lanes):
    name = "residual_gradient"
    prompt = (
        "In fifty plain tanh layers with two and a half times Xavier's weights the mean square gradient grows some "
        "ten billionfold on its way back. Now each layer adds 1/√50 of its output to what came before. It grows …"
    )
    answer = Choice(("about threefold", "about a hundredfold", "a hundred thousandfold: the root", "ten billionfold"))
    experiment = Propagation()
    caption = "Mean square gradient"
    axes = ("layer", "mean square")
    first = 1
    curve = staticmethod(_gradient)
    settings: ClassVar = {
        "plain": {"gain": 2.5, "steps": 6},
        "residual": {"gain": 2.5, "steps": 6, "residual": True},
    }

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        plain, residual = (float(_gradient(history, lane)[0] / _gradient(history, lane)[-1]) for lane in range(2))
        return Outcome(
            int(np.abs(np.log([3, 1e2, 1e5, 1e10]) - np.log(residual)).argmin()),  # holds: l4_residual_gradients_return
            f"It grew {residual:.3g}-fold in the residual net and {plain:.2g}-fold in the plain one. A factor of "
            "1 + χ/L at each of L layers is about e to the power of χ, however deep the net is.",
            misreadings=(
                Misreading(3, "The gradient comes back through the sum, too, and there nothing multiplies it."),
                Misreading(2, "The root of 50 is in every layer: its square divides what a layer adds to the factor."),
            ),
        )


class OrthogonalForAll(_Lanes):
    name = "orthogonal_for_all"
    prompt = "Orthogonal weights in twenty layers of tanh, of ReLU (times √2) and of the logistic. Are all isometric?"
    statement = "Orthogonal weights make a net a dynamical isometry, also with sigmoid units or ReLU."
    answer = Choice((HOLDS, FAILS))
    experiment = JacobianSpectrum()
    caption = "Singular values of the Jacobian, as layers are added (those that are 0 are left out)"
    axes = ("number, from the largest on", "singular value")
    first = 1
    settings: ClassVar = {
        "tanh": {"scheme": "orthogonal"},
        "√2 · ReLU": {"scheme": "orthogonal", "activation": "relu", "gain": 1.4142},
        "logistic": {"scheme": "orthogonal", "activation": "logistic"},
    }

    @staticmethod
    def curve(history: History, lane: int) -> np.ndarray:
        values = history["singular_values"][-1, lane]
        return np.where(values > 0, values, np.nan)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        tanh, relu, logistic = history["singular_values"][-1]
        isometric = [bool(values.min() > 0.1 and values.max() < 10) for values in (tanh, relu, logistic)]
        return Outcome(
            int(not all(isometric)),  # holds: l4_orthogonal_keeps_directions, l4_relu_loses_directions
            f"Through tanh, at small inputs, all singular values stayed between {tanh[-1]:.2g} and {tanh[0]:.2g}. "
            f"Through ReLU they went down from {relu[0]:.2g}, and {(relu == 0).sum()} of {len(relu)} were exactly 0; "
            f"through the logistic the largest was {number(float(logistic[0]), 2)}. It takes a slope near 1 for small "
            "signals: tanh has it.",
            (Misreading(0, "The weights alone are isometric; what counts is weights times slopes, layer by layer."),),
        )


class FiftyLayers(_Lanes):
    name = "fifty_layers"
    prompt = (
        "Fifty tanh layers, 24 wide, 120 steps. LeCun's, Xavier's and orthogonal weights all have variance 1/24 there. "
        "Then …"
    )
    answer = Choice(("the three train alike", "orthogonal weights are far ahead", "Xavier's are far ahead"))
    experiment = DeepNet()
    caption = "Training loss over the run"
    settings: ClassVar = {
        scheme: {"scheme": scheme, "depth": 50, "width": 24, "steps": 120, "learning_rate": 0.03}
        for scheme in ("LeCun", "Xavier", "orthogonal")
    }

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        lecun, xavier, orthogonal = (float(loss) for loss in history["loss"][-1])
        ahead = 1 if orthogonal < 0.75 * min(lecun, xavier) else 2 if xavier < 0.75 * min(lecun, orthogonal) else 0
        return Outcome(
            ahead,  # holds: l4_fifty_tanh_layers
            f"The losses were {lecun:.3g} with LeCun, {xavier:.3g} with Xavier and {orthogonal:.3g} with orthogonal "
            "weights. The variance sets the mean of the squared singular values; what they are one by one counts too.",
            (
                Misreading(0, "One variance is one mean of the squared singular values, not one spectrum."),
                Misreading(2, "In the hidden layers, with as many units as inputs, Xavier's variance is LeCun's."),
            ),
        )


class KaimingIsEnough(_Lanes):
    name = "kaiming_is_enough"
    prompt = (
        "Kaiming's weights in fifty plain ReLU layers, beside orthogonal ones of the same variance, and beside "
        "orthogonal ones with tanh: 120 steps at one learning rate."
    )
    statement = (
        "With Kaiming's weights the first of fifty ReLU layers gets as large a gradient as the last, and yet the net "
        "hardly learns."
    )
    answer = Choice((HOLDS, FAILS))
    experiment = DeepNet()
    caption = "Training loss over the run"
    settings: ClassVar = {
        "Kaiming, ReLU": {"scheme": "Kaiming fan-in", "activation": "relu"},
        "√2 · orthogonal, ReLU": {"scheme": "orthogonal", "activation": "relu", "gain": 1.4142},
        "orthogonal, tanh": {"scheme": "orthogonal"},
    }

    def lanes(self) -> Lanes:
        common = {"depth": 50, "width": 32, "steps": 120, "learning_rate": 0.02}
        checked = self.experiment.settings_type.checked
        return Lanes([checked({**each, **common}) for each in self.settings.values()], [*self.settings])

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        relu, orthogonal, tanh = (float(loss) for loss in history["loss"][-1])
        first, last = history["gradient_norm"][0, 0, [0, -1]]
        hardly = GUESSING - relu < (GUESSING - tanh) / 2
        return Outcome(
            int(not (hardly and 0.2 < first / last < 5)),  # holds: l4_fifty_relu_layers
            f"At the start the first layer's gradient was {first / last:.2g} times the last one's. The loss came down "
            f"to {relu:.3g}, to {orthogonal:.3g} with orthogonal weights, and to {tanh:.3g} with tanh; guessing from "
            f"the digits' frequencies gives {GUESSING:.2g}. The gradient keeps its size and loses its directions: many "
            "singular values of fifty ReLU layers are zero. Residual connections and normalization made such nets "
            "trainable.",
            (Misreading(1, "Size is kept, direction is not: a gradient of few directions can do little."),),
        )


class SharpnessIsSet(_Lanes):
    name = "sharpness_is_set"
    prompt = "λₘₐₓ begins at about 3.3; η is 0.2, so 2/η = 10. Where will λₘₐₓ be after 400 steps?"
    statement = "From this flat start training takes λₘₐₓ up to the limit 2/η."
    answer = Choice((HOLDS, FAILS))
    experiment = DeepNet()
    caption = "Sharpness λₘₐₓ over the run"
    axes = ("step", "λₘₐₓ")
    settings: ClassVar = {
        "half of LeCun": {
            "scheme": "LeCun",
            "gain": 0.5,
            "depth": 3,
            "train_size": 100,
            "steps": 400,
            "learning_rate": 0.2,
            "follow_sharpness": True,
        }
    }

    @staticmethod
    def curve(history: History, lane: int) -> np.ndarray:
        return history["sharpness"][:, lane]

    def _points(self, history: History, lane: int) -> Points:
        steps = np.flatnonzero(history.measured("sharpness"))
        return steps, history["sharpness"][steps, lane]

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        start, end = float(history["sharpness"][0, 0]), float(history.newest("sharpness")[0])
        return Outcome(
            int(not end > 0.8 * 10),  # holds: l4_learning_rate_sets_the_end
            f"It began at {start:.3g} and came to {end:.3g}. A flat start allows a long first step, and that is worth "
            "having; but training sharpens the net up to 2/η.",
            (Misreading(1, "The first weights set the sharpness of the first step only."),),
        )


ALL: tuple[Question, ...] = (
    ConstantStart(),
    TanhSketch(),
    ThousandthOfTheSignal(),
    SuitsTheLogistic(),
    OneDegreeApart(),
    ResidualGradient(),
    OrthogonalForAll(),
    FiftyLayers(),
    KaimingIsEnough(),
    SharpnessIsSet(),
)
