"""The table of a long run, opened in a lesson."""

from pathlib import Path

import pytest
from headless import Browser

from lessons.periodic.long_run.command import main
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


def test_without_a_table_a_sentence_says_how_to_make_one(tmp_path: Path) -> None:
    said = periodic.long_run(str(tmp_path / "<b>" / "series.csv")).value
    assert "python -m lessons.periodic --out" in said
    assert "<b>" not in said


@pytest.mark.parametrize("text", ["", "step\n", "a,b\n1,2\n", '"step","loss"\n0,1\n', '"step"\nx\n', "\0"])
def test_what_is_no_table_gets_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "series.csv"
    path.write_text(text)
    assert "no table of a long run" in periodic.long_run(str(path)).value
