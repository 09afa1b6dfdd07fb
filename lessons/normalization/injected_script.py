"""A shift that is injected after each normalization, as it is written in a standalone PyTorch script."""

from __future__ import annotations

# For each hidden layer its factor and its offset, None where it has none; {norm} is the class of torch.nn.
_OF_SUMS = "[(norm.weight, norm.bias) for norm in model if isinstance(norm, {norm})]"
_OF_WEIGHTS = "[({factor}, layer.bias) for layer in linear[:-1]]"
_PAIRS = {
    "batch": _OF_SUMS.format(norm="nn.BatchNorm1d"),
    "layer": _OF_SUMS.format(norm="nn.LayerNorm"),
    "group": _OF_SUMS.format(norm="nn.GroupNorm"),
    "RMS": "[(norm.weight, None) for norm in model if isinstance(norm, nn.RMSNorm)]",
    "weight": _OF_WEIGHTS.format(factor="layer.parametrizations.weight.original0"),
}
_SINGLE_UNITS = "[(None, offsets.bias) for offsets in model if isinstance(offsets, Offsets)]"

_NOISY = """\
# A step's noise is drawn for all parameters, layer by layer: weights, factors, offsets. Hidden factors and offsets are
# moved by it; the step is made with the gradient there, from where they were.
pairs = {pairs}
noisy, count = [], 0
for layer, pair in zip(linear[:-1], pairs, strict=True):
    count += layer.in_features * layer.out_features
    for parameter in pair:
        if parameter is not None:
            noisy.append((parameter, slice(count, count + layer.out_features)))
        count += layer.out_features
count += (linear[-1].in_features + 2) * linear[-1].out_features"""

FUNCTIONS = """\
@torch.no_grad()
def inject(step):
    drawn = torch.randn(count, generator=random_stream(f"injected shift {step}"))
    kept = [parameter.clone() for parameter, _ in noisy]
    for parameter, part in noisy:
        parameter += (INJECTED * drawn[part]).view_as(parameter)
    return kept


@torch.no_grad()
def take_away(kept):
    for (parameter, _), before in zip(noisy, kept, strict=True):
        parameter.copy_(before)"""
BEFORE_LOSS = ("kept = inject(step)",)
UPDATE = ("optimizer.zero_grad()", "loss.backward()", "take_away(kept)", "optimizer.step()")


def noisy_text(normalization: str, single_units: bool) -> str:
    """Write which parameters are moved by which part of what is drawn; the script must have `model` and `linear`.

    Args:
        normalization: Its name.
        single_units: Whether each unit is a group by itself, so that only offsets are left.
    """
    pairs = _SINGLE_UNITS if single_units else _PAIRS.get(normalization, _OF_WEIGHTS.format(factor="None"))
    return _NOISY.format(pairs=pairs)
