"""Sharpness, the largest eigenvalue of the loss Hessian, for all lanes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.parts import Parts, whole

# Of float32's Hessian-vector products, relative to the Hessian; in float64 it costs an eigenvalue its twelfth digit.
ROUNDING = 1e-6

LossOfTheta = Callable[[Tensor], Tensor]
HessianVectorProduct = Callable[[Tensor], Tensor]
HessianAt = Callable[[Tensor], HessianVectorProduct]  # of theta


@dataclass(frozen=True)
class TopEigenpair:
    """Largest eigenvalue, shape (K,), and its unit eigenvector, shape (K, P). NaN in lanes that are not finite."""

    value: Tensor
    vector: Tensor


def differentiated_twice(loss: LossOfTheta, theta: Tensor) -> HessianVectorProduct:
    """Return v -> H v at theta, by autograd, which differentiates the gradient of any loss once more.

    One product serves all lanes: the sum of the lanes' losses has a block-diagonal Hessian.

    Args:
        loss: Of each lane, shape (K,), as a function of theta.
        theta: Shape (K, P).
    """
    theta = theta.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(theta).sum(), theta, create_graph=True)

    def product(vector: Tensor) -> Tensor:
        (result,) = torch.autograd.grad((gradient * vector).sum(), theta, retain_graph=True)
        return result

    return product


def preconditioned(product: HessianVectorProduct, by: Tensor) -> HessianVectorProduct:
    """Return v -> P^(-1/2) H P^(-1/2) v, whose eigenvalues are those of P^(-1) H.

    Args:
        product: v -> H v on shape (K, P).
        by: The diagonal of P, shape (K, P), positive.
    """
    root = by.rsqrt()
    return lambda vector: root * product(root * vector)


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
    vector = torch.bmm(weights.to(basis)[:, None], basis)[:, 0]
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
    basis = start.new_zeros(len(start), iterations, start.shape[1])
    last, vector = torch.zeros_like(start), _normalised(start)
    length = largest = torch.zeros_like(start[:, :1])  # largest |H v| so far: how large H is, as far as it is known
    diagonal, off_diagonal = [], []
    for step in range(iterations):
        # One step: the image of the newest direction, its part along that direction, and what is new in it.
        basis[:, step], known = vector, basis[:, : step + 1]
        image = product(vector)
        along = (image * vector).sum(1, keepdim=True)
        largest = torch.maximum(largest, image.norm(dim=1, keepdim=True))
        # H is symmetric, so the image has parts along the last two directions only: the three-term recurrence. What
        # rounding leaves along any direction is taken out once more; twice is enough (Parlett 1998, section 6.9).
        image = torch.addcmul(torch.addcmul(image, along, vector, value=-1), length, last, value=-1)
        image = _without(image, known)
        length = image.norm(dim=1, keepdim=True)
        # What is left is rounding, of the size of H times the precision: it must not be blown up to a unit vector. The
        # first diagonal element is no yardstick: from a random start it is H's largest eigenvalue times rank / P.
        exhausted = length <= ROUNDING * largest
        last, vector = vector, (image / length).masked_fill(exhausted, 0)
        length = length.masked_fill(exhausted, 0)
        diagonal.append(along)
        off_diagonal.append(length)
        yield
    return basis, torch.cat(diagonal, 1), torch.cat(off_diagonal, 1)


def tridiagonal_matrix(diagonal: Tensor, off_diagonal: Tensor) -> Tensor:
    """Return the symmetric matrices (K, M, M) with these diagonals (K, M) beside and below which stand (K, M - 1).

    The last off-diagonal number leads out of the matrix and is left out.
    """
    side = off_diagonal[:, :-1]
    return torch.diag_embed(diagonal) + torch.diag_embed(side, 1) + torch.diag_embed(side, -1)


def _without(vectors: Tensor, directions: Tensor) -> Tensor:
    """What is left of vectors (K, P) without their parts along orthonormal directions (K, M, P).

    Vectors are rows here: as columns the first of the two products would take ten times as long.
    """
    rows = vectors[:, None]
    return torch.baddbmm(rows, torch.bmm(rows, directions.transpose(1, 2)), directions, alpha=-1)[:, 0]


def _normalised(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-30)
