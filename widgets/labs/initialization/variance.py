"""The variance lab: signal down and gradient up a deep random net, beside mean-field theory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.core.lanes import Lanes
from lessons.initialization.histograms import BINS, histogram_range
from lessons.initialization.prediction import Prediction, predict
from lessons.initialization.propagation import Propagation, PropagationSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.initialization.layer_figures import LOWEST, by_layer, decades, shading
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.plots import as_text
from widgets.readings import number
from widgets.seed_cloud import quantile

BOUNDED = ("tanh", "logistic")
BAND = (0.1, 0.9)
FEWEST = 5  # nets, for a band
ROUNDING = 1e-6  # of the mean square: what float32 leaves of a variance that is its difference from the squared mean


class VarianceView(SchemeView[PropagationSettings]):
    """Variance of activations and of gradients in each layer, and the histogram of each layer of the chosen lane.

    The first net is drawn at once; the others when the sliders are at rest.
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
    presets: ClassVar[tuple[Preset, ...]] = (
        Preset(
            "too small, too large",
            "Xavier's σ is 1/16 at a width of 256. What will half of it do to signal and gradient, and what more than "
            "twice as much?",
            (  # given
                {"scheme": "Xavier"},
                {"scheme": "normal", "deviation": 0.03},
                {"scheme": "normal", "deviation": 0.15},
            ),
            ("Xavier", "σ = 0.03", "σ = 0.15"),
        ),
        Preset(
            "Xavier with tanh",
            "Is the variance kept? It falls to 0.05 at layer 10 and to 0.01 at layer 50: slowly, and without end.",
            ({"scheme": "Xavier"}, {"scheme": "Xavier", "activation": "linear"}),  # holds: l4_xavier_with_tanh
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
            "Its variance settles and looks healthy. Its mean square gradient shrinks more than sixteenfold at each "
            "layer.",
            (  # holds: l4_logistic_loses_the_gradient
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
            "Sixteen units wide, most nets lose the signal, and two nets can differ by powers of ten. Theory is the "
            "mean: a few nets with a huge signal make it.",
            (  # holds: l4_narrow_nets
                {"scheme": "Kaiming fan-in", "activation": "relu", "width": 16, "steps": 100},
            ),
            ("Kaiming, 16 units",),
            20.0,
            says=("scheme", "width"),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        forward = by_layer(
            "initialization-forward",
            "Forward: variance of the activations, median and 10–90 % of single nets (dashes: theory, infinite width)",
            "variance",
            names,
            colours,
        )
        backward = by_layer(
            "initialization-backward",
            "Backward: mean square gradient, from the last layer to the first (a line ends where float32 does)",
            "mean square gradient",
            names,
            colours,
        )
        for figure in (forward, backward):
            figure.add_traces([band(n, c) for n, c in zip(names, colours, strict=True)])
        caption = "Activations of the chosen lane: stronger colour where more of them are"
        return {
            "forward": forward,
            "backward": backward,
            "histogram": shading("initialization-histogram", caption),
        }

    def begin(self, frame: Frame[PropagationSettings]) -> None:
        count, depth, theory = len(frame.lanes), frame.lanes.shared.depth, prediction(frame.lanes)
        layers = np.arange(depth + 1)
        for lane in range(count):
            frame.screen.replace("forward", count + lane, x=layers, y=theory.variance[lane])
            frame.screen.replace("backward", count + lane, x=layers[1:], y=theory.gradient[lane])
        ranges = {"forward": decades(theory.variance, *(variances(frame, lane) for lane in range(count)))}
        ranges["backward"] = decades(theory.gradient, *(gradients(frame, lane) for lane in range(count)))
        for figure, reach in ranges.items():
            frame.screen.relayout(figure, {"xaxis.range": [0, depth], "yaxis.range": reach})

    def draw(self, frame: Frame[PropagationSettings]) -> None:
        layers = np.arange(frame.lanes.shared.depth + 1)
        for lane in range(len(frame.lanes)):
            _spread(frame, "forward", lane, layers, variances(frame, lane))
            _spread(frame, "backward", lane, layers[1:], gradients(frame, lane))
        self._histogram(frame, min(frame.selected, len(frame.lanes) - 1))

    def readings(self, frame: Frame[PropagationSettings]) -> list[Reading]:
        theory, depth, lines = prediction(frame.lanes), frame.lanes.shared.depth, []
        for lane in range(len(frame.lanes)):
            forward, back = variances(frame, lane)[:, -1], gradients(frame, lane)[:, 0]
            for quantity, values, predicted in (
                (f"variance at layer {depth}", forward, theory.variance[lane, -1]),
                ("mean square gradient at layer 1", back, theory.gradient[lane, 0]),
            ):
                failed = frame.ends[lane] is not None
                median = np.nan if failed else float(middle(values[:, None])[0])
                lines.append(_reading(lane, f"{quantity}, median", median, predicted))
                lines.append(Reading(lane, f"10–90 % of {quantity}", "" if failed else _band_in_words(values)))
            lines.append(Reading(lane, "nets", str(frame.stop)))
        return lines

    @staticmethod
    def _histogram(frame: Frame, lane: int) -> None:
        shares = frame.history.snapshot("activation_histogram")[lane]
        name = frame.lanes.values("activation")[lane]
        low, high = histogram_range(name)
        edges, layers = np.linspace(low, high, BINS + 1), np.arange(1, len(shares) + 1)
        frame.screen.replace("histogram", 0, x=layers, y=(edges[1:] + edges[:-1]) / 2, z=shares.T)
        mean = frame.history["activation_mean"][frame.stop - 1, lane, 1:].astype(float)
        square = frame.history["activation_square"][frame.stop - 1, lane, 1:].astype(float)
        with np.errstate(invalid="ignore"):
            deviation = np.sqrt(np.maximum(square - mean**2, 0))
        for trace, edge in ((1, mean + deviation), (2, mean - deviation)):
            frame.screen.replace("histogram", trace, x=layers, y=edge)
        frame.screen.relayout("histogram", _ends(name, low, high))
        title = {"yaxis.range": [low, high], "yaxis.title.text": f"activation ({as_text(frame.lanes.names[lane])})"}
        frame.screen.relayout("histogram", {"xaxis.range": [0.5, len(layers) + 0.5], **title})


def _ends(activation: str, low: float, high: float) -> dict[str, Any]:
    """Ticks of a histogram's axis: an outermost row that also holds all beyond it says so."""
    ticks = np.linspace(low, high, 5)
    text = [number(tick) for tick in ticks]
    if activation not in BOUNDED:
        text[-1] = f"{text[-1]} or more"
        text[0] = text[0] if activation == "relu" else f"{text[0]} or less"
    return {"yaxis.tickvals": ticks.tolist(), "yaxis.ticktext": text}


class Predicted:
    """The prediction of theory, as arrays: variance (K, L + 1), gradient (K, L)."""

    def __init__(self, found: Prediction):
        self.variance = (found.activation_square - found.activation_mean**2).clamp(min=0).numpy()
        self.gradient = found.gradient_square.numpy()


def prediction(lanes: Lanes[PropagationSettings]) -> Predicted:
    """Return what mean-field theory says of these lanes."""
    return _predicted(tuple(lanes.settings))


@lru_cache(maxsize=8)
def _predicted(settings: tuple[PropagationSettings, ...]) -> Predicted:
    return Predicted(predict(Lanes(settings)))


def variances(frame: Frame, lane: int) -> np.ndarray:
    """Variance of each layer's activations, over units and inputs, of each net so far, shape (nets, L + 1)."""
    square = frame.history["activation_square"][: frame.stop, lane].astype(float)
    mean = frame.history["activation_mean"][: frame.stop, lane].astype(float)
    with np.errstate(invalid="ignore"):
        return np.where(square - mean**2 < ROUNDING * square, 0.0, square - mean**2)


def gradients(frame: Frame, lane: int) -> np.ndarray:
    """Mean square gradient at layers 1 to L of each net so far, shape (nets, L)."""
    return frame.history["gradient_square"][: frame.stop, lane].astype(float)


def middle(values: np.ndarray) -> np.ndarray:
    """Median over nets, the first dimension; what is too large for float32 counts as infinite."""
    return quantile(values.T, 0.5)


def band(name: str, colour: str) -> go.Scatter:
    """Return an empty band: where 80 % of single nets are."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    shade: dict[str, Any] = {"fill": "toself", "fillcolor": f"rgba({red},{green},{blue},0.18)", "line": {"width": 0}}
    return go.Scatter(x=[], y=[], mode="lines", name=f"{name}, 10–90 %", showlegend=False, hoverinfo="skip", **shade)


def _spread(frame: Frame, figure: str, lane: int, layers: np.ndarray, values: np.ndarray) -> None:
    """Draw the median over nets, and the band where 80 % of them are; values (nets, layers)."""
    low, high = (quantile(values.T, share) for share in BAND)
    shown = np.isfinite(high) & (low > 0)
    frame.screen.replace(figure, lane, x=layers, y=positive(middle(values)))
    around = [np.concatenate([layers[shown], layers[shown][::-1]]), np.concatenate([low[shown], high[shown][::-1]])]
    frame.screen.replace(figure, 2 * len(frame.lanes) + lane, x=around[0], y=around[1])


def positive(values: np.ndarray) -> np.ndarray:
    """Return what a logarithmic axis can show."""
    return np.where(values > 0, values, np.nan)


def known(value: float) -> float | None:
    """A predicted number, or None where theory has none."""
    return float(value) if np.isfinite(value) else None


def _reading(lane: int, quantity: str, measured: float, predicted: float) -> Reading:
    """Measured beside predicted; in words where float32 can hold only one of them."""
    beside = f" (theory {number(predicted, 3)})" if np.isfinite(predicted) else ""
    if np.isinf(measured):
        return Reading(lane, quantity, f"above 3·10³⁸, too large for float32{beside}")
    if not measured and 0 < predicted < LOWEST:
        return Reading(lane, quantity, f"below 10⁻⁴⁵, too small for float32{beside}")
    if not measured and predicted >= LOWEST:
        return Reading(lane, quantity, f"0: no unit of some layer passes anything on, in float32{beside}")
    return Reading(lane, quantity, float(measured), known(predicted))


def _band_in_words(values: np.ndarray) -> str:
    """From where to where 80 % of the nets are, if there are enough of them to say; values (nets,)."""
    if len(values) < FEWEST:
        return f"after {FEWEST} nets"
    low, high = (float(quantile(values[None], share)[0]) for share in BAND)
    return f"{number(low, 2)} to {number(high, 2)}"
