"""A device that is not the CPU, as far as a program can tell: for machines without another one.

`with elsewhere() as device:` gives the name of a device whose tensors are computed with on the CPU, but refuse to meet
the CPU's, as a GPU's do. What a program computes there is what it computes on the CPU.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

DEVICE = "meta"  # a name that torch knows and that no experiment uses
COPIES = ("aten::_to_copy", "aten::copy_")  # they alone go from one device to another
INDEXED = ("aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_")  # the CPU's may be an index


@contextlib.contextmanager
def elsewhere() -> Iterator[str]:
    """Make the device, and return its name."""
    with _Dispatch(), _Made():
        yield DEVICE


def brought_back(value: Tensor) -> Tensor:
    """Return a tensor on the CPU, wherever it was."""
    return value.there if isinstance(value, Elsewhere) else value


class Elsewhere(Tensor):
    """A tensor of the device. `there` is the one on the CPU that holds its numbers."""

    there: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, there: Tensor) -> Elsewhere:
        made = Tensor._make_wrapper_subclass(
            cls,
            there.shape,
            strides=there.stride(),
            dtype=there.dtype,
            device=DEVICE,
            dispatch_sizes_strides_policy="sizes",  # they are asked each time: what is done in place may change them
        )
        made.there = there
        return made

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _compute(operation, args, kwargs or {})

    # What reads numbers into Python waits for a GPU, and is allowed.
    def item(self):
        return self.there.item()

    def tolist(self):
        return self.there.tolist()

    def __bool__(self):
        return bool(self.there)

    def __int__(self):
        return int(self.there)

    __index__ = __int__

    def __float__(self):
        return float(self.there)


class _Dispatch(TorchDispatchMode):
    """Sees also what is made from no tensor, as by `torch.zeros(3, device=...)`."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return _compute(operation, args, kwargs or {})


class _Made(TorchFunctionMode):
    """`torch.tensor(..., device=...)` would make a tensor of the true device of this name."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in (torch.tensor, torch.as_tensor) and _is_elsewhere(kwargs.get("device")):
            return function(*args, **{**kwargs, "device": "cpu"}).to(DEVICE)
        return function(*args, **kwargs)


def _is_elsewhere(device: Any) -> bool:
    return device is not None and torch.device(device).type == DEVICE


def _compute(operation: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    """Compute on the CPU what was asked for, and let the result be where it belongs."""
    name = operation._schema.name  # type: ignore[attr-defined]
    given, form = pytree.tree_flatten((args, kwargs))
    tensors = [each for each in given if isinstance(each, Tensor)]
    if name in INDEXED:
        tensors = tensors[:1]
    _check_that_they_meet(name, tensors)
    plain_args, plain_kwargs = pytree.tree_unflatten([_there(each) for each in given], form)
    found = operation(*plain_args, **plain_kwargs)
    if name.endswith("_") and tensors:  # in place
        return args[0]
    belongs = _is_elsewhere(kwargs["device"]) if "device" in kwargs else any(isinstance(t, Elsewhere) for t in tensors)
    if not belongs:
        return found
    return pytree.tree_map(lambda each: Elsewhere(each) if isinstance(each, Tensor) else each, found)


def _there(each: Any) -> Any:
    if isinstance(each, torch.device):
        return torch.device("cpu")
    return brought_back(each) if isinstance(each, Tensor) else each


def _check_that_they_meet(name: str, tensors: list[Tensor]) -> None:
    """Raise as torch does where tensors of two devices meet; single numbers of the CPU are welcome everywhere."""
    away = [each for each in tensors if isinstance(each, Elsewhere)]
    here = [each for each in tensors if not isinstance(each, Elsewhere) and each.dim()]
    if away and here and name not in COPIES:
        raise RuntimeError(f"Expected all tensors to be on the same device, but {name} got some of the CPU.")
