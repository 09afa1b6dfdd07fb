"""Sharpness, the largest eigenvalue of the loss Hessian, for all lanes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

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
    basis, diagonal, off_diagonal = lanczos(product, start, iterations)
    tridiagonal = torch.diag_embed(diagonal)
    for offset in (1, -1):
        tridiagonal = tridiagonal + torch.diag_embed(off_diagonal[:, :-1], offset)
    finite = torch.isfinite(tridiagonal).all(dim=(1, 2))
    tridiagonal = torch.where(finite[:, None, None], tridiagonal, torch.zeros_like(tridiagonal))
    values, vectors = torch.linalg.eigh(tridiagonal.double())
    weights = vectors[:, :, -1]
    weights = torch.where(weights[:, :1] < 0, -weights, weights)  # an eigenvector's sign is free: follow the start's
    vector = torch.einsum("km,kmp->kp", weights.to(basis), basis)
    nan = torch.full_like(vector[:, :1], torch.nan)
    return TopEigenpair(
        value=torch.where(finite, values[:, -1].to(basis), nan[:, 0]),
        vector=torch.where(finite[:, None], _normalised(vector), nan),
    )


def power_iteration(product: HessianVectorProduct, start: Tensor, iterations: int) -> TopEigenpair:
    """Estimate the eigenvalue of largest magnitude by repeated products (von Mises 1929).

    Simpler than `top_eigenpair`, and slower to converge: kept as the textbook method and as a cross-check.
    """
    vector = _normalised(start)
    for _ in range(iterations):
        vector = _normalised(product(vector))
    return TopEigenpair(value=(vector * product(vector)).sum(1), vector=vector)


def lanczos(product: HessianVectorProduct, start: Tensor, iterations: int) -> tuple[Tensor, Tensor, Tensor]:
    """Run `iterations` steps of Lanczos, lane by lane, reorthogonalised in full.

    Args:
        product: v -> H v on shape (K, P).
        start: Shape (K, P).
        iterations: M.

    Returns:
        The basis (K, M, P), and the diagonal (K, M) and off-diagonal (K, M) of the tridiagonal matrix.
    """
    vector = _normalised(start)
    basis, diagonal, off_diagonal = [], [], []
    for _ in range(iterations):
        basis.append(vector)
        image = product(vector)
        diagonal.append((image * vector).sum(1))
        known = torch.stack(basis, dim=1)
        for _ in range(2):  # twice is enough (Parlett 1998, section 6.9)
            image = image - torch.einsum("km,kmp->kp", torch.einsum("kmp,kp->km", known, image), known)
        length = image.norm(dim=1)
        # An invariant subspace: what is left is rounding, and must not be blown up to a unit vector.
        exhausted = length <= 1e-6 * diagonal[0].abs()
        off_diagonal.append(torch.where(exhausted, torch.zeros_like(length), length))
        vector = torch.where(exhausted[:, None], torch.zeros_like(image), _normalised(image))
    return torch.stack(basis, 1), torch.stack(diagonal, 1), torch.stack(off_diagonal, 1)


def _normalised(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-30)
