"""One language in all figures: measured is solid, predicted dashed, a limit dotted, and each of these has a name."""

import json
import re
from collections.abc import Iterator

import plotly.graph_objects as go
import pytest
from headless import LABS, QUESTIONS, VIEWS

from widgets.browser.browser_module import FOLDER
from widgets.figure.line_styles import BROAD, FAINT, LANGUAGE, LIMIT, MEASURED, PREDICTED, THIN, style_of
from widgets.figure.plots import MOST_AT_ENDS
from widgets.lab.lane_list import LaneList

# What a trace is called tells what it is.
SAYS_PREDICTED = re.compile(r"closed form|theory|predicted|expected|from the rate alone|extrapolated|planned|by chance")
SAYS_LIMIT = re.compile(r"^limit|still learns|\bkept\b|guessing|\bequal\b|one half|as before|no change|teacher's$|2/η")
LONGEST_TITLE = 120
# Where a figure stands: on a phone figures are a row that is swiped.
SAYS_WHERE = re.compile(
    r"\b(upper|lower|left|right|(left|right)-hand|bottom|top) (figure|plot)|figure (beside|below|above|on the)\b"
    r"|(curve|ellipses|line|map)s? on the (left|right)\b"
)
NOTEBOOKS = sorted((FOLDER.parents[1] / "notebooks").glob("0*.ipynb"))


def figures_of(lab: str) -> Iterator[tuple[str, go.Figure]]:
    """The figures of a lab, as each of its presets makes them."""
    view = VIEWS[lab]()
    for preset in view.presets:
        lanes = LaneList.of(view.settings_type, preset, idle=view.idle, methods=view.methods)
        yield from view.figures([lane.name for lane in lanes.lanes], lanes.colours).items()


def drawings(kind: str, name: str) -> list[tuple[str, go.Figure]]:
    return list(figures_of(name)) if kind == "lab" else [("question", QUESTIONS[name].figure())]


def lines(figure: go.Figure) -> list[go.Scatter]:
    """The traces that are lines: no marks, no filled areas and their edges."""
    drawn = [trace for trace in figure.data if trace.type == "scatter" and "lines" in (trace.mode or "")]
    return [trace for trace in drawn if not trace.fill and trace.line.width != 0]


def has_numbers(axis: go.layout.XAxis | go.layout.YAxis) -> bool:
    return axis.visible is not False and axis.showticklabels is not False and not axis.ticktext and axis.tickvals != ()


everywhere = pytest.mark.parametrize(
    ("kind", "name"), [*(("lab", name) for name in LABS), *(("question", name) for name in QUESTIONS)]
)


@everywhere
def test_each_line_is_in_a_style_of_the_language(kind: str, name: str) -> None:
    for figure, drawn in drawings(kind, name):
        for trace in lines(drawn):
            style = style_of(trace)
            assert style is not None, (figure, trace.name)
            assert trace.line.dash == style.dash, (figure, trace.name)


@everywhere
def test_what_is_predicted_is_dashed_and_a_limit_is_dotted(kind: str, name: str) -> None:
    for figure, drawn in drawings(kind, name):
        for trace in lines(drawn):
            said = trace.name.split(", ")[-1]
            if SAYS_LIMIT.search(said):
                assert style_of(trace) == LIMIT, (figure, trace.name)
            elif SAYS_PREDICTED.search(said):
                assert style_of(trace) == PREDICTED, (figure, trace.name)


@everywhere
def test_what_is_not_measured_of_a_lane_is_named_in_the_key(kind: str, name: str) -> None:
    for figure, drawn in drawings(kind, name):
        in_key = {entry["meaning"] for entry in drawn.layout.meta["key"]}
        for trace in lines(drawn):
            if style_of(trace) in (PREDICTED, LIMIT, FAINT):
                assert style_of(trace).meaning in in_key, (figure, trace.name)
        for entry in drawn.layout.meta["key"]:
            assert entry["name"], figure
            assert "{lane}" not in entry["name"], figure
            assert LANGUAGE[entry["meaning"]].dash == entry["dash"]
        names = [entry["name"] for entry in drawn.layout.meta["key"]]
        assert len(set(names)) == len(names), (figure, names)


@everywhere
def test_a_title_says_what_is_drawn_and_axes_have_names(kind: str, name: str) -> None:
    for figure, drawn in drawings(kind, name):
        title, x, y = drawn.layout.meta["caption"], drawn.layout.xaxis, drawn.layout.yaxis
        assert len(title.split()) >= 3, (figure, title)
        assert len(title) <= LONGEST_TITLE, (figure, title)
        assert not re.search(r"\((dash|dots|dotted|line)|dashes:|dots:", title), "the key shows how lines look"
        for axis in (x, y):
            assert axis.title.text or not has_numbers(axis), figure


