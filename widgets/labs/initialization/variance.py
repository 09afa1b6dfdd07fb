"""The variance lab: signal down and gradient up a deep random net, beside mean-field theory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.core.lanes import Lanes
from lessons.initialization.histograms import BINS, histogram_range
from lessons.initialization.prediction import Prediction, predict
from lessons.initialization.propagation import Propagation, PropagationSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import as_text, broad, see_through, thin
from widgets.labs.initialization import goals
from widgets.labs.initialization.layer_figures import LOWEST, decades, shading
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.view.controls import Preset, Reading
from widgets.view.goals import Goal
from widgets.view.lines import Curve, DrawnT, One, Points, Theory
from widgets.view.panels import Panel
from widgets.view.readings import number
from widgets.view.seed_cloud import quantile

BOUNDED = ("tanh", "logistic")
BAND = (0.1, 0.9)
FEWEST = 5  # nets, for a band
ROUNDING = 1e-6  # of the mean square: what float32 leaves of a variance that is its difference from the squared mean

Measured = Callable[[Frame, int], np.ndarray]


class VarianceView(SchemeView[PropagationSettings]):
    """Variance of activations and of gradients in each layer, and the histogram of each layer of the chosen lane.

    The first net is drawn at once; the others when the sliders are at rest.
    """

    name = "variance"
    title = "Signal and gradient, layer by layer"
    experiment = Propagation()
    covered = ("forward", "backward", "histogram")
    shown = ("scheme", "gain", "activation")
    more = ("deviation", "constant", "depth", "width", "residual", "input_scale", "bias_deviation", "steps", "seed")
    speed = 5.0
    trains = False
    step_figures = ()
    goals: tuple[Goal, ...] = goals.VARIANCE
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
            "residual nets",
            "Weights of half Xavier's size, and of two and a half times it, in plain nets and in residual ones. Which "
            "gradients come back?",
            tuple({"gain": gain, "residual": residual} for gain in (0.5, 2.5) for residual in (False, True)),  # given
            ("g = 0.5", "g = 0.5, residual", "g = 2.5", "g = 2.5, residual"),
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

    @property
    def panels(self) -> Mapping[str, Panel[PropagationSettings]]:
        edge: dict[str, Any] = {"make": thin, "line": {"width": 1.5}, "says": "mean ± standard deviation"}
        return {
            "forward": over_layers(
                "Forward: variance of the activations, median and 10–90 % of single nets",
                "variance",
                variances,
                _expected_variance,
            ),
            "backward": over_layers(
                "Backward: mean square gradient, from the last layer to the first (a line ends where float32 does)",
                "mean square gradient",
                gradients,
                _expected_gradient,
            ),
            "histogram": Panel(
                "Activations of the chosen lane: stronger colour where more of them are",
                "layer",
                "activation",
                One(_histogram, "histogram", make=shading),
                One(partial(_edge, 1), "mean + standard deviation", "#b45fc9", **edge),
                One(partial(_edge, -1), "mean − standard deviation", "#b45fc9", **edge),
                fit=_fit_histogram,
            ),
        }

    def begin(self, frame: Frame[PropagationSettings]) -> None:
        super().begin(frame)
        found, lanes, depth = prediction(frame.lanes), range(len(frame.lanes)), frame.lanes.shared.depth
        ranges = {
            "forward": decades(found.variance, *(variances(frame, lane) for lane in lanes)),
            "backward": decades(found.gradient, *(gradients(frame, lane) for lane in lanes)),
        }
        for figure, reach in ranges.items():
            frame.screen.relayout(figure, {"xaxis.range": [0, depth], "yaxis.range": reach})

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
                lines.append(Reading(lane, f"10–90 % of {quantity}", "" if failed else band_in_words(values)))
            lines.append(Reading(lane, "nets", str(frame.stop)))
        return lines


def over_layers(
    caption: str,
    y: str,
    measured: Measured,
    predicted: Callable[[Frame[DrawnT], int], Points],
    **layout: Any,
) -> Panel[DrawnT]:
    """Return a figure of what is measured in each layer, its median and band over nets, and what is predicted.

    Args:
        caption: Its title.
        y: What is measured.
        measured: Function of a frame and the number of a lane that returns it in the last layers, (nets, layers).
        predicted: Function of these that returns layers and what theory says of them.
        layout: Further keywords of `Panel`.
    """
    return Panel(
        caption,
        "layer",
        y,
        Curve(partial(_median, measured), make=broad),
        Theory(predicted, "{lane}, theory", says="theory, infinite width"),
        Curve(partial(_band, measured), "{lane}, 10–90 %", make=band),
        legend=True,
        yaxis_type="log",
        **layout,
    )


def _expected_variance(frame: Frame[PropagationSettings], lane: int) -> Points:
    found = prediction(frame.lanes).variance[lane]
    return np.arange(len(found)), found


def _expected_gradient(frame: Frame[PropagationSettings], lane: int) -> Points:
    found = prediction(frame.lanes).gradient[lane]
    return np.arange(1, len(found) + 1), found


def _layers(frame: Frame[Any], values: np.ndarray) -> np.ndarray:
    """The layers that values (nets, layers) are of: the last ones."""
    depth = frame.lanes.shared.depth
    return np.arange(depth + 1 - values.shape[1], depth + 1)


def _median(of: Measured, frame: Frame, lane: int) -> Points:
    values = of(frame, lane)
    return _layers(frame, values), positive(middle(values))


def _band(of: Measured, frame: Frame, lane: int) -> Points:
    """The band where 80 % of the nets are: along its lower edge, and back along the upper one."""
    values = of(frame, lane)
    layers, (low, high) = _layers(frame, values), (quantile(values.T, share) for share in BAND)
    shown = np.isfinite(high) & (low > 0)
    around = np.concatenate([low[shown], high[shown][::-1]])
    return np.concatenate([layers[shown], layers[shown][::-1]]), around


def _chosen(frame: Frame[PropagationSettings]) -> int:
    return min(frame.selected, len(frame.lanes) - 1)


def _histogram(frame: Frame[PropagationSettings]) -> Points:
    shares = frame.history.snapshot("activation_histogram")[_chosen(frame)]
    edges = np.linspace(*histogram_range(frame.lanes.values("activation")[_chosen(frame)]), BINS + 1)
    return np.arange(1, len(shares) + 1), (edges[1:] + edges[:-1]) / 2, shares.T


def _edge(side: int, frame: Frame[PropagationSettings]) -> Points:
    """The mean of the chosen lane's activations plus or minus their standard deviation."""
    row, lane = frame.stop - 1, _chosen(frame)
    mean = frame.history["activation_mean"][row, lane, 1:].astype(float)
    square = frame.history["activation_square"][row, lane, 1:].astype(float)
    with np.errstate(invalid="ignore"):
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
    return np.arange(1, len(mean) + 1), mean + side * deviation


def _fit_histogram(frame: Frame[PropagationSettings]) -> dict[str, Any]:
    lane = _chosen(frame)
    name = frame.lanes.values("activation")[lane]
    low, high = histogram_range(name)
    return {
        **_ends(name, low, high),
        "xaxis.range": [0.5, frame.lanes.shared.depth + 0.5],
        "yaxis.range": [low, high],
        "yaxis.title.text": f"activation ({as_text(frame.lanes.names[lane])})",
    }


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
    shade: dict[str, Any] = {"fill": "toself", "fillcolor": see_through(colour, 0.18), "line": {"width": 0}}
    return go.Scatter(x=[], y=[], mode="lines", name=name, showlegend=False, hoverinfo="skip", **shade)


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


def band_in_words(values: np.ndarray, digits: int = 2) -> str:
    """Return from where to where 80 % of the nets are, if there are enough of them to say; values (nets,)."""
    if len(values) < FEWEST:
        return f"after {FEWEST} nets"
    low, high = (float(quantile(values[None], share)[0]) for share in BAND)
    return f"{number(low, digits)} to {number(high, digits)}"
