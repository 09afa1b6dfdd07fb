"""A method has one colour, wherever it is seen, and those that meet are told apart."""

import itertools
import re
from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest
from headless import LABS, QUESTIONS, VIEWS, opened

from lessons.core.rules import AnyRule
from lessons.core.settings import Settings
from lessons.divergence.settings import BowlSettings
from lessons.normalization.axes import ActivationNorm
from lessons.normalization.conditioning_settings import Preparation
from lessons.normalization.normalizers import NormalizationName
from lessons.optimizers.proxy import Method
from lessons.optimizers.theory import GradientPattern
from lessons.schedules.schedule_settings import ScheduleName
from widgets.figure.colours import LANE_COLOURS, METHODS, colour_of, colours_of, method_of
from widgets.lab.lane_list import LaneList
from widgets.view.controls import MOST_LANES, Preset

# sRGB as seen without the long, the middle and the short cones (Machado, Oliveira & Fernandes 2009, severity 1).
EYES = {
    "all": np.eye(3),
    "protan": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    "deutan": np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
    "tritan": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}
DARK = "#212121"  # --jp-layout-color1 of JupyterLab's dark theme
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503]]
)


def linear(colour: str) -> np.ndarray:
    """Linear sRGB."""
    values = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(colour: str, eyes: str) -> np.ndarray:
    """CIELAB, as these eyes see it."""
    xyz = TO_XYZ @ np.clip(EYES[eyes] @ linear(colour), 0, 1) / np.array([0.9505, 1.0, 1.0888])
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(colours: tuple[str, ...] | list[str], eyes: str) -> float:
    """The smallest distance of two of them; just noticeable is about 2."""
    return min(float(np.linalg.norm(lab(a, eyes) - lab(b, eyes))) for a, b in itertools.combinations(set(colours), 2))


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """The distance of two colours in CIELAB, in steps that a person sees as equal (Sharma, Wu & Dalal 2005)."""
    (light, a, b), (light2, a2, b2) = one, other
    mean = (np.hypot(a, b) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25**7))
    a, a2 = a * stretch, a2 * stretch
    chroma, chroma2 = np.hypot(a, b), np.hypot(a2, b2)
    hue, hue2 = np.degrees(np.arctan2([b, b2], [a, a2])) % 360
    turn = (hue2 - hue + 180) % 360 - 180
    middle = np.radians(hue + turn / 2)
    mean_light, mean_chroma = (light + light2) / 2, (chroma + chroma2) / 2
    waves = zip((-0.17, 0.24, 0.32, -0.2), (1, 2, 3, 4), np.radians((30, 0, -6, 63)), strict=True)
    bend = 1 + sum(size * np.cos(times * middle - shift) for size, times, shift in waves)
    blue = np.exp(-((((np.degrees(middle) % 360) - 275) / 25) ** 2))
    turned = -2 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7)) * np.sin(np.radians(60 * blue))
    lightness = (light2 - light) / (1 + 0.015 * (mean_light - 50) ** 2 / np.sqrt(20 + (mean_light - 50) ** 2))
    saturation = (chroma2 - chroma) / (1 + 0.045 * mean_chroma)
    hues = 2 * np.sqrt(chroma * chroma2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * mean_chroma * bend)
    return float(np.sqrt(lightness**2 + saturation**2 + hues**2 + turned * saturation * hues))


@pytest.mark.parametrize("colour", LANE_COLOURS)
def test_a_colour_is_seen_on_white_and_in_the_dark(colour: str) -> None:
    light, dark = float(TO_XYZ[1] @ linear(colour)), float(TO_XYZ[1] @ linear(DARK))
    assert 1.05 / (light + 0.05) >= 3
    assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize(
    ("eyes", "six", "all_twelve"), [("all", 40, 22), ("protan", 16, 9), ("deutan", 15, 9), ("tritan", 20, 15)]
)
def test_colours_are_told_apart(eyes: str, six: float, all_twelve: float) -> None:
    assert apart(LANE_COLOURS[:6], eyes) > six
    assert apart(LANE_COLOURS, eyes) > all_twelve
    assert len(set(LANE_COLOURS)) == MOST_LANES


# In a figure, lines 2 px wide are told apart for sure from a CIEDE2000 of about 10 on.
@pytest.mark.parametrize(
    ("eyes", "four", "six"), [("all", 28, 20), ("protan", 14, 11), ("deutan", 14, 11), ("tritan", 14, 10)]
)
def test_the_first_colours_are_far_apart_also_as_ciede2000_has_it(eyes: str, four: float, six: float) -> None:
    for count, bound in ((4, four), (6, six)):
        pairs = itertools.combinations(LANE_COLOURS[:count], 2)
        assert min(ciede2000(lab(a, eyes), lab(b, eyes)) for a, b in pairs) > bound


def test_the_first_four_are_told_apart_in_grey() -> None:
    lightness = sorted(lab(colour, "all")[0] for colour in LANE_COLOURS[:4])
    assert min(np.diff(lightness)) > 5, "of the 16 steps that a contrast of 3 leaves on both grounds"


