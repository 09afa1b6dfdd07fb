"""Sharpness, the largest eigenvalue of the loss Hessian, for all lanes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.parts import Parts, whole

# Of float32's Hessian-vector products, relative to the Hessian; in float64 it costs an eigenvalue its twelfth digit.
ROUNDING = 1e-6

HessianVectorProduct = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class TopEigenpair:
    """Largest eigenvalue, shape (K,), and its unit eigenvector, shape (K, P). NaN in lanes that are not finite."""

    value: Tensor
    vector: Tensor


def hessian_vector_product(gradient: Tensor, theta: Tensor) -> HessianVectorProduct:
    """Return v -> H v for each lane, by differentiating the gradient once more (Pearlmutter 1994).

    One product serves all lanes: the sum of the lanes' losses has a block-diagonal Hessian.

    Args:
        gradient: Gradient of the summed losses with respect to theta, made with `create_graph=True`, shape (K, P).
        theta: Shape (K, P).
    """

    def product(vector: Tensor) -> Tensor:
        (result,) = torch.autograd.grad((gradient * vector).sum(), theta, retain_graph=True)
        return result

    return product


def top_eigenpair(product: HessianVectorProduct, start: Tensor, iterations: int) -> TopEigenpair:
    """Estimate the largest eigenvalue by `iterations` steps of Lanczos from `start`, lane by lane.

    The estimate is a Rayleigh quotient, hence never above the true value beyond rounding. Started from the last
    estimate's eigenvector, a few steps follow the sharpness through training (see `sharpness_gauge`). The eigenvector
    returned points the way `start` does, never against it.

    Args:
        product: v -> H v on shape (K, P).
        start: Shape (K, P); any direction that is not orthogonal to the wanted one.
        iterations: Number of Hessian-vector products.

    Source: Golub & Van Loan, Matrix Computations, 4th ed., section 10.1; reorthogonalised in full.
    """
    return whole(top_eigenpair_in_parts(product, start, iterations))


def top_eigenpair_in_parts(product: HessianVectorProduct, start: Tensor, iterations: int) -> Parts[TopEigenpair]:
    """Do what `top_eigenpair` does, a part for each product."""
    basis, diagonal, off_diagonal = yield from lanczos_in_parts(product, start, iterations)
    # A direction that was not reached gets an eigenvalue below all others; a lane that is not finite, zeros.
    reached = basis.ne(0).any(2)
    below = -(diagonal.abs().amax(1) + 2 * off_diagonal.amax(1) + 1)  # no eigenvalue lies there (Gershgorin)
    tridiagonal = tridiagonal_matrix(torch.where(reached, diagonal, below[:, None]), off_diagonal)
    finite = torch.isfinite(tridiagonal).all(dim=(1, 2))
    tridiagonal = torch.where(finite[:, None, None], tridiagonal, torch.zeros_like(tridiagonal))
    # The largest eigenvalue of the small matrix, and its eigenvector carried back to the space of theta.
    values, vectors = torch.linalg.eigh(tridiagonal.double())
    weights = vectors[:, :, -1]
    weights = torch.where(weights[:, :1] < 0, -weights, weights)  # an eigenvector's sign is free: follow the start's
    vector = torch.einsum("km,kmp->kp", weights.to(basis), basis)
    nan = torch.full_like(vector[:, :1], torch.nan)
    return TopEigenpair(
        value=torch.where(finite, values[:, -1].to(basis), nan[:, 0]),
        vector=torch.where(finite[:, None], _normalised(vector), nan),
    )


def lanczos(product: HessianVectorProduct, start: Tensor, iterations: int) -> tuple[Tensor, Tensor, Tensor]:
    """Run `iterations` steps of Lanczos, lane by lane, reorthogonalised in full.

    Where H maps what has been reached into itself (a Hessian of low rank, or more steps than dimensions), there is no
    next direction: the lane's remaining basis vectors, and all numbers that belong to them, are 0.

    Args:
        product: v -> H v on shape (K, P).
        start: Shape (K, P).
        iterations: M.

    Returns:
        The basis (K, M, P), and the diagonal (K, M) and off-diagonal (K, M) of the tridiagonal matrix.
    """
    return whole(lanczos_in_parts(product, start, iterations))


def lanczos_in_parts(
    product: HessianVectorProduct, start: Tensor, iterations: int
) -> Parts[tuple[Tensor, Tensor, Tensor]]:
    """Do what `lanczos` does, a part for each step."""
    vector = _normalised(start)
    largest = torch.zeros_like(start[:, 0])  # |H v| over the directions so far: how large H is, as far as it is known
    basis, diagonal, off_diagonal = [], [], []
    for _ in range(iterations):
        # One step: the image of the newest direction, its part along that direction, and what is new in it.
        basis.append(vector)
        image = product(vector)
        diagonal.append((image * vector).sum(1))
        largest = torch.maximum(largest, image.norm(dim=1))
        known = torch.stack(basis, dim=1)
        for _ in range(2):  # leaves what is orthogonal to all so far; twice is enough (Parlett 1998, section 6.9)
            image = image - torch.einsum("km,kmp->kp", torch.einsum("kmp,kp->km", known, image), known)
        length = image.norm(dim=1)
        # What is left is rounding, of the size of H times the precision: it must not be blown up to a unit vector. The
        # first diagonal element is no yardstick: from a random start it is H's largest eigenvalue times rank / P.
        exhausted = length <= ROUNDING * largest
        off_diagonal.append(torch.where(exhausted, torch.zeros_like(length), length))
        vector = torch.where(exhausted[:, None], torch.zeros_like(image), _normalised(image))
        yield
    return torch.stack(basis, 1), torch.stack(diagonal, 1), torch.stack(off_diagonal, 1)


def tridiagonal_matrix(diagonal: Tensor, off_diagonal: Tensor) -> Tensor:
    """Return the symmetric matrices (K, M, M) with these diagonals (K, M) beside and below which stand (K, M - 1).

    The last off-diagonal number leads out of the matrix and is left out.
    """
    side = off_diagonal[:, :-1]
    return torch.diag_embed(diagonal) + torch.diag_embed(side, 1) + torch.diag_embed(side, -1)


def _normalised(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-30)
