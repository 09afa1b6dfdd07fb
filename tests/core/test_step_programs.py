"""A step is a tensor program: traced once, it serves other states, other hot values and other draws.

`advance`, the count of the step and `measure` are traced as one function of the tensors of the state, the hot settings
and what is drawn at random, from the seeds and the step alone. A step that reads a number into Python cannot be traced:
first the tensors are fake ones, which have no numbers, then real ones, for which torch makes checks that fake ones are
spared. What is Python in a step, such as its number, by which some quantities are measured now and then, and the lanes'
choices, belongs to the program: it is one for this kind of step.

Not traced are: what `Training.follow` reads of a step in Python (phases, forecasts, minima); snapshots, which are asked
only when they are drawn; a step at which a student's node is shaken or lottery tickets begin again; and lanes of
`PYTHON_RULES`.
"""

import copy
import io
import pickle
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from lessons.core.batches import EpochBatches, FreshBatches
from lessons.core.lanes import OWN, Lanes
from lessons.core.training import State, Training, TrainingExperiment
from lessons.divergence.parabola import Parabola, ParabolaTraining
from lessons.optimizers.race import Noise
from lessons.periodic.inputs import TrainingInputs
from lessons.teacher_student.task import Task
from tests.core.test_experiment_contract import every_training, lanes_of, other_value, variety

pytestmark = pytest.mark.slow

PYTHON_RULES = (OWN, "L-BFGS")  # a learner's function may do anything; how far a line search goes is what it finds
IN_PYTHON = ("shake", "shaken_node", "shake_again", "fixed_norm")  # hot settings that choose the kind of step
DRAWS = (
    (EpochBatches, "at"),
    (EpochBatches, "of_epoch"),
    (FreshBatches, "at"),
    (TrainingInputs, "at"),
    (Task, "batch"),
    (Noise, "at"),
)  # beside what calls `draw_per_seed` at each step
EVERY = {"sharpness_every": 3, "measure_every": 3, "spectrum_every": 3}
PLAIN, OCCASIONAL = 4, 6  # steps at which nothing, and everything, is measured now and then

Tensors = dict[str, list[Tensor] | dict[str, Tensor]]


class Pickler(pickle.Pickler):
    """Sets the tensors of a state apart from what is Python in it."""

    def __init__(self, file: io.BytesIO):
        super().__init__(file)
        self.tensors: list[Tensor] = []

    def persistent_id(self, obj):
        if not isinstance(obj, Tensor):
            return None
        self.tensors.append(obj)
        return len(self.tensors) - 1


class Unpickler(pickle.Unpickler):
    def __init__(self, form: bytes, tensors: list[Tensor]):
        super().__init__(io.BytesIO(form))
        self._tensors = tensors

    def persistent_load(self, pid):
        return self._tensors[pid]


def taken_apart(state: State) -> tuple[bytes, list[Tensor]]:
    """The form of a state, and its tensors."""
    pickler = Pickler(file := io.BytesIO())
    pickler.dump(state)
    return file.getvalue(), pickler.tensors


class Draws:
    """Notes what is drawn at random in a step, or gives out again what it holds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.noted: list = []
        self._given: list | None = None  # until there are some, it draws
        self._inside = False
        lessons = [module for name, module in sys.modules.items() if name.startswith("lessons.")]
        drawing = [(module, "draw_per_seed") for module in lessons if hasattr(module, "draw_per_seed")]
        for owner, name in (*DRAWS, *drawing):
            monkeypatch.setattr(owner, name, self._in_place_of(getattr(owner, name)))

    def give(self, draws: list) -> None:
        """Give these out, in their order."""
        self._given = list(draws)

    def _in_place_of(self, draw: Callable) -> Callable:
        def drawn(*args):
            if self._given is not None:
                return self._given.pop(0)
            outermost, self._inside = not self._inside, True
            result = draw(*args)
            if outermost:
                self.noted.append(result)
                self._inside = False
            return result

        return drawn


class Step:
    """One step of a training at a state, as a function of tensors."""

    def __init__(self, training: Training, now: State, draws: Draws):
        self.training, self.draws = training, draws
        self.form, state = taken_apart(now)
        self._go_on(copy.deepcopy(now))
        self.tensors = cloned({"state": state, "hot": hot_values(training.lanes), "drawn": draws.noted})

    def __call__(self, tensors: Tensors) -> tuple[list[Tensor], dict[str, Tensor]]:
        """The tensors of the state after the step, and what is measured there."""
        self.training.lanes.stacked |= tensors["hot"]
        self.draws.give(tensors["drawn"])
        now = Unpickler(self.form, tensors["state"]).load()
        values = self._go_on(now)
        return taken_apart(now)[1], values

    def _go_on(self, now: State) -> dict[str, Tensor]:
        self.training.make_step(now)
        return self.training.measure(now)

    def traced(self) -> GraphModule:
        lanes, present = self.training.lanes, hot_values(self.training.lanes)
        with pytest.MonkeyPatch.context() as patch:
            # A tensor that has no numbers cannot be copied by copy.deepcopy.
            patch.setattr(Tensor, "__deepcopy__", lambda tensor, memo: tensor.clone())
            fake = pytree.tree_map(FakeTensorMode(allow_non_fake_inputs=True).from_tensor, self.tensors)
            make_fx(self)(fake)
            program = make_fx(self)(self.tensors)
        lanes.stacked |= present
        return program

    def elsewhere(self) -> Tensors:
        """Change the lanes' hot settings; return another state near by, the hot values now, and other draws."""
        lanes = self.training.lanes
        for name in set(hot_values(lanes)) - set(IN_PYTHON):
            for lane, value in enumerate(lanes.values(name)):
                lanes.change(lane, name, other_value(lanes.fields[name], value))
        return {**pytree.tree_map(nearby, self.tensors), "hot": hot_values(lanes)}


