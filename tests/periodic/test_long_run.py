"""Claim 43: long runs of a net from a terminal, on the digits and on tiny CIFAR files; killed and resumed."""

import csv
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from lessons.core.losses import cross_entropy
from lessons.core.record import RunRecord
from lessons.core.table import read_record
from lessons.periodic import theory
from lessons.periodic.long_run.checkpoint import load_checkpoint
from lessons.periodic.long_run.command import main
from lessons.periodic.long_run.images import Images, augmented, epoch_rows, load_images
from lessons.periodic.long_run.nets import build_net
from lessons.periodic.long_run.series_file import SeriesFile, read_series
from lessons.periodic.long_run.settings import DATASET_DEFAULTS, LongRunSettings
from lessons.periodic.long_run.training import QUANTITIES, LongRun
from lessons.periodic.network import ScaleInvariantNetwork
from lessons.periodic.phases import find_periods
from tests.core.elsewhere import elsewhere
from tests.periodic.cifar_files import tiny_cifar
from tests.periodic.norm_paths import norm_path

pytestmark = pytest.mark.claim(43)

NETWORKS = ("mlp", "convnet", "resnet18")
QUICK = {"width": 4, "train_size": 64, "batch_size": 16, "epochs": 3, "test_every": 1, "augmentation": True}
KILLED = ["--epochs", "700", "--train-size", "200", "--batch-size", "100", "--width", "16", "--test-every", "3"]
KILLED += ["--momentum", "0.5", "--augmentation"]


