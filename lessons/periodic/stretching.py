"""Scale invariance as an experiment: the weights are stretched step by step, and the net is looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from lessons.core.data.digits import digits_split
from lessons.core.experiment import Experiment, Measurement, Measurements
from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text
from lessons.core.scripts.script import assembled, constants, definitions
from lessons.core.settings import Settings, setting
from lessons.periodic.network import ScaleInvariantNetwork
from lessons.periodic.scale_invariance import Part, stretch
from lessons.periodic.scripts import AFFINE, LENGTH, START, model_text, own_affine

STEPS_PER_DECADE = 20
INITIAL_NORM = 3.0

_STRETCHED: dict[Part, str] = {
    "affine": "stretched += [w for layer in model if not isinstance(layer, nn.Linear) for w in layer.parameters()]",
    "last_layer": "stretched += last.parameters()",
}
_LOOP = f"""\
model, inputs = model.double(), inputs.double()
first = [weight.detach().clone() for weight in stretched]
losses = []
for step in range(STEPS + 1):
    alpha = SMALLEST * 10 ** (step / {STEPS_PER_DECADE})
    for weight, value in zip(stretched, first, strict=True):
        weight.data = alpha * value
    loss = {loss_text("cross-entropy")}
    losses.append(loss.item())
    print(step, losses[-1])"""


class StretchingSettings(Settings):
    """Settings of `Stretching`."""

    normalization: Literal["batch norm", "none"] = setting(
        "batch norm", label="normalization", doc="Before each ReLU; without it the weights' length matters."
    )
    stretch_affine: bool = setting(
        False, label="stretch γ and β too", doc="As if factors and offsets of the batch normalization were trained."
    )
    stretch_last_layer: bool = setting(
        False, label="stretch the last layer too", doc="As if the last layer were trained."
    )
    smallest: float = setting(
        0.1,
        label="smallest factor",
        symbol="α",
        doc="The weights are multiplied by it at first; then by 12 % more at each step.",
        low=1e-3,
        high=1.0,
        slider=(0.01, 1.0),
        scale="log",
        shared=True,
    )
    last_layer_norm: float = setting(
        10.0,
        label="last layer's norm",
        doc="Length of the last layer's weights.",
        low=0.1,
        high=100.0,
        slider=(1.0, 30.0),
        scale="log",
    )
    width: int = setting(
        32, label="width", doc="Units in each hidden layer.", low=2, high=128, slider=(8, 64), scale="log", shared=True
    )
    depth: int = setting(
        2, label="hidden layers", doc="Number of hidden layers.", low=1, high=6, slider=(1, 4), shared=True
    )
    train_size: int = setting(
        128,
        label="images",
        symbol="N",
        doc="Digits over which the loss is taken.",
        low=20,
        high=600,
        slider=(50, 600),
        scale="log",
        shared=True,
    )
    steps: int = setting(
        40, label="factors", doc="How many times the weights are stretched further.", low=1, high=80, shared=True
    )
    seed: int = setting(0, label="seed", doc="Draws the weights.", low=0, high=2**31 - 1, slider=(0, 99))


class Stretching(Experiment[StretchingSettings]):
    """A net on the digits as it is drawn; nothing is trained. At step t its x are multiplied by alpha.

    x are the hidden weights and whatever is stretched with them. Measures, in float64 and of shape (K,): `alpha`;
    `loss`, f(alpha x); `output_change`, the largest change of an output against alpha = 1, relative to the largest
    output; `gradient_ratio`, |grad f(alpha x)| / |grad f(x)|, which is 1 / alpha where f is scale-invariant;
    `gradient_cosine`, between grad f(alpha x) and grad f(x), there 1; and `inner_product`, the cosine between
    grad f(alpha x) and x, there 0.
    """

    name = "stretching"
    title = "Scale invariance"
    settings_type = StretchingSettings
    references = (
        "Ioffe & Szegedy 2015, arXiv 1502.03167 (batch normalization)",
        "van Laarhoven 2017, arXiv 1706.05350 (scale invariance and its gradient)",
    )

    def run(self, lanes: Lanes[StretchingSettings], device: str = "cpu") -> Measurements:
        shape = lanes.shared
        data = digits_split(shape.train_size)
        inputs, labels = data.train_inputs.double().to(device), data.train_labels.to(device)
        nets = [_net(settings) for settings in lanes.settings]
        thetas = [
            net.initial(*(torch.tensor([value]) for value in (s.seed, INITIAL_NORM, s.last_layer_norm)))
            .double()
            .to(device)
            for net, s in zip(nets, lanes.settings, strict=True)
        ]
        parts = [_parts(settings) for settings in lanes.settings]
        one = torch.ones(1, dtype=torch.float64, device=device)
        sizes = [
            stretch(net, theta, inputs, labels, one, part).gradient_norm
            for net, theta, part in zip(nets, thetas, parts, strict=True)
        ]
        for step in range(shape.steps + 1):
            alpha = shape.smallest * 10 ** (step / STEPS_PER_DECADE) * one
            rows = [
                _looked_at(net, theta, inputs, labels, alpha, part, size)
                for net, theta, part, size in zip(nets, thetas, parts, sizes, strict=True)
            ]
            yield Measurement(step, {name: torch.cat([row[name] for row in rows]) for name in rows[0]})

    def script(self, settings: StretchingSettings, changes: Sequence[Change] = ()) -> str:
        affine = AFFINE * own_affine(settings.normalization, settings.stretch_affine)
        return assembled(
            NET_IMPORTS,
            constants(settings, "smallest", "last_layer_norm", "width", "steps", "seed"),
            f"INITIAL_NORM = {INITIAL_NORM!r}",
            definitions(RANDOM_STREAM, LENGTH, affine),
            data_text(settings.train_size),
            model_text(settings.depth, settings.normalization, settings.stretch_affine),
            START,
            "\n".join(["stretched = [*hidden]", *(_STRETCHED[part] for part in _parts(settings)[1:])]),
            _LOOP,
        )


def _net(settings: StretchingSettings) -> ScaleInvariantNetwork:
    sizes = (64, *[settings.width] * settings.depth, 10)
    return ScaleInvariantNetwork(sizes, settings.normalization == "batch norm")


def _parts(settings: StretchingSettings) -> tuple[Part, ...]:
    """Return what is stretched together."""
    affine: tuple[Part, ...] = ("affine",) if settings.stretch_affine else ()
    return ("weights", *affine, *(("last_layer",) if settings.stretch_last_layer else ()))


def _looked_at(
    net: ScaleInvariantNetwork,
    theta: Tensor,
    inputs: Tensor,
    labels: Tensor,
    alpha: Tensor,
    parts: tuple[Part, ...],
    size: Tensor,
) -> dict[str, Tensor]:
    """The values of one lane, each of shape (1,)."""
    seen = stretch(net, theta, inputs, labels, alpha, parts)
    return {
        "alpha": alpha.clone(),
        "loss": seen.loss,
        "output_change": seen.output_change,
        "gradient_ratio": seen.gradient_norm / size,
        "gradient_cosine": seen.gradient_cosine,
        "inner_product": seen.inner_product,
    }
