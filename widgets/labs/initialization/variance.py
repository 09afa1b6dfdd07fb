"""The variance lab: signal down and gradient up a deep random net, beside mean-field theory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import plotly.graph_objects as go

from lessons.core.lanes import Lanes
from lessons.core.settings import Settings
from lessons.initialization.histograms import BINS, histogram_range
from lessons.initialization.prediction import Prediction, predict
from lessons.initialization.propagation import Propagation
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.initialization.layer_figures import LOWEST, by_layer, decades, shading
from widgets.labs.initialization.scheme_view import SchemeView, as_text
from widgets.readings import number

ROUNDING = 1e-6  # of the mean square: what float32 leaves of a variance that is its difference from the squared mean


class VarianceView(SchemeView):
    """Variance of activations and of gradients in each layer, and the histogram of each layer of the chosen lane.

    The first net is drawn at once; the others, whose mean comes to the prediction, when the sliders are at rest.
    """

    name = "variance"
    title = "Signal and gradient, layer by layer"
    experiment = Propagation()
    covered = ("forward", "backward", "histogram")
    shown = ("scheme", "gain", "deviation", "constant", "activation", "depth", "width")
    more = ("input_scale", "bias_deviation", "steps", "seed")
    speed = 5.0
    trains = False
    step_figures = ()
    presets = (
        Preset(
            "too small, too large",
            "Too small, and signal and gradient die; too large, and tanh saturates while the gradient explodes. "
            "Xavier's σ is 1/16 at a width of 256.",
            (
                {"scheme": "Xavier"},
                {"scheme": "normal", "deviation": 0.03},
                {"scheme": "normal", "deviation": 0.15},
            ),
            ("Xavier", "σ = 0.03", "σ = 0.15"),
        ),
        Preset(
            "Xavier with tanh",
            "Is the variance kept? It falls to 0.05 at layer 10 and to 0.01 at layer 50: slowly, and for ever.",
            ({"scheme": "Xavier"}, {"scheme": "Xavier", "activation": "linear"}),
            ("tanh", "linear"),
        ),
        Preset(
            "ReLU needs a factor of 2",
            "ReLU throws half of the signal away. LeCun halves the variance at each layer, Kaiming makes up for it.",
            (
                {"scheme": "LeCun", "activation": "relu"},
                {"scheme": "Kaiming fan-in", "activation": "relu"},
            ),
            ("LeCun", "Kaiming"),
        ),
        Preset(
            "the logistic is no tanh",
            "Its variance settles and looks healthy. Its gradient shrinks sixteenfold and more at each layer.",
            (
                {"scheme": "Xavier", "activation": "tanh"},
                {"scheme": "Xavier", "activation": "logistic"},
                {"scheme": "Xavier", "activation": "logistic", "gain": 3.0},
            ),
            ("tanh", "logistic", "logistic, gain 3"),
        ),
        Preset(
            "six activations",
            "One scheme, six activations: what keeps the signal in one loses it in another.",
            tuple(
                {"scheme": "Kaiming fan-in", "activation": name}
                for name in ("linear", "tanh", "logistic", "relu", "leaky relu", "gelu")
            ),
            ("linear", "tanh", "logistic", "ReLU", "leaky ReLU", "GELU"),
        ),
        Preset(
            "a narrow net",
            "Theory is for infinite width. Sixteen units wide, one net is far off, and even the mean of many is.",
            ({"scheme": "Kaiming fan-in", "activation": "relu", "width": 16, "steps": 100},),
            ("Kaiming, 16 units",),
            20.0,
            says=("scheme", "width"),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        return {
            "forward": by_layer(
                "initialization-forward",
                "Forward: variance of the activations (dashes: theory of infinite width)",
                "variance",
                names,
                colours,
            ),
            "backward": by_layer(
                "initialization-backward",
                "Backward: mean square gradient, from the last layer to the first",
                "mean square gradient",
                names,
                colours,
            ),
            "histogram": shading(
                "initialization-histogram", "Activations of the chosen lane: darker where more of them are"
            ),
        }

    def begin(self, frame: Frame) -> None:
        count, depth, theory = len(frame.lanes), frame.lanes.shared.depth, prediction(frame.lanes)
        layers = np.arange(depth + 1)
        for lane in range(count):
            frame.screen.replace("forward", count + lane, x=layers, y=theory.variance[lane])
            frame.screen.replace("backward", count + lane, x=layers[1:], y=theory.gradient[lane])
        measured = [variances(frame, lane) for lane in range(count)]
        ranges = {"forward": decades(theory.variance, *measured)}
        ranges["backward"] = decades(theory.gradient, frame.history["gradient_square"][: frame.stop])
        for figure, reach in ranges.items():
            frame.screen.relayout(figure, {"xaxis.range": [0, depth], "yaxis.range": reach})

    def draw(self, frame: Frame) -> None:
        layers = np.arange(frame.lanes.shared.depth + 1)
        for lane in range(len(frame.lanes)):
            frame.screen.replace("forward", lane, x=layers, y=positive(variances(frame, lane)))
            frame.screen.replace("backward", lane, x=layers[1:], y=positive(gradients(frame, lane)))
        self._histogram(frame, min(frame.selected, len(frame.lanes) - 1))

    def readings(self, frame: Frame) -> list[Reading]:
        theory, depth, lines = prediction(frame.lanes), frame.lanes.shared.depth, []
        for lane in range(len(frame.lanes)):
            forward, back = variances(frame, lane), gradients(frame, lane)
            lines += [
                _reading(lane, f"variance at layer {depth}", forward[-1], theory.variance[lane, -1]),
                _reading(lane, "mean square gradient at layer 1", back[0], theory.gradient[lane, 0]),
                Reading(lane, "mean of", _sample(frame, lane)),
            ]
        return lines

    @staticmethod
    def _histogram(frame: Frame, lane: int) -> None:
        shares = frame.history.snapshot("activation_histogram")[lane]
        low, high = histogram_range(frame.lanes.values("activation")[lane])
        edges, layers = np.linspace(low, high, BINS + 1), np.arange(1, len(shares) + 1)
        frame.screen.replace("histogram", 0, x=layers, y=(edges[1:] + edges[:-1]) / 2, z=shares.T)
        middle = frame.history["activation_mean"][frame.stop - 1, lane, 1:].astype(float)
        square = frame.history["activation_square"][frame.stop - 1, lane, 1:].astype(float)
        with np.errstate(invalid="ignore"):
            deviation = np.sqrt(np.maximum(square - middle**2, 0))
        for trace, edge in ((1, middle + deviation), (2, middle - deviation)):
            frame.screen.replace("histogram", trace, x=layers, y=edge)
        title = {"yaxis.range": [low, high], "yaxis.title.text": f"activation ({as_text(frame.lanes.names[lane])})"}
        frame.screen.relayout("histogram", {"xaxis.range": [0.5, len(layers) + 0.5], **title})


class _Predicted:
    """What theory says, as arrays: variance (K, L + 1), gradient (K, L)."""

    def __init__(self, found: Prediction):
        self.variance = (found.activation_square - found.activation_mean**2).clamp(min=0).numpy()
        self.gradient = found.gradient_square.numpy()


def prediction(lanes: Lanes) -> _Predicted:
    """Return what mean-field theory says of these lanes."""
    return _predicted(tuple(lanes.settings))


@lru_cache(maxsize=8)
def _predicted(settings: tuple[Settings, ...]) -> _Predicted:
    return _Predicted(predict(Lanes(settings)))


def variances(frame: Frame, lane: int) -> np.ndarray:
    """Variance of each layer's activations, over units, inputs and the nets so far, shape (L + 1,)."""
    square = frame.history["activation_square"][: frame.stop, lane].astype(float).mean(0)
    middle = frame.history["activation_mean"][: frame.stop, lane].astype(float).mean(0)
    with np.errstate(invalid="ignore"):
        return np.where(square - middle**2 < ROUNDING * square, 0.0, square - middle**2)