@pytest.fixture(scope="module")
def cifar(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cifar")
    for name in ("cifar10", "cifar100"):
        tiny_cifar(folder, name, rows=64 if name == "cifar100" else 16)
    return folder


def rows_of(run: LongRun) -> list[dict[str, float]]:
    return [values for _, values in run if values is not None]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("dataset", DATASET_DEFAULTS)
def test_each_net_takes_a_few_steps_on_each_data_set(cifar, dataset, network):
    """The norm follows the recursion, so the net is scale-invariant; all that is measured is finite at the end."""
    settings = LongRunSettings(**{**DATASET_DEFAULTS[dataset], **QUICK, "network": network, "record_every": 1})
    settings = settings.with_value("dataset", dataset)
    rows = rows_of(LongRun(settings, load_images(settings, cifar)))
    assert len(rows) == 13
    assert np.isfinite(list(rows[-1].values())).all()
    norm, g = (np.array([row[name] for row in rows]) for name in ("norm", "effective_gradient"))
    path = norm_path(norm[0], g[:-1], settings.learning_rate, settings.weight_decay)
    np.testing.assert_allclose(path, norm, rtol=1e-4)
    turns = [row["cosine_distance"] for row in rows[1:]]
    expected = theory.step_cosine_distance(norm[:-1], g[:-1], settings.learning_rate, settings.weight_decay)
    np.testing.assert_allclose(turns, expected, rtol=5e-3, atol=1e-9)


@pytest.mark.parametrize("network", NETWORKS)
def test_each_net_trains_on_a_device_that_is_not_the_cpu(cifar, network):
    settings = LongRunSettings(**{**DATASET_DEFAULTS["cifar10"], **QUICK, "network": network, "dataset": "cifar10"})
    images = load_images(settings, cifar)
    with elsewhere() as device:
        there = rows_of(LongRun(settings, images, device))
    assert there == rows_of(LongRun(settings, images))


@pytest.mark.parametrize("network", NETWORKS)
def test_the_nets_do_not_depend_on_the_length_of_their_weights(network):
    settings = LongRunSettings(network=network, width=4)
    net = build_net(settings, torch.Size((3, 32, 32)), 10).double()
    images = torch.randn(6, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = net(images)
    with torch.no_grad():
        for weights in net.weights:
            weights *= 7.0
    torch.testing.assert_close(net(images), before)
    assert float(net.last.weight.norm()) == pytest.approx(10.0, rel=1e-6)
    assert not any(p.requires_grad for p in net.last.parameters())


def test_the_paper_s_nets_have_their_sizes():
    """Counted by hand for 64 channels: pre-activation ResNet-18 without affine parts, and four convolutions."""
    shape = torch.Size((3, 32, 32))
    resnet = build_net(LongRunSettings(network="resnet18", width=64), shape, 100)
    convnet = build_net(LongRunSettings(network="convnet", width=64), shape, 10)
    blocks = [(64, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512), (512, 512)]
    expected = 27 * 64 + sum(9 * a * b + 9 * b * b + (a * b if a != b else 0) for a, b in blocks)
    assert sum(w.numel() for w in resnet.weights) == expected
    assert sum(w.numel() for w in convnet.weights) == 9 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512)


def test_the_mlp_is_the_net_of_the_lab():
    images = load_images(LongRunSettings(train_size=50), None)
    net = build_net(LongRunSettings(width=8), images.train.shape[1:], 10)
    lab = ScaleInvariantNetwork((64, 8, 8, 10))
    weights = [w.T.reshape(-1) for w in (net.features[1].weight, net.features[4].weight)]
    theta = torch.cat([*weights, torch.ones(16), torch.zeros(16), net.last.weight.T.reshape(-1), net.last.bias])[None]
    inputs = images.standardized(images.train)
    own = torch.nn.functional.cross_entropy(net(inputs), images.train_labels)
    torch.testing.assert_close(own[None], cross_entropy(lab(theta, inputs.flatten(1)), images.train_labels))


def test_a_fixed_norm_stays_and_the_projected_run_learns():
    settings = LongRunSettings(**{**QUICK, "augmentation": False}, fixed_norm=True)
    rows = rows_of(LongRun(settings, load_images(settings, None)))
    np.testing.assert_allclose([row["norm"] for row in rows], rows[0]["norm"], rtol=1e-5)
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_images_are_standardised_by_channel_and_epochs_are_orders():
    train = torch.randint(0, 256, (50, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images = Images(train, torch.zeros(50), train, torch.zeros(50), 10, 1, True)
    standard = images.standardized(train)
    torch.testing.assert_close(standard.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(standard.std(dim=(0, 2, 3), correction=0), torch.ones(3))
    rows = epoch_rows(0, 3, 50, 16)
    assert rows.shape == (3, 16)
    assert len(set(rows.flatten().tolist())) == 48
    assert not torch.equal(rows, epoch_rows(0, 4, 50, 16))


def test_augmented_images_are_shifted_and_half_of_them_mirrored():
    image = torch.arange(1, 26, dtype=torch.uint8).view(1, 1, 5, 5)
    seen = {tuple(x.flatten().tolist()) for x in augmented(image.expand(500, -1, -1, -1), 0, 0, 1, True)}
    padded = torch.nn.functional.pad(image, (1, 1, 1, 1))
    moved = [padded[..., r : r + 5, c : c + 5] for r in range(3) for c in range(3)]
    assert seen == {tuple(x.flatten().tolist()) for m in moved for x in (m, m.flip(3))}
    assert torch.equal(augmented(image, 0, 0, 0, False), image)


def test_the_table_opens_as_every_table_of_the_lab_does(tmp_path, capsys):
    assert main(["--out", str(tmp_path), "--epochs", "12", "--train-size", "100", "--width", "8"]) == 0
    out, err = capsys.readouterr()
    assert "13 rows" in out
    assert "100%" in err
    text = (tmp_path / "series.csv").read_text()
    record = read_record(text)
    assert isinstance(record, RunRecord)
    assert LongRunSettings.checked(record.settings[0]).train_size == 100
    series = read_series(text)
    assert set(series) == {"step", *QUANTITIES}
    assert series["step"].tolist() == list(range(13))
    rows = [row for row in csv.reader(text.splitlines()) if not row[0].startswith("#")]
    assert float(rows[1][1]) == series["loss"][0]


def test_periods_are_found_in_the_default_run_shortened(tmp_path, capsys):
    arguments = ["--train-size", "200", "--width", "16", "--learning-rate", "2", "--weight-decay", "0.01"]
    assert main(["--out", str(tmp_path), "--epochs", "500", *arguments]) == 0
    series = read_series((tmp_path / "series.csv").read_text())
    found = find_periods(series["loss"][:, None], series["norm"][:, None])
    assert found.count[0] >= 4
    assert f"{found.count[0]} breakdowns" in capsys.readouterr().out


def test_killed_and_resumed_it_gives_the_same_series_as_uninterrupted(tmp_path, capsys, start):
    """Killed without warning somewhere in the middle, after rows that no checkpoint knows of were written."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(["--out", str(whole), *KILLED]) == 0
    command = [sys.executable, "-m", "lessons.periodic", "--out", str(killed), *KILLED, "--checkpoint-every", "0.05"]
    process = start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    series, checkpoint, began = killed / "series.csv", killed / "checkpoint.pt", time.monotonic()

    def step() -> int:
        return load_checkpoint(checkpoint, "cpu").state["step"]

    while not (series.exists() and series.stat().st_size > 60_000 and checkpoint.exists() and step()):
        assert process.poll() is None
        assert time.monotonic() - began < 60
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < step() < 1400
    assert main(["--out", str(killed), "--resume"]) == 0
    assert series.read_bytes() == (whole / "series.csv").read_bytes()
    capsys.readouterr()


def test_an_interrupted_run_stops_in_order_and_goes_on(tmp_path, capsys, monkeypatch):
    arguments = ["--epochs", "30", "--train-size", "64", "--batch-size", "16", "--width", "8"]
    assert main(["--out", str(tmp_path / "whole"), *arguments]) == 0
    add = SeriesFile.add

    def interrupting(self, step, values):
        add(self, step, values)
        if step == 70:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SeriesFile, "add", interrupting)
        assert main(["--out", str(tmp_path / "cut"), *arguments]) == 130
    assert "--resume" in capsys.readouterr().err
    assert main(["--out", str(tmp_path / "cut"), "--resume"]) == 0
    assert (tmp_path / "cut" / "series.csv").read_bytes() == (tmp_path / "whole" / "series.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--learning-rate", "-1"], ", not -1."),
        (["--dataset", "cifar10"], "--data"),
        (["--dataset", "cifar10", "--data", "/nowhere"], "data_batch_1"),
        (["--train-size", "5000"], "there are 1297"),
        (["--resume"], "checkpoint.pt"),
        (["--device", "nonsense"], "no device 'nonsense'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(tmp_path, capsys, arguments, sentence):
    assert main(["--out", str(tmp_path / "out"), *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out" / "series.csv").exists()


def test_a_folder_with_a_run_is_not_written_over_and_a_resumed_run_keeps_its_settings(tmp_path, capsys):
    short = ["--out", str(tmp_path), "--epochs", "2", "--train-size", "40"]
    assert main(short) == 0
    before = (tmp_path / "series.csv").read_bytes()
    assert main(short) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["--out", str(tmp_path), "--resume", "--epochs", "5"]) == 2
    assert "--epochs" in capsys.readouterr().err
    assert main(["--out", str(tmp_path), "--resume"]) == 0
    assert (tmp_path / "series.csv").read_bytes() == before


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, capsys):
    class Harmful:
        def __reduce__(self):
            return print, ("this ran",)

    (tmp_path / "checkpoint.pt").write_bytes(pickle.dumps(Harmful()))
    assert main(["--out", str(tmp_path), "--resume"]) == 2
    out, err = capsys.readouterr()
    assert "not a checkpoint" in err
    assert "this ran" not in out


def test_the_help_names_every_setting(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')}" in text for name in LongRunSettings.fields())
