"""The recorded long run that ships with lesson 6: it is what its command makes, and what is said of it is so."""

import numpy as np
import pytest
import torch

from lessons.core.history import History
from lessons.core.record import RunRecord
from lessons.core.table import csv_text, read_record
from lessons.periodic.long_run.command import main
from lessons.periodic.long_run.nets import build_net
from lessons.periodic.long_run.recorded import command_of, recorded_table
from lessons.periodic.long_run.series_file import read_series
from lessons.periodic.long_run.settings import DATASET_DEFAULTS, LongRunSettings
from lessons.periodic.phases import find_periods

pytestmark = pytest.mark.claim(43)


def test_the_recorded_run_begins_as_its_command_begins_again(tmp_path, capsys):
    """Rounding grows: by step 20 other processors may be a per cent or so away."""
    table = recorded_table()
    command = command_of(table).split()
    assert command[:3] == ["python", "-m", "lessons.periodic"]
    options = command[3:]
    options[options.index("--epochs") + 1] = "2"
    assert main([*options, "--threads", "1", "--out", str(tmp_path)]) == 0
    again, kept = read_series((tmp_path / "series.csv").read_text()), read_series(table)
    for name in ("loss", "norm", "effective_gradient"):
        np.testing.assert_allclose(again[name][:3], kept[name][:3], rtol=0.05)
    assert "rows" in capsys.readouterr().out


@pytest.mark.sentence("l6_recorded")
def test_what_is_said_of_the_recorded_run():
    """The numbers are those of the file; full batches break down at norms that differ by a factor of some 2.5."""
    series = read_series(recorded_table())
    found = find_periods(series["loss"][:, None], series["norm"][:, None])
    at = series["norm"][found.onsets[0]]
    assert series["step"][-1] == 10_000
    assert found.count[0] == 11
    assert at.min() == pytest.approx(1.4, abs=0.05)
    assert at.max() == pytest.approx(22, abs=0.5)
    settings = LongRunSettings.checked(read_record(recorded_table()).settings[0])
    net = build_net(settings, torch.Size([1, 8, 8]), 10)
    assert sum(weight.numel() for weight in net.weights) == 24_264


def test_the_command_of_a_table_names_what_is_not_usual():
    settings = LongRunSettings.checked({**DATASET_DEFAULTS["cifar10"], "dataset": "cifar10", "augmentation": True})
    record = RunRecord(
        experiment="periodic long run", names=("long run",), settings=(settings.model_dump(),), device="cpu"
    )
    assert command_of(csv_text(History(), record, "")) == "python -m lessons.periodic --dataset cifar10 --augmentation"
