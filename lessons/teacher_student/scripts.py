"""One student's training as a standalone PyTorch script."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core.record import Change
from lessons.core.rules.script import optimizer_text
from lessons.core.scripts.script import GRADIENT_STEP, assembled, constants, training_loop
from lessons.teacher_student.settings import TeacherStudentSettings

_IMPORTS = "import hashlib\nimport math\n\nimport torch\nfrom torch import nn"
_FIELDS = (
    "horizon",
    "overparameterization",
    "init_scale",
    "top_scale",
    "active_share",
    "left_out",
    "strength_decay",
    "train_size",
    "dimension",
    "teacher_width",
    "outputs",
    "depth",
    "batch_size",
    "steps",
    "teacher_seed",
    "seed",
)

_FUNCTIONS = '''
def random_stream(seed, purpose):
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def network(width):
    sizes = [DIMENSION, *[width] * DEPTH, OUTPUTS]
    layers = [layer for pair in zip(sizes, sizes[1:]) for layer in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def draw_teacher():
    """Weights from {-1, -0.75, ..., 1}, scaled; biases so that each node fires on ACTIVE_SHARE of the inputs."""
    teacher = network(max(TEACHER_WIDTH - LEFT_OUT, 1)).requires_grad_(False)
    source, grid = random_stream(TEACHER_SEED, "teacher"), torch.linspace(-1, 1, 9)
    hidden = torch.randn(4096, DIMENSION, generator=random_stream(0, "calibration inputs"))
    linear = [layer for layer in teacher if isinstance(layer, nn.Linear)]
    for layer in linear:
        drawn = torch.randint(9, (layer.in_features, layer.out_features), generator=source)
        layer.weight.data = grid[drawn].T.contiguous()
        layer.bias.data.zero_()
    for number, layer in enumerate(linear[:-1]):
        length = layer.weight.norm(dim=1) if number == 0 else (hidden @ layer.weight.T).std(0)
        layer.weight.data /= length.clamp(min=1e-6)[:, None]
        if number == 0:
            layer.bias.data.fill_(torch.special.ndtri(torch.tensor(ACTIVE_SHARE, dtype=torch.float64)).item())
        else:
            ordered = (hidden @ layer.weight.T).sort(0, descending=True).values
            layer.bias.data = -ordered[min(int(ACTIVE_SHARE * 4096), 4095)]
        hidden = torch.relu(layer(hidden))
    strength = torch.arange(1, linear[-1].in_features + 1) ** -STRENGTH_DECAY
    linear[-1].weight.data *= strength / linear[-1].weight.norm(dim=0).clamp(min=1e-6)
    return teacher


def draw_student():
    """Weights N(0, 2 scale^2 / fan_in), biases 0."""
    student = network(max(round(OVERPARAMETERIZATION * TEACHER_WIDTH), 1))
    source, linear = random_stream(SEED, "student"), [layer for layer in student if isinstance(layer, nn.Linear)]
    for number, layer in enumerate(linear):
        scale = TOP_SCALE if number == DEPTH else INIT_SCALE
        drawn = torch.randn(layer.in_features, layer.out_features, generator=source)
        layer.weight.data = (scale * drawn * math.sqrt(2 / layer.in_features)).T.contiguous()
        layer.bias.data.zero_()
    return student


def batch(step):
    """Inputs and targets of a step; 32 steps are drawn at once."""
    block, number = divmod(step, 32)
    source = random_stream(TEACHER_SEED, f"inputs {block}")
    inputs = torch.randn(32, BATCH_SIZE, DIMENSION, generator=source)[number]
    if DATA == "fresh":
        return inputs, teacher(inputs)
    places = torch.rand(32, BATCH_SIZE, generator=source, dtype=torch.float64)[number]
    rows = (places * TRAIN_SIZE).long()
    return points[rows], point_targets[rows]
'''

_START = """\
teacher, student = draw_teacher(), draw_student()
points = torch.randn(TRAIN_SIZE, DIMENSION, generator=random_stream(TEACHER_SEED, "points"))
point_targets = teacher(points)
if DATA == "shuffled":
    point_targets = point_targets[torch.randperm(TRAIN_SIZE, generator=random_stream(TEACHER_SEED, "shuffle"))]
{construction}"""
_LOSS = ("inputs, targets = batch(step)", "loss = 0.5 * (student(inputs) - targets).square().sum(1).mean()")
_BASE = '\noptimizer.param_groups[0]["base_lr"] = LEARNING_RATE'
_COSINE = (
    "group = optimizer.param_groups[0]",
    'group["lr"] = group["base_lr"] * (1 + math.cos(math.pi * min(step / HORIZON, 1))) / 2',
)


def student_script(settings: TeacherStudentSettings, changes: Sequence[Change]) -> str | None:
    """Write the training of one student; None if a node was shaken in flight. See `Experiment.script`."""
    if any(change.field in ("shake", "shaken_node", "shake_again") for change in changes):
        return None
    optimizer = optimizer_text(settings, changes, "student.parameters()")
    falls = settings.schedule == "cosine"
    return assembled(
        _IMPORTS,
        constants(settings, *_FIELDS, before=[f'DATA = "{settings.data}"', optimizer.constants]),
        optimizer.changes.replace('"lr"', '"base_lr"') if falls else optimizer.changes,
        _FUNCTIONS,
        _START.format(construction=optimizer.construction + _BASE * falls),
        training_loop(_LOSS, bool(optimizer.changes), (*_COSINE * falls, *GRADIENT_STEP)),
    )
