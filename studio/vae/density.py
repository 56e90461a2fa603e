"""Where the codes of real images lie: a mixture of normals, fitted once a VAE is trained.

The decoder was trained at these codes alone. The normal distribution that they were held to has room
between and beyond them, where nothing was learned; the mixture makes better images with the same decoder.
In a part of it numbers may tell of each other (a full covariance): fewer, richer parts, if they fit better.

Reference:
    Ghosh et al. 2020, arXiv:1903.12436.
"""

from __future__ import annotations

import warnings

import numpy as np

from studio.core.generators.latent import Mixture
from studio.core.progress import Progress

PARTS = (1, 10, 30, 50, 100, 300)
LEAST_EACH = 30  # codes for each part of a mixture
MOST_FITTED = 60_000  # codes; of more, so many are drawn
MOST_NUMBERS = 30_000  # of a mixture; settings.json, which holds it, may have 1 MB
LEAST_VARIANCE = 1e-4
_ROUNDS = 60
_KINDS = ("diag", "full")  # scikit-learn's names of normals whose numbers are independent, and of others


def fit(
    z: np.ndarray,
    validation: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    full: bool = False,
) -> Mixture | None:
    """The mixture that finds validation codes likeliest.

    Args:
        z: `(n, latent_dim)` codes to fit.
        validation: `(m, latent_dim)` codes to choose the kind and the number of parts by.
        seed: of the places where the parts begin.
        progress: asked for a cancel.
        full: whether numbers of a part may tell of each other.

    Returns:
        None if there are too few codes.
    """
    from sklearn.mixture import GaussianMixture

    if len(z) > MOST_FITTED:
        z = z[np.random.default_rng(seed).permutation(len(z))[:MOST_FITTED]]
    best, found = -np.inf, None
    for kind in _KINDS if full else _KINDS[:1]:
        before = -np.inf
        for parts in PARTS:
            if parts * LEAST_EACH > len(z) or parts * numbers(kind, z.shape[1]) > MOST_NUMBERS:
                break
            if progress is not None:
                progress.check()
            mixture = GaussianMixture(
                parts, covariance_type=kind, reg_covar=LEAST_VARIANCE, max_iter=_ROUNDS, random_state=seed
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it could still move a little
                likely = mixture.fit(z.astype("float64")).score(validation.astype("float64"))
            if likely < before:
                break
            before = likely
            if likely > best:
                best, found = likely, _mixture(mixture.weights_, mixture.means_, mixture.covariances_)
    return found


def numbers(kind: str, latent_dim: int) -> int:
    """How many a part of a mixture is told by, without its share."""
    return latent_dim + (latent_dim if kind == "diag" else latent_dim * (latent_dim + 1) // 2)


def _mixture(weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> Mixture:
    """From what scikit-learn found: covariances `(k, latent_dim)`, or `(k, latent_dim, latent_dim)`."""
    if covariances.ndim == 2:
        return Mixture(weights, means, covariances)
    return Mixture.of_factors(weights, means, np.linalg.cholesky(covariances))
