"""The latent density of real images: a mixture of normals, fitted to a trained VAE.

The decoder was trained only on latents of real images. The standard normal prior also covers regions between
and beyond them, so that the mixture gives better images from the same decoder. With full covariances, fewer
components may fit better.

Reference:
    Ghosh et al. 2020, arXiv:1903.12436.
"""

from __future__ import annotations

import warnings

import numpy as np

from studio.core.generators.latent import Mixture
from studio.core.progress import Progress

PARTS = (1, 10, 30, 50, 100, 300)
LEAST_EACH = 30  # latents per component
MOST_FITTED = 60_000  # latents; larger sets are subsampled
MOST_NUMBERS = 30_000  # parameters of a mixture, because settings.json is limited to 1 MB
LEAST_VARIANCE = 1e-4
_ROUNDS = 60
_KINDS = ("diag", "full")  # covariance types of scikit-learn


def fit(
    z: np.ndarray,
    validation: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    full: bool = False,
) -> Mixture | None:
    """Fits the mixture with the highest likelihood of validation latents.

    Args:
        z: `(n, latent_dim)` latents to fit.
        validation: `(m, latent_dim)` latents that choose the covariance type and the number of components.
        seed: of the initial components.
        progress: checked for cancellation.
        full: also tries full covariances.

    Returns:
        The mixture, or None if there are too few latents.
    """
    from sklearn.mixture import GaussianMixture

    if len(z) > MOST_FITTED:
        z = z[np.random.default_rng(seed).permutation(len(z))[:MOST_FITTED]]
    highest, best_mixture = -np.inf, None
    for kind in _KINDS if full else _KINDS[:1]:
        previous = -np.inf
        for parts in PARTS:
            if parts * LEAST_EACH > len(z) or parts * numbers(kind, z.shape[1]) > MOST_NUMBERS:
                break
            if progress is not None:
                progress.check()
            mixture = GaussianMixture(
                parts, covariance_type=kind, reg_covar=LEAST_VARIANCE, max_iter=_ROUNDS, random_state=seed
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about incomplete convergence
                log_likelihood = mixture.fit(z.astype("float64")).score(validation.astype("float64"))
            if log_likelihood < previous:
                break
            previous = log_likelihood
            if log_likelihood > highest:
                highest, best_mixture = (
                    log_likelihood,
                    _mixture(mixture.weights_, mixture.means_, mixture.covariances_),
                )
    return best_mixture


def numbers(kind: str, latent_dim: int) -> int:
    """Returns the number of parameters of a component, without its weight."""
    return latent_dim + (latent_dim if kind == "diag" else latent_dim * (latent_dim + 1) // 2)


def _mixture(weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> Mixture:
    """Converts scikit-learn's mixture, covariances `(k, latent_dim)`, or `(k, latent_dim, latent_dim)`."""
    if covariances.ndim == 2:
        return Mixture(weights, means, covariances)
    return Mixture.of_factors(weights, means, np.linalg.cholesky(covariances))
