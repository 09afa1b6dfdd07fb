"""What a GPU computes and how fast: `python -m benchmarks.gpu [--device cuda]`, some four minutes where one is.

Each experiment's first steps against the CPU's, the lane-steps a second of a net at 1 to 4096 lanes, and ResNet-18 on
made images in the format of CIFAR-100.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.divergence.net import Net
from lessons.periodic.long_run.images import load_images
from lessons.periodic.long_run.settings import DATASET_DEFAULTS, LongRunSettings
from lessons.periodic.long_run.training import LongRun
from tests.core.test_experiment_contract import EXPERIMENTS
from tests.periodic.cifar_files import tiny_cifar

OUTPUT = Path("bench_output") / "gpu.json"
STEPS = 50
COUNTS = (1, 4, 16, 64, 256, 1024, 4096)
SECONDS = 3.0
# Sums in another order differ by some roundings (1e-7, 2e-16), and a training makes more of them at each step: a
# difference that grows by a fifth a step is 1e4 times as large after 50. Anything beyond is another computation.
BEYOND = "BEYOND THE BOUND"
BOUNDS = {torch.float32: 1e-2, torch.float64: 1e-9}


def main() -> None:
    """Measure, print and write bench_output/gpu.json; exit with 1 if an experiment computes something else."""
    parser = argparse.ArgumentParser("python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda", help="(default: %(default)s)")
    device = parser.parse_args().device
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here. --device=cpu tries the measurement itself.")
    results: dict[str, Any] = {"device": torch.cuda.get_device_name() if device == "cuda" else device}
    results["largest difference"] = {cls.name: difference(cls, device) for cls in EXPERIMENTS}
    results["lane-steps a second"] = {str(count): _lane_steps(count, device) for count in COUNTS}
    results["ResNet-18, steps a second"] = _resnet(device)
    for title, found in results.items():
        print(f"\n{title}")
        for name, value in found.items() if isinstance(found, dict) else [("", found)]:
            print(f"  {name:24}{value}")
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2), encoding="utf-8")
    raise SystemExit(1 if any(BEYOND in said for said in results["largest difference"].values()) else 0)


def difference(cls: type[Experiment], device: str) -> str:
    """Compare the first steps at the default settings, and say by how much of a series' size it differs at most."""
    pairs = zip(_first_steps(cls, "cpu"), _first_steps(cls, device), strict=True)
    sizes: dict[str, float] = {}  # the largest of each series so far
    largest, at, beyond = 0.0, "equal to the last bit", ""
    for here, there in pairs:
        for name, expected in here.values.items():
            if not expected.is_floating_point():
                continue
            found = there.values[name].cpu()
            size = sizes[name] = max(sizes.get(name, 1e-30), float(expected.nan_to_num().abs().max()))
            share = float((found.nan_to_num() - expected.nan_to_num()).abs().max() / size)
            if share > BOUNDS[expected.dtype]:
                beyond = f" {BEYOND}"
            if share > largest:
                largest, at = share, f"{share:.1e}, {name} at step {here.step}"
    return at + beyond


def _first_steps(cls: type[Experiment], device: str) -> list[Measurement]:
    names = cls.settings_type.fields()
    steps = {"steps": max(STEPS, int(names["steps"].low))} if "steps" in names else {}
    lanes = Lanes([cls.settings_type.checked(steps)])
    return list(itertools.islice(cls().run(lanes, device), STEPS + 1))


def _lane_steps(count: int, device: str) -> int:
    """Steps a second of the net of lesson 3 times its lanes, without a sharpness on the way."""
    fields = Net.settings_type.fields()
    settings = {"steps": int(fields["steps"].high), "sharpness_every": int(fields["sharpness_every"].high)}
    run = Net().run(Lanes([Net.settings_type.checked(settings)] * count), device)
    for _ in range(3):  # kernels are chosen, memory is taken
        _wait_for(next(run))
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS and steps < fields["steps"].high - 3:
        for _ in range(10):
            measurement = next(run)
        steps += 10
        _wait_for(measurement)
    return round(steps * count / (time.perf_counter() - start))


def _wait_for(measurement: Measurement) -> None:
    """Read a number: until it is there, a GPU may be behind."""
    measurement.values["loss"].sum().item()


def _resnet(device: str) -> float:
    with TemporaryDirectory() as name:
        folder = Path(name)
        tiny_cifar(folder, "cifar100", rows=512)
        quick = {"dataset": "cifar100", "network": "resnet18", "train_size": 512, "epochs": 40, "record_every": 20}
        settings = LongRunSettings(**{**DATASET_DEFAULTS["cifar100"], **quick})
        run = iter(LongRun(settings, load_images(settings, folder), device))
        for _ in range(3):
            next(run)
        start, steps = time.perf_counter(), 0
        while time.perf_counter() - start < 30 and steps < 150:
            next(run)
            steps += 1
        if device == "cuda":
            torch.cuda.synchronize()
    return round(steps / (time.perf_counter() - start), 2)


if __name__ == "__main__":
    main()
