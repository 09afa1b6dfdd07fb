"""A small tensor before and after normalization: which cells are averaged, and what another sample changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.experiment import Experiment, Measurement, Measurements
from lessons.core.generators import normal_per_seed
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.normalization.axes import ActivationNorm, averaged_cells, largest_even_groups
from lessons.normalization.layers import (
    RunningStatistics,
    batch_norm,
    batch_statistics,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)


def _size(default: int, label: str, symbol: str, doc: str, high: int, low: int = 1) -> int:
    size: int = setting(default, label=label, symbol=symbol, doc=doc, low=low, high=high, shared=True)
    return size


def _place(default: int, label: str, doc: str, high: int) -> int:
    doc = f"{doc}, counted from 1; the last, if there are fewer."
    place: int = setting(default, label=label, doc=doc, low=1, high=high)
    return place


class TensorPictureSettings(Settings):
    """Settings of `TensorPicture`."""

    normalization: ActivationNorm = setting("batch", label="normalization", doc="Which cells are averaged.")
    groups: int = setting(
        2,
        label="groups",
        symbol="G",
        doc="Of group norm: the largest number up to this that divides the channels.",
        low=1,
        high=12,
    )
    samples: int = _size(4, "samples", "N", "In the batch.", 8)
    channels: int = _size(4, "channels", "C", "Of each sample.", 12)
    height: int = _size(3, "height", "H", "Rows of positions.", 6)
    width: int = _size(3, "width", "W", "Columns of positions.", 6)
    cell_sample: int = _place(1, "cell: sample", "Sample of the chosen cell", 8)
    cell_channel: int = _place(1, "cell: channel", "Channel of the chosen cell", 12)
    cell_row: int = _place(1, "cell: row", "Row of the chosen cell", 6)
    cell_column: int = _place(1, "cell: column", "Column of the chosen cell", 6)
    changed_sample: int = _place(2, "changed sample", "Which sample is changed", 8)
    factor: float = setting(
        3.0,
        label="factor of the change",
        doc="What the first channel of the changed sample is multiplied by.",
        low=-10.0,
        high=10.0,
        slider=(0.0, 5.0),
        slider_step=0.1,
    )
    offset: float = setting(
        2.0, label="mean", symbol="μ", doc="Of all cells as they are drawn.", low=-10.0, high=10.0, slider=(-5.0, 5.0)
    )
    deviation: float = setting(
        2.0,
        label="standard deviation",
        symbol="σ",
        doc="Of all cells as they are drawn.",
        low=0.01,
        high=10.0,
        slider=(0.1, 5.0),
    )
    momentum: float = setting(
        0.1,
        label="momentum",
        doc="How far each batch moves batch norm's running statistics towards its own; the name is PyTorch's.",
        low=0.0,
        high=1.0,
        slider_step=0.01,
        hot=True,
    )
    steps: int = setting(30, label="batches", doc="How many are seen.", low=1, high=1000, slider=(1, 100), shared=True)
    seed: int = declared.seed(doc="Draws the tensors.")


class TensorPicture(Experiment[TensorPictureSettings]):
    """Batches of small tensors N(mu, sigma^2), one after the other, each normalized; nothing is trained.

    Factors are 1 and offsets 0. Measures, in float32: `loss` (K,), here the mean square difference between the outputs
    of training and of evaluation, with the running statistics after the batch: it is 0 for all but batch norm; and
    `running_mean` and `running_variance` (K, C) of batch norm, 0 and 1 for the others.

    Snapshots, each (K, N, C, H, W): `before`; `after`, in training; `evaluated`, in evaluation; `averaged`, 1 at the
    cells that are averaged for the chosen cell; `effect`, how much the outputs change when the first channel of another
    sample is multiplied by `factor`. And `statistics` (K, 2), mean and biased variance of the averaged cells.
    """

    name = "tensor picture"
    title = "Which cells are averaged"
    settings_type = TensorPictureSettings
    references = (
        "Wu & He 2018, arXiv 1803.08494, figure 2",
        "Ioffe & Szegedy 2015, arXiv 1502.03167 (batch norm)",
        "Zhang & Sennrich 2019, arXiv 1910.07467 (RMS norm)",
    )

    def run(self, lanes: Lanes[TensorPictureSettings], device: str = "cpu") -> Measurements:
        running = RunningStatistics.start(len(lanes), lanes.shared.channels)
        for step in range(lanes.shared.steps + 1):
            x = _batch(lanes, step)
            # As the first batch of a training is: the running statistics have seen it when it is evaluated.
            running = _after(lanes, running, x)
            after, evaluated = normalized(lanes, x, running, True), normalized(lanes, x, running, False)
            values = {
                "loss": (after - evaluated).square().flatten(1).mean(1),
                "running_mean": running.mean,
                "running_variance": running.variance,
            }
            moved = normalized(lanes, _changed(lanes, x), running, True)
            pictures = {"before": x, "after": after, "evaluated": evaluated, "effect": (moved - after).abs()}
            snapshots: dict[str, Callable[[], Tensor]] = {k: partial(torch.clone, v) for k, v in pictures.items()}
            snapshots |= {"averaged": partial(_averaged, lanes), "statistics": partial(_statistics, lanes, x)}
            yield Measurement(step, {name: value.to(device) for name, value in values.items()}, snapshots)


def normalized(lanes: Lanes[TensorPictureSettings], x: Tensor, running: RunningStatistics, training: bool) -> Tensor:
    """Normalize x (K, N, C, H, W), each lane in its own way; in evaluation batch norm goes by `running`."""
    return torch.stack([_lane(lanes, lane, x[lane : lane + 1], running, training)[0] for lane in range(len(lanes))])


def _lane(
    lanes: Lanes[TensorPictureSettings], lane: int, x: Tensor, running: RunningStatistics, training: bool
) -> Tensor:
    settings, channels = lanes.settings[lane], x.shape[2]
    gamma, beta = torch.ones(1, channels), torch.zeros(1, channels)
    if settings.normalization == "batch":
        own = RunningStatistics(running.mean[lane : lane + 1], running.variance[lane : lane + 1])
        return batch_norm(x, batch_statistics(x) if training else own, gamma, beta)
    if settings.normalization == "group":
        return group_norm(x, largest_even_groups(settings.groups, channels), gamma, beta)
    if settings.normalization == "RMS":
        return rms_norm(x, gamma)
    return {"layer": layer_norm, "instance": instance_norm}[settings.normalization](x, gamma, beta)


def _batch(lanes: Lanes[TensorPictureSettings], step: int) -> Tensor:
    shape = (lanes.shared.samples, lanes.shared.channels, lanes.shared.height, lanes.shared.width)
    drawn = normal_per_seed(lanes.seed, f"tensor {step}", *shape)
    offset, deviation = (value.float().view(-1, 1, 1, 1, 1) for value in (lanes.offset, lanes.deviation))
    return offset + deviation * drawn


def _after(lanes: Lanes, running: RunningStatistics, x: Tensor) -> RunningStatistics:
    """The running statistics after a batch; they stay as they began where there is no batch norm."""
    takes = torch.tensor([name == "batch" for name in lanes.values("normalization")])
    share = (lanes.momentum.float() * takes)[:, None]
    return running.after(batch_statistics(x), share)


def _changed(lanes: Lanes, x: Tensor) -> Tensor:
    sample = (lanes.changed_sample.long() - 1).clamp(max=x.shape[1] - 1)
    changed, rows = x.clone(), torch.arange(len(lanes))
    changed[rows, sample, 0] *= lanes.factor.float().view(-1, 1, 1)
    return changed


def _averaged(lanes: Lanes[TensorPictureSettings]) -> Tensor:
    shared = lanes.shared
    shape = (shared.samples, shared.channels, shared.height, shared.width)
    masks = []
    for each in lanes.settings:
        groups = largest_even_groups(each.groups, shared.channels)
        masks.append(averaged_cells(each.normalization, shape, groups, chosen_cell(each)))
    return torch.stack(masks).float()


def chosen_cell(settings: TensorPictureSettings) -> tuple[int, ...]:
    """Index of the chosen cell in the tensor, from 0: sample, channel, row, column."""
    wanted = (settings.cell_sample, settings.cell_channel, settings.cell_row, settings.cell_column)
    sizes = (settings.samples, settings.channels, settings.height, settings.width)
    return tuple(min(at, size) - 1 for at, size in zip(wanted, sizes, strict=True))


def _statistics(lanes: Lanes[TensorPictureSettings], x: Tensor) -> Tensor:
    mask = _averaged(lanes)
    count = mask.flatten(1).sum(1)
    mean = (mask * x).flatten(1).sum(1) / count
    square = (mask * (x - mean.view(-1, 1, 1, 1, 1)) ** 2).flatten(1).sum(1)
    return torch.stack([mean, square / count], 1)
