"""The CSV table of a run holds each number exactly, and the record of the run."""

import csv
import io
import math

import numpy as np
import pytest
import torch

from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import Change, RunRecord
from lessons.core.run import Run
from lessons.core.table import MOST_NUMBERS, Thinning, csv_blocks, csv_text, read_record
from lessons.divergence.bowl import Bowl
from lessons.divergence.net import Net
from lessons.divergence.parabola import Parabola
from lessons.divergence.settings import BowlSettings, NetSettings, ParabolaSettings

RUNS = {
    "parabola": (
        Parabola(),
        [ParabolaSettings(ratio=2.5, steps=1200), ParabolaSettings(ratio=0.1, steps=1200)],
        "ratio",
    ),
    "bowl": (Bowl(), [BowlSettings(dimension=3, learning_rate=0.1 / 3)] * 2, "learning_rate"),
    "net": (
        Net(),
        [NetSettings(steps=20, train_size=50, width=4), NetSettings(steps=20, train_size=50, width=4)],
        "momentum",
    ),
}
NAMES = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "a,b",
    'a"b',
    "a\nb",
    "a\r\nb",
    "# title: x",
    "η = 0.3",
    "",
    "a;b",
    "\u2028",
    "'",
    "\\",
]
SPLITTING = ["a;=1", "a\t+1", "a\n@b", "a\r-1", "a; =1", "=1;=1", 'a","=1', "a,=1", 'x";"=1']
FORMULA = ("=", "+", "-", "@")


def finished(experiment, settings, field) -> tuple[History, RunRecord]:
    run, history = Run(experiment, Lanes(settings, ["first", "second, other"])), History()
    for measurement in run:
        history.extend([measurement])
        if run.step in (3, 7):
            run.change(1, field, 0.1 * run.step)
    return history, run.record