def test_styles_are_told_apart_without_colour() -> None:
    looks = [(style.dash, style.width, style.opacity) for style in LANGUAGE.values()]
    assert len(set(looks)) == len(looks)


WHITE, DARK = (255, 255, 255), (33, 33, 33)  # --jp-layout-color1 of the two themes
BACKGROUND = 0.6  # more see-through than this is what stands behind: level lines, the other nodes of a net


def rgba(colour: str) -> tuple[tuple[float, ...], float]:
    """Red, green, blue and opacity of "#rgb", "#rrggbb" or "rgba(...)"."""
    if not colour.startswith("#"):
        *parts, alpha = (float(part) for part in re.findall(r"[\d.]+", colour))
        return tuple(parts), alpha
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    return tuple(int(digits[k : k + 2], 16) for k in (0, 2, 4)), 1.0


def luminance(parts: tuple[float, ...]) -> float:
    linear = [c / 3294.6 if c <= 10.31 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, ground: tuple[int, ...], opacity: float = 1.0) -> float:
    """Contrast of a colour with the ground that shines through it, as WCAG defines it."""
    parts, alpha = rgba(colour)
    seen = tuple(alpha * opacity * c + (1 - alpha * opacity) * g for c, g in zip(parts, ground, strict=True))
    one, other = sorted((luminance(seen), luminance(tuple(map(float, ground)))))
    return (other + 0.05) / (one + 0.05)


@everywhere
def test_lines_are_seen_on_white_and_in_the_dark(kind: str, name: str) -> None:
    for figure, drawn in drawings(kind, name):
        for trace in lines(drawn):
            style, opacity = style_of(trace), trace.opacity or 1.0
            behind = rgba(trace.line.color)[1] < BACKGROUND and style in (MEASURED, THIN)
            if style in (FAINT, BROAD) or behind or opacity < BACKGROUND:
                continue
            for ground in (WHITE, DARK):
                assert contrast(trace.line.color, ground, opacity) >= 3, (figure, trace.name, trace.line.color)


def test_the_browser_knows_the_lines_that_may_hide_each_other() -> None:
    text = (FOLDER / "coinciding.js").read_text(encoding="utf-8")
    measured = re.search(r"MEASURED = new Set\((\[.*?\])\)", text)
    assert measured
    assert json.loads(measured[1]) == [style.meaning for style in (MEASURED, THIN, BROAD)]


def named_at_ends(figure: go.Figure) -> tuple[str, ...]:
    """The names that the browser writes at the ends of lines, as `namedAtEnds` of `end_names.js` has it."""
    shown = [trace for trace in figure.data if trace.showlegend is not False]
    few = bool(figure.layout.showlegend) and 1 < len(shown) <= MOST_AT_ENDS
    plain = all(trace.type == "scatter" and trace.mode == "lines" and not trace.fill for trace in shown)
    return tuple(trace.name for trace in shown) if few and plain else ()


@pytest.mark.parametrize("name", LABS)
def test_figures_over_the_step_that_stand_one_over_the_other_leave_the_same_room_for_names(name: str) -> None:
    view = VIEWS[name]()
    for preset in view.presets:
        lanes = LaneList.of(view.settings_type, preset, idle=view.idle, methods=view.methods)
        figures = view.figures([lane.name for lane in lanes.lanes], lanes.colours).values()
        stacked = [each for each in figures if (each.layout.meta or {}).get("wide") and each.layout.meta.get("ends")]
        assert len({named_at_ends(figure) for figure in stacked}) <= 1, "else their axes do not line up"


def test_the_browser_names_as_many_lines_at_their_ends() -> None:
    text = (FOLDER / "end_names.js").read_text(encoding="utf-8")
    assert f"const MOST = {MOST_AT_ENDS};" in text


def test_no_text_says_where_a_figure_stands() -> None:
    labs = sorted((FOLDER.parent / "labs").rglob("*.py"))
    said = {path: path.read_text(encoding="utf-8") for path in (*NOTEBOOKS, *labs)}
    found = {path.stem: [each[0] for each in SAYS_WHERE.finditer(text)] for path, text in said.items()}
    assert len(NOTEBOOKS) == 7
    assert not {name: places for name, places in found.items() if places}
