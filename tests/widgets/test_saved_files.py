"""The files that a lab gives away: numbers, page and script."""

import asyncio
import csv
import gzip
import json
import re

import numpy as np
import pytest
from headless import LABS, ONE_RUN, SWEEPS, VIEWS, Browser, live, opened

from lessons.core.experiment import Experiment
from lessons.core.table import read_record
from tests.script_runs import losses_of


def saved(lab, kind: str, lane: int = 0) -> tuple[str, str]:
    """Name and text of a file."""
    sent = []
    lab.panel.send = lambda content, buffers=None: sent.append((content, buffers))
    lab.handle({"do": "save", "kind": kind, "lane": lane})
    content, buffers = sent[-1]
    assert content["type"] == "file"
    return content["name"], gzip.decompress(buffers[0]).decode()


@pytest.mark.parametrize("name", LABS)
def test_the_table_holds_the_numbers_and_the_run(name: str) -> None:
    lab = opened(name)
    file, text = saved(lab, "csv")
    assert file == f"{name}.csv"
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    column = next(k for k, title in enumerate(rows[0]) if title.startswith("loss ["))
    values = np.array([float(row[column]) for row in rows[1:]], dtype=lab.history["loss"].dtype)
    np.testing.assert_array_equal(values, lab.history["loss"][:, 0])
    assert read_record(text).settings == lab.run.record.settings


@pytest.mark.parametrize("name", LABS)
def test_the_page_holds_the_figures_as_they_are_and_asks_for_nothing(name: str) -> None:
    lab = opened(name)
    Browser(lab.stage.figure) if name in ONE_RUN else None
    file, text = saved(lab, "html")
    assert file.endswith(".html")
    figures = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1].replace("<\\/", "</"))
    assert figures == lab.stage.figure.figures_now()
    assert not re.search(r'(src|href)="(https?:)?//', text.replace("\\/", "/").split("<script>")[0])


def test_a_lane_named_like_a_script_stays_text() -> None:
    lab = opened("bowl")
    lab.handle({"do": "rename", "lane": 0, "name": "</script><script>alert(1)"})
    _, text = saved(lab, "html")
    assert "</script><script>alert(1)" not in text


WITHOUT_SCRIPT = tuple(name for name in ONE_RUN if type(VIEWS[name].experiment).script is Experiment.script)


@pytest.mark.parametrize("name", WITHOUT_SCRIPT)
def test_where_there_is_no_script_a_sentence_says_so(name: str) -> None:
    lab = opened(name)
    lab.handle({"do": "save", "kind": "script", "lane": 0})
    assert lab.panel.refusal["text"] == "There is no script of this lane."


WITH_SCRIPT = tuple(name for name in ONE_RUN if name not in WITHOUT_SCRIPT)


def test_these_labs_can_be_had_as_a_script() -> None:
    names = """
        batches bowl classifier hessian_spectrum net noisy_quadratic normalized_net parabola race range_test
        scheduled_net schemes shaken shift students symmetry
    """
    assert set(names.split()) <= set(WITH_SCRIPT)


@pytest.fixture(scope="module")
def scripts_and_labs(tmp_path_factory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By the name of a lab, the losses of its first lane: those of its saved script, and those of the lab."""
    folder, of_labs, files = tmp_path_factory.mktemp("scripts"), {}, {}
    for name in WITH_SCRIPT:
        lab = opened(name)
        lab.loop.forward(10**6)
        file, text = saved(lab, "script")
        files[name], of_labs[name] = folder / file, lab.history["loss"][:, 0]
        files[name].write_text(text, encoding="utf-8")
    return {name: pair for name, *pair in zip(files, losses_of(files.values()), of_labs.values(), strict=True)}


@pytest.mark.parametrize("name", WITH_SCRIPT)
def test_the_script_repeats_the_lane_without_this_package(scripts_and_labs, name: str) -> None:
    script, lab = scripts_and_labs[name]
    np.testing.assert_allclose(script, lab, rtol=1e-3)


@pytest.mark.parametrize("name", WITH_SCRIPT)
def test_a_script_is_named_like_its_lab(name: str) -> None:
    file, _ = saved(opened(name), "script")
    assert file == f"{name}.py"


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_has_no_script_and_says_so(name: str) -> None:
    lab = opened(name)
    lab.handle({"do": "save", "kind": "script", "lane": 0})
    assert "A script holds one lane" in lab.panel.refusal["text"]


@pytest.mark.parametrize("command", [{"kind": "exe", "lane": 0}, {"kind": "csv"}, {"kind": "script", "lane": 99}])
def test_a_file_that_is_none_gets_a_sentence(command: dict) -> None:
    lab = opened("bowl")
    lab.handle({"do": "save", **command})
    assert lab.panel.refusal["text"]


def test_a_table_that_is_too_large_is_thinned_and_says_so() -> None:
    """Some thirty lanes with forty numbers each."""
    lab = opened("bowl_sweep", dimension=20, steps=1000)
    _, text = saved(lab, "csv")
    rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert 100 < len(rows) < 1001
    assert '# rows: "' in text


@pytest.mark.parametrize("kind", ["csv", "html"])
def test_while_a_file_is_made_the_kernel_does_other_things_and_makes_no_second_one(kind: str) -> None:
    async def scenario() -> tuple[int, str]:
        lab = opened("bowl_sweep", dimension=20, steps=300)
        lab.loop.cancel()
        sent, turns = [], 0
        lab.panel.send = lambda content, buffers=None: content["type"] == "file" and sent.append(buffers)
        lab.handle({"do": "save", "kind": kind, "lane": 0})
        lab.handle({"do": "save", "kind": kind, "lane": 0})
        while not sent:
            await asyncio.sleep(0)
            turns += 1
        return turns, lab.panel.refusal["text"]

    turns, said = live(scenario)
    # A megabyte and more, and at most some 200 kB between two turns.
    assert turns > 10
    assert said == "A file is being made; it comes in a moment."
