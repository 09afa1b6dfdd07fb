"""Every experiment trains on a device that is not the CPU, and computes there what it computes on the CPU.

No machine of the tests needs to have one: `elsewhere` stands in for it. Where a GPU is, `python -m benchmarks gpu`
compares with it.
"""

import pytest
import torch

from benchmarks.gpu import BEYOND, difference
from lessons.divergence.parabola import Parabola
from tests.core.elsewhere import brought_back, elsewhere
from tests.core.test_experiment_contract import TOLERANCE, baseline, every_experiment, lanes_of, variety


@every_experiment
def test_an_experiment_computes_the_same_on_another_device(cls):
    with elsewhere() as device:
        for there, here in zip(cls().run(lanes_of(variety(cls)), device), baseline(cls), strict=True):
            assert there.values.keys() == here.values.keys()
            for name, value in there.values.items():
                rtol, atol = TOLERANCE.get(value.dtype, (0, 0))
                torch.testing.assert_close(
                    brought_back(value), here[name], rtol=rtol, atol=atol, equal_nan=True, msg=f"{name} at {there.step}"
                )
        for snapshot in there.snapshots.values():  # of the last step
            snapshot()


def test_tensors_of_two_devices_do_not_meet():
    with elsewhere() as device:
        there = torch.ones(3, device=device)
        assert float(there.sum() + 1) == 4
        with pytest.raises(RuntimeError, match="same device"):
            torch.where(torch.ones(3, dtype=torch.bool), there, 0)
        assert (there.cpu() + torch.ones(3)).tolist() == [2, 2, 2]


def test_the_benchmark_tells_an_experiment_that_computes_something_else():
    class Careless(Parabola):
        def run(self, lanes, device="cpu"):
            for measurement in super().run(lanes, device):
                if device != "cpu" and measurement.step > 2:
                    measurement.values["loss"] = measurement.values["loss"] + 1e-3
                yield measurement

    with elsewhere() as device:
        assert difference(Parabola, device) == "equal to the last bit"
        assert f"loss at step 3 {BEYOND}" in difference(Careless, device)