@pytest.mark.parametrize("name", LABS)
def test_lanes_that_stand_beside_each_other_are_told_apart_by_all_eyes(name: str) -> None:
    for lanes in lanes_of(name):
        if len(lanes) <= 4:
            for a, b in itertools.combinations(lanes.colours, 2):
                assert min(ciede2000(lab(a, eyes), lab(b, eyes)) for eyes in EYES) > 5, (a, b)


def test_ciede2000_is_that_of_its_authors() -> None:
    """Pairs 1, 17 and 25 of Sharma, Wu & Dalal 2005."""
    for one, other, distance in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert ciede2000(np.array(one), np.array(other)) == pytest.approx(distance, abs=1e-4)


# ---- colours of cells ----


def seen_on(colour: str, ground: str) -> float:
    """Lightness L* of "#rrggbb" or "rgb(...)" or "rgba(...)" as it is on a ground that may shine through."""
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)] if "(" in colour else None
    values = parts or [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    alpha = values[3] if len(values) == 4 else 1.0
    under = [int(ground[k : k + 2], 16) for k in (1, 3, 5)]
    mixed = [round(alpha * value + (1 - alpha) * below) for value, below in zip(values, under, strict=False)]
    return float(lab("#" + "".join(f"{value:02x}" for value in mixed), "all")[0])


def scales_of(name: str) -> Iterator[list[str]]:
    """The colours of each scale of a lab's cells, from the lowest value to the highest; none where colours are names
    of things and not amounts, which have the same colour from one place to the next."""
    view = VIEWS[name]()
    for preset in view.presets:
        lanes = LaneList.of(view.settings_type, preset, idle=view.idle, methods=view.methods)
        for figure in view.figures(lanes.names, lanes.colours).values():
            for trace in figure.data:
                if trace.type in ("heatmap", "contour") and trace.colorscale:
                    colours = [colour for _, colour in trace.colorscale]
                    if not any(one == other for one, other in itertools.pairwise(colours)):
                        yield colours


@pytest.mark.parametrize("name", LABS)
def test_cells_of_more_are_darker_or_lighter_all_the_way(name: str) -> None:
    """In both themes. Where two directions leave a middle, it is so to either side. Two steps of L* are told apart."""
    for colours, ground in itertools.product(scales_of(name), ("#ffffff", DARK)):
        steps = np.diff([seen_on(colour, ground) for colour in colours])
        middle = (len(steps) + 1) // 2 if len(colours) == 3 and steps[0] * steps[1] < 0 else 0
        for side in (steps[:middle], steps[middle:]):
            assert np.all(side > 2) or np.all(side < -2), (ground, colours, steps)


# ---- which methods there are ----


@pytest.mark.parametrize(
    ("setting", "choices"),
    [
        ("optimizer", get_args(AnyRule)),
        ("schedule", get_args(ScheduleName)),
        ("normalization", {*get_args(NormalizationName), *get_args(ActivationNorm), "batch norm"}),
        ("inputs", get_args(Preparation)),
        ("gradient", get_args(GradientPattern)),
        ("method", get_args(Method)),
    ],
)
def test_each_choice_of_a_method_has_a_colour(setting: str, choices: tuple[str, ...]) -> None:
    assert set(choices) <= set(METHODS[setting])


@pytest.mark.parametrize("name", LABS)
def test_each_choice_that_a_lab_offers_has_a_colour(name: str) -> None:
    view = VIEWS[name]()
    for setting in view.methods:
        if setting in view.settings_type.model_fields:
            assert set(view.settings_type.fields()[setting].choices) <= set(METHODS[setting])


# ---- in labs ----


def lanes_of(name: str) -> Iterator[LaneList]:
    view = VIEWS[name]()
    for preset in view.presets:
        yield LaneList.of(view.settings_type, preset, idle=view.idle, methods=view.methods)


def firsts(lanes: LaneList) -> Iterator[tuple[str, str, str]]:
    """Setting, choice and colour of the first lane of each method."""
    seen = set()
    for lane in lanes.lanes:
        choice = getattr(lane.settings, lane.method, None)
        if choice is not None and choice not in seen:
            seen.add(choice)
            yield lane.method, choice, lane.colour


@pytest.mark.parametrize("name", LABS)
def test_a_method_has_its_colour_in_every_preset_and_no_two_lanes_share_one(name: str) -> None:
    for lanes in lanes_of(name):
        assert len(set(lanes.colours)) == len(lanes)
        assert all(colour == colour_of(setting, choice) for setting, choice, colour in firsts(lanes))


@pytest.mark.parametrize("name", LABS)
def test_methods_that_meet_in_a_lab_are_told_apart(name: str) -> None:
    met = {each for lanes in lanes_of(name) for each in firsts(lanes)}
    colours = [colour for _, _, colour in met]
    assert len(set(colours)) == len(met)
    if len(met) > 1:
        assert apart(colours, "all") > 20
        assert min(apart(colours, eyes) for eyes in EYES) > 8


def test_a_lab_opens_with_the_colours_of_its_methods() -> None:
    rows = {lane["name"]: lane["colour"] for lane in opened("race").panel.lanes}
    assert rows == {
        name: colour_of("optimizer", name) for name in ("gradient descent", "heavy ball", "Nesterov", "Adam")
    }


# ---- in questions ----


def drawn(name: str) -> dict[str, str]:
    """The colours of a question's traces by their names."""
    lines = [trace for trace in QUESTIONS[name].figure().data if trace.type == "scatter"]
    return {trace.name: trace.line.color for trace in lines if trace.line.color}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_method_has_its_colour_in_every_question(name: str) -> None:
    topic = type(QUESTIONS[name]).__module__.split(".")[2]
    known: dict[str, str] = {}
    for lab_name in LABS:
        if VIEWS[lab_name].__module__.split(".")[2] == topic:
            for lanes in lanes_of(lab_name):
                for lane, (_, choice, colour) in zip(lanes.lanes, firsts(lanes), strict=False):
                    if lane.name == choice and lane.colour == colour:
                        known[choice] = colour
    for trace, colour in drawn(name).items():
        assert known.get(trace, colour) == colour, trace


@pytest.mark.parametrize(
    ("question", "setting", "choices"),
    [
        ("alternating_gain", "gradient", {"alternating": "alternating", "constant": "constant"}),
        ("newton_finds_minima", "optimizer", {"Newton": "Newton", "gradient descent": "gradient descent"}),
        ("bounded_slope", "method", {"squared error": "squared error", "MLP": "MLP"}),
        ("schedules_always_win", "schedule", {"constant": "constant", "step decay": "step decay"}),
        ("warmup_survivors", "schedule", {"no warmup": "constant", "warmup": "warmup"}),
        ("heavy_ball_limit", "optimizer", {"heavy ball": "heavy ball"}),
        ("fifty_layers", "scheme", {"LeCun": "LeCun", "Xavier": "Xavier", "orthogonal": "orthogonal"}),
        ("suits_the_logistic", "activation", {"tanh": "tanh", "logistic": "logistic"}),
        ("standardised_inputs", "inputs", {"raw": "raw", "whitened": "whitened"}),
        ("groups_of_what", "normalization", {"batch norm": "batch", "group norm": "group"}),
        ("whose_eigenvalues", "normalization", {"none": "none", "batch": "batch", "layer": "layer"}),
        ("momentum_and_periods", "optimizer", {"heavy ball": "heavy ball"}),
    ],
)
def test_questions_have_the_colours_of_the_labs(question: str, setting: str, choices: dict[str, str]) -> None:
    shown = drawn(question)
    assert {trace: shown[trace] for trace in choices} == {t: colour_of(setting, c) for t, c in choices.items()}


# ---- while a lane lives ----

THREE = Preset("", "", tuple({"optimizer": name} for name in ("gradient descent", "heavy ball", "heavy ball")))


def bowls(*optimizers: str) -> list[Settings]:
    return [BowlSettings(optimizer=name) for name in optimizers]


def test_the_first_lane_of_a_method_has_its_colour_and_others_have_no_methods_that_is_there() -> None:
    first, second, third = colours_of(bowls("heavy ball", "heavy ball", "Nesterov"))
    assert (first, third) == (colour_of("optimizer", "heavy ball"), colour_of("optimizer", "Nesterov"))
    assert second not in (first, third)
    assert len(set(colours_of(bowls(*["Nesterov"] * 12)))) == 12


def test_the_method_is_the_first_setting_in_which_the_lanes_differ() -> None:
    lanes = [BowlSettings(), BowlSettings(angle=3.0)]
    assert method_of(lanes, ("optimizer", "angle")) == "angle"
    assert method_of(lanes, ("optimizer",)) == "optimizer"
    assert method_of(lanes, ("schedule",)) == ""
    assert colours_of(lanes, ("schedule",)) == list(LANE_COLOURS[:2])


def test_a_lane_keeps_its_colour_while_it_lives_and_a_change_of_method_changes_it_if_that_is_free() -> None:
    lanes = LaneList.of(BowlSettings, THREE)
    plain, _, other = lanes.colours
    assert lanes.remove(1).colours == [plain, other]
    assert lanes.with_value(2, "learning_rate", 0.3).with_value(1, "momentum", 0.2).colours == lanes.colours
    moving = lanes.with_value(1, "optimizer", "moving average")
    assert moving.colours == [plain, colour_of("optimizer", "moving average"), other]
    assert moving.with_value(1, "optimizer", "heavy ball").colours == lanes.colours
    assert lanes.with_value(0, "optimizer", "heavy ball").colours == lanes.colours, "that colour is taken"
    assert lanes.remove(0).with_value(0, "optimizer", "gradient descent").colours == [plain, other]
