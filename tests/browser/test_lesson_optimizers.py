"""Lesson 1 as Voilà serves it: every lab is driven, and the race starts where a person points."""

import pytest

from tests.browser.lesson_page import LAST, LabOnPage, area_of, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/01_optimizers.ipynb"
RACE, GAIN, CONDITION, MEMORY, VALLEY, SADDLE, NET, SEEDS, OWN, PROXY, OUTLIER = range(11)
CONTROLS = {
    RACE: ("learning_rate", "0.3"),
    GAIN: ("momentum", "0.5"),
    CONDITION: ("largest", "100"),
    MEMORY: ("largest", "300"),
    VALLEY: ("learning_rate", "0.5"),
    SADDLE: ("learning_rate", "0.3"),
    NET: ("learning_rate", "0.05"),
    SEEDS: ("learning_rate", "0.05"),
    OWN: ("learning_rate", "0.02"),
    PROXY: ("separation", "4"),
    OUTLIER: ("separation", "4"),
}
PATHS = 3


def test_a_control_of_every_lab_changes_what_it_draws(page, voila):
    page.goto(voila + LESSON)
    for number, (field, text) in CONTROLS.items():
        LabOnPage(page, number).draws_otherwise_with(field, text, LAST)


def test_the_race_draws_level_lines_and_starts_where_a_person_clicks(page, voila):
    page.goto(voila + LESSON)
    race = LabOnPage(page, RACE)
    plot = race.element.locator(".tdl-plot").first
    assert wait_until(lambda: plot.evaluate("p => p.data[0].z.length"), "level lines") == 45
    race.preset("all twelve")
    wait_until(lambda: race.element.locator(".tdl-chip").count() == 12, "twelve lanes")
    race.until_finished()
    area = area_of(plot)
    page.mouse.click(area["x"] + 0.75 * area["width"], area["y"] + 0.25 * area["height"])
    wait_until(lambda: race.points(0, PATHS)[0][:1] == [race.value("start_x")] != [-2.0], "the race starts there")
    race.until_finished()
    starts = {(race.points(0, PATHS + lane)[0][0], race.points(0, PATHS + lane)[1][0]) for lane in range(12)}
    assert len(starts) == 1


def test_a_path_that_another_lies_on_is_seen_beside_it(page, voila):
    page.goto(voila + LESSON)
    race = LabOnPage(page, RACE)
    plot = race.element.locator(".tdl-plot").first

    def widths() -> list[float]:
        return plot.evaluate("(p, first) => p._fullData.slice(first, -3).map(({ line }) => line.width)", PATHS)

    race.preset("one path, two conventions")
    race.until_finished()
    wait_until(lambda: widths() == [5, 2], "the first of two paths is broader")
    summary = race.element.locator(".tdl-summary").first
    wait_until(lambda: "heavy ball, η = 0.1 lies under moving average" in summary.text_content(), "it is said")
    race.preset("too much momentum")
    race.until_finished()
    wait_until(lambda: widths() == [2, 2, 2], "they are as broad as ever")


def test_the_net_bends_its_boundary_and_the_outlier_is_dragged(page, voila):
    page.goto(voila + LESSON)
    net = LabOnPage(page, NET)
    net.press("Play")
    net.until_finished()
    boundary = wait_until(lambda: net.points(0, 2)[0], "a boundary")
    assert len(boundary) > 60
    proxy = LabOnPage(page, PROXY)
    proxy.preset("one point out of place")
    proxy.until_finished()
    before = proxy.points(0, 4)[0]
    plot = proxy.element.locator(".tdl-plot").first
    area = area_of(plot)
    page.mouse.move(area["x"] + 0.6 * area["width"], area["y"] + 0.5 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.95 * area["width"], area["y"] + 0.9 * area["height"], steps=5)
    page.mouse.up()
    wait_until(lambda: proxy.value("outlier_x") > 6 and proxy.value("outlier_y") < -5, "the outlier is there")
    proxy.until_finished()
    wait_until(lambda: proxy.points(0, 4)[0] != before, "the boundary has moved")
