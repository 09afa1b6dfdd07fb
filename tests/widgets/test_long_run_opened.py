"""The table of a long run, opened in a lesson."""

from pathlib import Path

import pytest
from headless import Browser

from lessons.periodic.long_run.command import main
from lessons.periodic.long_run.recorded import command_of, recorded_table
from lessons.periodic.long_run.series_file import read_series
from widgets.labs import periodic


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    settings = ["--epochs", "300", "--learning-rate", "1", "--weight-decay", "0.02", "--train-size", "64"]
    assert main([*settings, "--width", "16", "--out", str(folder)]) == 0
    return folder / "series.csv"


def test_the_figures_show_the_table(table: Path) -> None:
    said, figure = periodic.long_run(str(table)).children
    series = read_series(table.read_text())
    assert f"{series['step'][-1]:.0f} steps" in said.value
    browser = Browser(figure).hello().settle()
    assert len(browser.traces) == 4
    x, y = browser.points(1, 0)
    assert (x, y) == (series["step"].tolist(), pytest.approx(series["norm"].tolist()))
    assert any(len(browser.points(0, band)[0]) for band in range(3))


def test_without_a_table_a_sentence_says_how_to_make_one_and_a_recorded_run_is_shown_as_such(tmp_path: Path) -> None:
    said, recorded = periodic.long_run(str(tmp_path / "<i>" / "series.csv")).children
    assert "python -m lessons.periodic --out" in said.value
    assert "<i>" not in said.value
    assert "a run that was recorded" in said.value
    assert command_of(recorded_table()) in said.value
    summary, figure = recorded.children
    series = read_series(recorded_table())
    assert f"The recorded run: {series['step'][-1]:.0f} steps" in summary.value
    browser = Browser(figure).hello().settle()
    norms = dict(zip(series["step"], series["norm"], strict=True))
    steps, drawn = browser.points(1, 0)
    assert len(steps) > 400, "thinned"
    assert drawn == pytest.approx([norms[step] for step in steps])


@pytest.mark.parametrize("text", ["", "step\n", "a,b\n1,2\n", '"step","loss"\n0,1\n', '"step"\nx\n', "\0"])
def test_what_is_no_table_gets_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "series.csv"
    path.write_text(text)
    assert "no table of a long run" in periodic.long_run(str(path)).value