def hot_values(lanes: Lanes) -> dict[str, Tensor]:
    return {name: values for name, values in lanes.stacked.items() if lanes.fields[name].hot}


def nearby(values: Tensor) -> Tensor:
    """Other numbers; whole numbers, such as the labels of a batch, in another order."""
    return 1.01 * values if values.is_floating_point() else values.flip(-1)


def cloned(tensors: Tensors) -> Tensors:
    return pytree.tree_map(lambda each: each.detach().clone(), tensors)


def traceable_lanes(cls: type[TrainingExperiment]) -> Lanes:
    settings = variety(cls, **EVERY)
    return lanes_of([each for each in settings if getattr(each, "optimizer", "") not in PYTHON_RULES])


def before_step(training: Training, number: int) -> State:
    """The state measured at the step before."""
    now = training.start()
    training.measure(now)
    while now.step < number - 1:
        training.make_step(now)
        training.measure(now)
    return now


@every_training
@pytest.mark.parametrize("number", [PLAIN, OCCASIONAL], ids=["plain", "occasional"])
def test_a_step_traced_once_serves_other_states_hot_values_and_draws_bit_for_bit(cls, number, monkeypatch):
    training = cls().training(traceable_lanes(cls))
    step = Step(training, before_step(training, number), Draws(monkeypatch))
    program = step.traced()
    assert_serves(program, step, step.tensors)
    assert_serves(program, step, step.elsewhere())


def assert_serves(program: GraphModule, step: Step, tensors: Tensors) -> None:
    expected, got = (pytree.tree_leaves(one(cloned(tensors))) for one in (step, program))
    for value, other in zip(got, expected, strict=True):
        torch.testing.assert_close(value, other, rtol=0, atol=0, equal_nan=True)


def read_item(x):
    return x * x.max().item()


def read_condition(x):
    return x if x.max() > 0 else -x


def read_list(x):
    return torch.tensor(x.tolist())


def read_array(x):
    return torch.from_numpy(x.detach().numpy())


def read_shape(x):
    return x[x > 0].sum() * x


def read_classes(x):
    return torch.nn.functional.one_hot((x > 0).long(), 2).to(x)[:, 0]


@pytest.mark.parametrize("read", [read_item, read_condition, read_list, read_array, read_shape, read_classes])
def test_a_step_that_reads_a_tensor_into_python_is_not_traced(read, monkeypatch):
    class Reading(ParabolaTraining):
        def advance(self, now):
            super().advance(now)
            now.x = read(now.x)

    training = Reading(traceable_lanes(Parabola))
    step = Step(training, before_step(training, PLAIN), Draws(monkeypatch))
    with pytest.raises(RuntimeError, match=r"_local_scalar_dense|nonzero|numpy\(\)"):
        step.traced()


def test_a_hot_setting_that_is_not_read_as_a_tensor_is_noticed(monkeypatch):
    class Constant(ParabolaTraining):
        def advance(self, now):
            now.x = now.x - torch.tensor(self.lanes.values("ratio")) * now.x

    training = Constant(traceable_lanes(Parabola))
    step = Step(training, before_step(training, PLAIN), Draws(monkeypatch))
    program = step.traced()
    with pytest.raises(AssertionError):
        assert_serves(program, step, step.elsewhere())