def gradients(frame: Frame, lane: int) -> np.ndarray:
    """Mean square gradient at layers 1 to L, over the nets so far, shape (L,)."""
    return frame.history["gradient_square"][: frame.stop, lane].astype(float).mean(0)


def positive(values: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return np.where(values > 0, values, np.nan)


def known(value: float) -> float | None:
    """A predicted number, or None where theory has none."""
    return float(value) if np.isfinite(value) else None


def _reading(lane: int, quantity: str, measured: float, predicted: float) -> Reading:
    """Measured beside predicted; in words where float32 can hold only one of them."""
    if 0 < predicted < LOWEST and not measured:
        return Reading(lane, quantity, f"below 10⁻⁴⁵, too small for float32 (theory {number(predicted, 3)})")
    return Reading(lane, quantity, float(measured), known(predicted))


def _sample(frame: Frame, lane: int) -> str:
    """How many nets the mean is of, and how far it may be off."""
    square = frame.history["activation_square"][: frame.stop, lane, -1].astype(float)
    if len(square) < 3 or not (np.isfinite(square).all() and square.mean() > 0):
        return "1 net" if len(square) == 1 else f"{len(square)} nets"
    error = square.std(ddof=1) / np.sqrt(len(square)) / square.mean()
    return f"{len(square)} nets, ± {100 * error:.2g} %"
