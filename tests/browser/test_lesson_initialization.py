"""Lesson 4 as Voilà serves it: every lab is driven, and the variance picture follows a slider without Play."""

import pytest

from tests.browser.lesson_page import FIRST, LabOnPage, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/04_initialization.ipynb"
SYMMETRY, VARIANCE, OWN, ANGLES, EDGE, JACOBIAN, SCHEMES, HESSIAN = range(8)
# A setting, what is typed for it, and the preset to begin with where the first one is long.
CONTROLS = {
    SYMMETRY: ("learning_rate", "0.05", None),
    VARIANCE: ("gain", "1.3", "Xavier with tanh"),
    OWN: ("gain", "1.2", None),
    ANGLES: ("angle", "60", None),
    EDGE: ("bias_deviation", "0.5", None),
    JACOBIAN: ("input_scale", "0.5", None),
    SCHEMES: ("learning_rate", "0.05", "three tanh layers"),
    HESSIAN: ("learning_rate", "0.3", "three learning rates, one start"),
}
# Milliseconds from a slider's input to the first animation frame in which the first curve has another path.
LATENCY = """
async ([lab, field, value]) => {
  const root = document.querySelectorAll('.tdl-lab')[lab];
  const slider = root.querySelector(`[data-field=${field}] input[type=range]`);
  const path = () => root.querySelector('.tdl-plot .scatterlayer .trace path.js-line')?.getAttribute('d');
  const before = path(), start = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const waiting = () => [before, undefined].includes(path()) && performance.now() - start < 20000;
  while (waiting()) await new Promise(requestAnimationFrame);
  return performance.now() - start;
}
"""


def test_a_control_of_every_lab_changes_what_it_draws(page, voila):
    page.goto(voila + LESSON)
    for number, (field, text, preset) in CONTROLS.items():
        lab = LabOnPage(page, number)
        if preset:
            lab.preset(preset)
        else:
            lab.press("Play")
        lab.until_finished()
        lab.draws_otherwise_with(field, text, FIRST)
        assert "nan" not in lab.element.locator(".tdl-readings").inner_text().lower()


def test_the_variance_picture_follows_a_slider_and_theory_lies_on_the_measurement(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, VARIANCE)
    lab.element.scroll_into_view_if_needed()
    wait_until(lambda: lab.is_covered(), "nothing is shown before somebody plays, or moves a slider")
    assert lab.points(0, 0)[1] == []
    assert lab.step_number() == 0
    seconds = [page.evaluate(LATENCY, [VARIANCE, "gain", str(0.8 + 0.1 * k)]) / 1000 for k in range(6)]
    print("slider to picture, seconds:", [round(each, 3) for each in seconds])
    assert min(seconds) < 2.0, seconds  # 0.15 on a quiet machine; others may be working here
    lab.until_finished()
    measured, expected = lab.points(0, 0)[1], lab.points(0, 3)[1]
    assert len(measured) == len(expected) == 51
    assert measured[50] == pytest.approx(expected[50], rel=0.3)
    rows = lab.element.locator(".tdl-plot").nth(2).evaluate("p => [p.data[0].z.length, p.data[0].z[0].length]")
    assert rows == [41, 50]


def test_depth_goes_to_a_hundred_layers(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, VARIANCE)
    lab.drag("depth", 1.0)
    wait_until(lambda: len(lab.points(0, 0)[1]) == 101, "a hundred layers are drawn")
    assert lab.value("depth") == 100
