"""Where successive periods end: how alike their minima are, and what they are worth together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.settings import Settings
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.spreads import MINIMA, MOST_NETS, MinimaSettings
from lessons.periodic.successive import SuccessiveMinima
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.periodic.periods import LOG
from widgets.plots import grey, line, plot
from widgets.view import LabView

ONE, FOUND, OTHERS = 0, 1, 2
SUCCESSIVE, INDEPENDENT = "#2f7ed8", "#e0662e"


class MinimaView(LabView[PeriodicSettings, MinimaSettings]):
    """Loss of the run with its minima, cosines between minima, and the test error of ensembles."""

    name = "minima"
    title = "Minima of successive periods"
    experiment = SuccessiveMinima()
    spread = MINIMA
    compare = False
    seeds = MOST_NETS
    step_figures = ()
    shown = ("nets", "learning_rate", "weight_decay", "seed")
    more = ("width", "depth", "train_size", "steps")
    presets = (
        Preset(
            "six minima",
            "One run leaves a minimum in each period; five other nets leave their first. Which six differ more?",
            ({},),
        ),
        Preset(
            "few images", "With 100 images an ensemble has more to gain.", ({"train_size": 100},)
        ),  # holds: l6_few_images
        Preset(
            "slower periods",
            "Half of η·λ: a period takes about twice as long.",  # holds: l6_map_period
            ({"weight_decay": 0.004, "steps": 2800},),
        ),
    )

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return ()

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        circle = {"size": 10, "color": "rgba(0,0,0,0)", "line": {"width": 2.5, "color": SUCCESSIVE}}
        others = [line(f"net {k + 2}", grey(0.45), line={"width": 1}, showlegend=False) for k in range(MOST_NETS - 1)]
        loss = plot(
            "minima-loss",
            "Loss of the run (blue) with the minima it left behind, and of the other nets (grey)",
            "step",
            "loss",
            [
                line("the run", SUCCESSIVE),
                go.Scatter(x=[], y=[], mode="markers", name="its minima", marker=circle),
                *others,
            ],
            **LOG,
        )
        errors = plot(
            "minima-errors",
            "Test error of ensembles: minima of one run, and independent nets",
            "nets in the ensemble",
            "test error",
            [
                line("one run", SUCCESSIVE, mode="lines+markers"),
                line("independent nets", INDEPENDENT, mode="lines+markers"),
            ],
            showlegend=True,
            yaxis_tickformat=".1%",
            xaxis_dtick=1,
        )
        successive = _cosines("minima-successive", "Cosine between the run's minima", "period")
        independent = _cosines("minima-independent", "Cosine between independent nets' first minima", "net")
        return {"loss": loss, "successive": successive, "independent": independent, "errors": errors}

    def begin(self, frame: Frame) -> None:
        frame.screen.relayout("loss", {"xaxis.range": [0, frame.lanes.shared.steps]})
        numbers = np.arange(1, len(frame.lanes) + 1)
        ends = [0.5, len(numbers) + 0.5]
        for figure in ("successive", "independent"):
            frame.screen.replace(figure, 0, x=numbers, y=numbers)
            frame.screen.relayout(figure, {"xaxis.range": ends, "yaxis.range": ends[::-1]})
        frame.screen.relayout("errors", {"xaxis.range": [0.7, len(frame.lanes) + 0.3]})

    def draw(self, frame: Frame) -> None:
        history = frame.history
        frame.curve("loss", ONE, 0, "loss")
        for lane in range(1, len(frame.lanes)):
            frame.curve("loss", OTHERS + lane - 1, lane, "loss")
        at = np.unique(history["minimum_step"][: frame.stop, 0])
        at = at[at >= 0].astype(int)
        frame.screen.replace("loss", FOUND, x=at, y=history["loss"][at, 0])
        rows = history["minima"][max(0, frame.start - 1) : frame.stop]
        if frame.start == 0 or (rows[0] != rows[-1]).any():
            self._draw_minima(frame)

    @staticmethod
    def _draw_minima(frame: Frame) -> None:
        numbers, highest = np.arange(1, len(frame.lanes) + 1), 0.0
        for trace, group in enumerate(("successive", "independent")):
            frame.screen.replace(group, 0, z=frame.history.snapshot(f"{group}_cosines"))
            errors = frame.history.snapshot(f"{group}_errors")
            frame.screen.replace("errors", trace, x=numbers, y=errors)
            highest = max(highest, float(np.nanmax(errors, initial=0.0)))
        frame.screen.relayout("errors", {"yaxis.range": [0.0, 1.25 * highest or 0.1]})

    def readings(self, frame: Frame) -> list[Reading]:
        lines = [Reading(0, "minima of the run", float(frame.history["minima"][frame.stop - 1, 0]))]
        for group, name in (("successive", "the run's minima"), ("independent", "independent nets")):
            cosines, errors = (frame.history.snapshot(f"{group}_{what}") for what in ("cosines", "errors"))
            apart = cosines[np.triu_indices(len(cosines), 1)]
            known = errors[np.isfinite(errors)]
            if np.isfinite(apart).any():
                lines.append(Reading(0, f"mean cosine, {name}", float(np.nanmean(apart))))
                lines.append(Reading(0, f"test error, {name}", f"{known[0]:.1%} → {known[-1]:.1%} ({len(known)} nets)"))
        return lines


def _cosines(name: str, caption: str, axis: str) -> go.Figure:
    cells = go.Heatmap(
        x=[],
        y=[],
        z=[],
        zmin=0.0,
        zmax=1.0,
        colorscale="Viridis",
        texttemplate="%{z:.2f}",
        showscale=False,
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )
    tick = {"xaxis_dtick": 1, "yaxis_dtick": 1}
    return plot(name, caption, axis, axis, [cells], height=300, **tick)
