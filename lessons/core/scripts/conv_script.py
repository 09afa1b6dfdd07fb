"""The net of `lessons.core.conv_net` as it is written with torch.nn, for standalone scripts."""

from __future__ import annotations

from collections.abc import Callable

# Behind the data of `net_script.data_text`.
IMAGES = "inputs = inputs.view(-1, 1, 8, 8)"

DRAWN = """\
# Weights start as N(0, 1 / fan_in) from the seed's own random stream.
source = random_stream("weights")
for weight in model.parameters():
    if weight.dim() > 1:
        weight.data = torch.randn(weight.shape, generator=source) / math.sqrt(weight[0].numel())"""


def conv_text(depth: int, norm: Callable[[int], str]) -> str:
    """Write `model`, each layer by itself; the script must have the constant WIDTH.

    Args:
        depth: Number of convolutions.
        norm: Writes the normalization of "{channels}" channels of a layer, of which it gets the number.
    """
    layers, channels = list[str](), ["1", "WIDTH", *(f"{2**number} * WIDTH" for number in range(1, depth))]
    for number in range(depth):
        layers += [f"nn.Conv2d({channels[number]}, {channels[number + 1]}, 3, padding=1, bias=False)"]
        layers += [norm(number).format(channels=channels[number + 1])]
        layers += ["nn.ReLU()", *["nn.MaxPool2d(2)"] * (number > 0)]
    layers += ["nn.AdaptiveMaxPool2d(1)", "nn.Flatten()", f"nn.Linear({channels[-1]}, 10)"]
    return "\n".join(["model = nn.Sequential(", *(f"    {layer}," for layer in layers), ")"])