def table(text: str) -> tuple[list[str], list[list[str]]]:
    """The heading of the table and its rows, as any reader of CSV finds them."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if not line.startswith("# "))
    heading, *rows = csv.reader(io.StringIO("\n".join(lines[start:]), newline=""))
    return heading, rows


def text_of(values: dict[str, torch.Tensor], names: list[str]) -> str:
    """The table of a run of one row."""
    history = History()
    history.extend([Measurement(0, values)])
    record = RunRecord(experiment="e", names=tuple(names), settings=({"steps": 1},) * len(names))
    return csv_text(history, record, "An experiment")


@pytest.mark.parametrize("case", RUNS)
def test_every_number_and_the_record_come_back_bit_for_bit(case):
    history, record = finished(*RUNS[case])
    text = csv_text(history, record, RUNS[case][0].title)
    heading, rows = table(text)
    assert heading[0] == "step"
    assert [row[0] for row in rows] == [str(step) for step in range(len(history))]
    columns = dict(zip(heading, zip(*rows, strict=True), strict=True))
    assert len(columns) == len(heading) == 1 + sum(math.prod(history[name].shape[1:]) for name in history.names)
    for name in history.names:
        for lane, lane_name in enumerate(record.names):
            values = history[name][:, lane].reshape(len(history), -1)
            for i, expected in enumerate(values.T):
                column = f"{name}.{i}" if history[name].ndim == 3 else name
                cells, measured = np.array(columns[f"{column} [{lane_name}]"]), history.measured(name)
                assert cells[measured].astype(expected.dtype).tobytes() == expected[measured].tobytes()
                assert (cells[~measured] == "").all()
    back = read_record(text)
    assert back == record
    assert back.model_dump_json() == record.model_dump_json()
    assert back.changes


@pytest.mark.parametrize("case", RUNS)
def test_the_record_of_a_table_makes_the_same_table_again(case):
    history, record = finished(*RUNS[case])
    text, again = csv_text(history, record, "t"), History()
    again.extend(list(Run.replay(RUNS[case][0], read_record(text))))
    assert csv_text(again, record, "t") == text


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numbers_have_the_digits_they_need_and_no_more(dtype):
    values = torch.tensor([0.1, 1 / 3, -0.0, 1e-40, math.nan, math.inf, -math.inf], dtype=dtype)
    _, [row] = table(text_of({"loss": values}, list("abcdefg")))
    assert row[1] == "0.1"
    assert row[3] == "-0.0"
    assert row[5:] == ["nan", "inf", "-inf"]
    assert np.array(row[1:5]).astype(values.numpy().dtype).tobytes() == values[:4].numpy().tobytes()


def test_what_was_not_measured_is_empty_and_what_is_no_number_is_nan():
    history, one, nan = History(), torch.ones(2), torch.tensor([1.0, math.nan])
    history.extend([Measurement(0, {"loss": one, "sharpness": one}), Measurement(1, {"loss": nan})])
    history.extend([Measurement(2, {"loss": one, "sharpness": nan})])
    record = RunRecord(experiment="e", names=("a", "b"), settings=({"steps": 2},) * 2)
    heading, rows = table(csv_text(history, record, "t"))
    assert heading == ["step", "loss [a]", "loss [b]", "sharpness [a]", "sharpness [b]"]
    assert rows == [
        ["0", "1.0", "1.0", "1.0", "1.0"],
        ["1", "1.0", "nan", "", ""],
        ["2", "1.0", "1.0", "1.0", "nan"],
    ]


def test_vectors_have_a_column_each_and_very_long_ones_are_left_out():
    values = {
        "loss": torch.zeros(2),
        "theta": torch.zeros(2, 50),
        "image": torch.zeros(2, 51),
        "map": torch.zeros(2, 2, 2),
    }
    heading, [row] = table(text_of(values, ["a", "b"]))
    theta = [f"theta.{i} [{lane}]" for lane in "ab" for i in range(50)]
    assert heading == ["step", "loss [a]", "loss [b]", *theta]
    assert len(row) == len(heading)


def test_lines_before_the_table_are_for_people_too():
    history, record = finished(*RUNS["bowl"])
    lines = csv_text(history, record, "Gradient methods").splitlines()
    assert lines[:2] == ['# title: "Gradient methods"', '# experiment: "bowl"']
    assert lines[3] == '# device: "cpu"'
    assert lines[4].startswith(
        '# lane: {"name": "first", "settings": {"optimizer": "gradient descent", "momentum": 0.9'
    )
    assert lines[7].startswith('# change: {"step": 7, "lane": 1, "field": "learning_rate", "value": 0.7')


@pytest.mark.parametrize("name", NAMES + SPLITTING)
def test_any_name_comes_back_and_leaves_the_table_whole(name):
    text = text_of({"loss": torch.tensor([1.0, 2.0])}, [name, "b"])
    heading, rows = table(text)
    assert read_record(text).names == (name, "b")
    assert heading[2] == "loss [b]"
    assert rows == [["0", "1.0", "2.0"]]
    assert name in SPLITTING or heading[1] == f"loss [{name}]"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", NAMES + SPLITTING)
def test_no_name_starts_a_formula_wherever_a_spreadsheet_splits(name, delimiter):
    text = text_of({"loss": torch.tensor([1.0])}, [name])
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        assert not [cell for cell in row if cell.strip().startswith(FORMULA)]


def test_a_title_is_one_line():
    record = RunRecord(experiment="e", names=("a",), settings=({},))
    text = csv_text(History(), record, "x\n=1,+2")
    assert text.splitlines()[0] == r'# title: "x\n=1\u002c+2"'
    assert read_record(text) == record
    assert table(text) == (["step"], [])


def test_values_keep_their_type():
    changes = tuple(Change(step=0, lane=0, field="x", value=v) for v in (1, 1.0, True, "1", 0.1 + 0.2, 5e-324, 2**60))
    settings = {"a": 1, "b": 1.0, "c": False, "d": "=1,2;3", "e": 1e300}
    record = RunRecord(experiment="e", names=("a",), settings=(settings,), changes=changes)
    back = read_record(csv_text(History(), record, ""))
    assert [(type(c.value), c.value) for c in back.changes] == [(type(c.value), c.value) for c in changes]
    assert [(k, type(v), v) for k, v in back.settings[0].items()] == [(k, type(v), v) for k, v in settings.items()]


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    history, record = finished(*RUNS["bowl"])
    text = csv_text(history, record, "t")
    assert read_record("\ufeff" + text.replace("\n", "\r\n")) == record


@pytest.mark.parametrize(
    "text",
    ["", "step,loss\n0,1\n", "# lane: {\n", '# experiment: "bowl"\n', "# lane: 3\n", "#\n# title\n", "# a: 1\n# b"],
)
def test_a_text_without_a_record_is_refused(text):
    with pytest.raises(ValueError, match="do not hold the record"):
        read_record(text)


def test_a_damaged_record_is_refused():
    history, record = finished(*RUNS["bowl"])
    text = csv_text(history, record, "t")
    for old, new in (
        ('"step": 3', '"step": "x"'),
        ('"settings": {', '"setting": {'),
        ('# device: "cpu"', "# device: 3"),
    ):
        assert old in text
        with pytest.raises(ValueError, match="do not hold the record"):
            read_record(text.replace(old, new))


def long_history(length: int) -> tuple[History, RunRecord, tuple[int, int]]:
    """Two lanes with a spike up in one quantity, and one down in another, at steps that are not evenly spaced."""
    steps = torch.arange(length, dtype=torch.float64)
    loss = torch.stack([torch.sin(steps), torch.cos(steps)], 1)
    norm = torch.stack([steps, -steps], 1)
    up, down = 12_347, 45_679
    loss[up, 1], norm[down, 0] = 99.0, -7e7
    history = History()
    values = {"loss": loss, "norm": norm, "place": torch.zeros(length, 2, 30)}
    history.extend([Measurement(t, {name: held[t] for name, held in values.items()}) for t in range(length)])
    record = RunRecord(experiment="e", names=("a", "b"), settings=({"steps": length},) * 2)
    return history, record, (up, down)


def test_a_table_that_is_too_large_keeps_the_ends_and_all_spikes_and_says_which_rows_it_has():
    history, record, spikes = long_history(50_000)
    text = csv_text(history, record, "An experiment")
    heading, rows = table(text)
    steps = [int(row[0]) for row in rows]
    assert (steps[0], steps[-1]) == (0, 49_999)
    assert set(spikes) < set(steps)
    assert MOST_NUMBERS / 2 < len(rows) * (len(heading) - 1) <= MOST_NUMBERS
    assert f'# rows: "{len(rows)} of 50000: each ' in text
    assert read_record(text) == record
    for row in rows[::97]:
        assert float(row[heading.index("loss [a]")]) == history["loss"][int(row[0]), 0]


def kept_rows(values: dict[str, np.ndarray], most: int) -> tuple[np.ndarray, str]:
    """The rows of a thinned table of 1000, and what it says of them."""
    thinning = Thinning.of(values, 1000, most)
    rows = np.unique(np.concatenate(list(thinning.pieces(values, 1000))))
    return rows, thinning.said(len(rows), 1000)


def test_with_too_many_lanes_for_that_rows_are_evenly_spaced():
    values = {"loss": np.random.default_rng(0).normal(size=(1000, 300))}
    rows, said = kept_rows(values, most=30_000)
    assert len(rows) <= 101
    assert set(np.diff(rows)[:-1]) == {11}
    assert said == f"{len(rows)} of 1000: each 11th step, and the last"


def test_what_is_not_finite_is_no_extreme():
    values = {"loss": np.zeros((1000, 1))}
    values["loss"][500:] = np.nan
    values["loss"][123] = -1.0
    assert 123 in kept_rows(values, most=100)[0]


def test_a_table_is_made_in_small_blocks_of_the_moment_it_was_asked_for():
    history, record, _ = long_history(50_000)
    blocks = csv_blocks(history, record, "An experiment")
    assert next(blocks) == ""
    history.extend([Measurement(50_000, {name: torch.as_tensor(history[name][0]) for name in history.names})])
    rest = list(blocks)
    assert max(map(len, rest)) < 1_000_000  # some 10 ms each, and 50 ms on a slow machine
    assert rest[-1].splitlines()[-1].startswith("49999,")
