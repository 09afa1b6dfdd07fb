"""A question about a ConvNet in mini-batches."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.periodic.conv_experiment import ConvPeriods
from lessons.periodic.conv_settings import ConvPeriodsSettings
from widgets.figure.plots import LOG
from widgets.quiz.answer_kinds import Choice
from widgets.quiz.question import Misreading, Outcome, Question, sampled
from widgets.view.lines import Curve
from widgets.view.panels import Panel


class SmallerBatches(Question[ConvPeriodsSettings]):
    name = "smaller_batches"
    prompt = (
        "A ConvNet with weight decay breaks down again and again in batches of 128 images. In batches of 32 each "
        "gradient has more noise. Its norm …"
    )
    answer = Choice(("falls further and jumps up further", "swings about as far", "comes near to rest"))
    experiment = ConvPeriods()
    settled: ClassVar[int] = 200

    def lanes(self) -> Lanes[ConvPeriodsSettings]:
        sizes = (128, 32)
        settings = [ConvPeriodsSettings(batch_size=size, steps=600, measure_every=1000) for size in sizes]
        return Lanes(settings, [f"batches of {size}" for size in sizes])

    @property
    def panel(self) -> Panel[ConvPeriodsSettings]:
        norm = Curve[ConvPeriodsSettings](lambda frame, lane: sampled(frame.history["norm"][:, lane]))
        return Panel("Norm ρ of the kernels", "step", "norm ρ", norm, legend=True, **LOG)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        norm = history["norm"][self.settled :].astype(float)
        swing, (lowest, highest) = np.log(norm).std(axis=0), (norm.min(0), norm.max(0))
        share = swing[1] / swing[0]
        return Outcome(
            0 if share > 1.5 else 1 if share > 0.6 else 2,
            f"From step {self.settled} on the norm went from {lowest[0]:.2g} to {highest[0]:.2g} with 128 images, and "
            f"from {lowest[1]:.2g} to {highest[1]:.2g} with 32. The gradient of a small batch does not vanish where "
            "that of all images does: it pushes all the time, and balances the decay.",  # holds: l6_conv_batches
            (
                Misreading(0, "Noise keeps g from getting small. It is a vanishing g that lets the norm fall far."),
                Misreading(
                    1, "The mean gradient is the same, but the push is the mean of its square, and noise adds to that."
                ),
            ),
        )
