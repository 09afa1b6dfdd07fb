"""Internal covariate shift and gradient predictiveness, as Santurkar et al. (2018) measure them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from lessons.normalization.nets import Memories, NormalizedNets
from lessons.normalization.network import Batch

STEP_SIZES = (0.5, 1.0, 2.0, 4.0)  # in units of the learning rate


def shift_and_smoothness(
    nets: NormalizedNets,
    theta: Tensor,
    gradient: Tensor,
    update: Tensor,
    learning_rate: Tensor,
    batch: Sequence[Batch],
    memories: Memories,
) -> dict[str, Tensor]:
    """Measure how the gradient changes when other layers move, and when all move along the gradient.

    Args:
        nets: The nets.
        theta: Shape (K, P).
        gradient: Of the batch's loss at theta, shape (K, P).
        update: What the optimizer will add to theta, shape (K, P).
        learning_rate: Shape (K, 1).
        batch: The batch; all losses here are of it.
        memories: What the layers remember.

    Returns:
        `shift` (K, L - 1), for each layer but the first: |G - G'|, with G the gradient with respect to the layer's
        parameters and G' the same after the layers before it alone have been updated; `shift_cosine` (K, L - 1), the
        cosine between the two. With S = `STEP_SIZES` times eta: `loss_along` (K, S), the loss at theta - s g;
        `gradient_change` (K, S), |grad(theta - s g) - g|; and `effective_smoothness` (K,), the largest of these over
        the distance s |g|.

    Source: Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604, definition 2.1 and figure 4.
    """
    steps = torch.tensor(STEP_SIZES).to(theta) * learning_rate
    along = theta[:, None] - steps[..., None] * gradient[:, None]
    mixed = _earlier_layers_moved(nets, theta, update)
    loss, gradients = nets.gradients(torch.cat([along, mixed], 1), batch, memories)
    count = len(STEP_SIZES)
    change = (gradients[:, :count] - gradient[:, None]).norm(dim=2)
    distance = steps * gradient.norm(dim=1, keepdim=True)
    return {
        **_shift(nets, gradient, gradients[:, count:]),
        "loss_along": loss[:, :count],
        "gradient_change": change,
        "effective_smoothness": (change / distance.clamp_min(1e-30)).amax(1),
    }


def _earlier_layers_moved(nets: NormalizedNets, theta: Tensor, update: Tensor) -> Tensor:
    """For each layer but the first: theta with the layers before it updated, shape (K, L - 1, P)."""
    starts = torch.tensor([part.start for part in nets.shape.layer_slices[1:]])
    moved = torch.arange(theta.shape[1]) < starts[:, None]
    return torch.where(moved.to(theta.device), theta[:, None] + update[:, None], theta[:, None])


def _shift(nets: NormalizedNets, gradient: Tensor, after: Tensor) -> dict[str, Tensor]:
    parts = list(enumerate(nets.shape.layer_slices[1:]))
    pairs = [(gradient[:, part], after[:, number, part]) for number, part in parts]
    return {
        "shift": torch.stack([(new - old).norm(dim=1) for old, new in pairs], 1),
        "shift_cosine": torch.stack([cosine_similarity(old, new, dim=1) for old, new in pairs], 1),
    }
