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

COMPONENT_COUNTS = (1, 10, 30, 50, 100, 300)
MIN_LATENTS_PER_COMPONENT = 30
MAX_FITTED_LATENTS = 60_000  # larger sets are subsampled
MAX_PARAMETERS = 30_000  # of a mixture, because settings.json is limited to 1 MB
MIN_VARIANCE = 1e-4
_MAX_ITERATIONS = 60
_COVARIANCE_TYPES = ("diag", "full")  # as scikit-learn names them


def fit_mixture(
    z: np.ndarray,
    validation_z: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    full: bool = False,
) -> Mixture | None:
    """Fits the mixture with the highest likelihood of validation latents.

    Args:
        z: `(n, latent_dim)` latents to fit.
        validation_z: `(m, latent_dim)` latents that choose the covariance type and the number of components.
        seed: seed of the initial components.
        progress: checked for cancellation.
        full: whether to try full covariances, too.

    Returns:
        The mixture, or None if there are too few latents.
    """
    from sklearn.mixture import GaussianMixture

    if len(z) > MAX_FITTED_LATENTS:
        z = z[np.random.default_rng(seed).permutation(len(z))[:MAX_FITTED_LATENTS]]
    highest, best_mixture = -np.inf, None
    for covariance_type in _COVARIANCE_TYPES if full else _COVARIANCE_TYPES[:1]:
        previous = -np.inf
        for components in COMPONENT_COUNTS:
            parameters = components * count_parameters(covariance_type, z.shape[1])
            if components * MIN_LATENTS_PER_COMPONENT > len(z) or parameters > MAX_PARAMETERS:
                break
            if progress is not None:
                progress.check()
            mixture = GaussianMixture(
                components,
                covariance_type=covariance_type,
                reg_covar=MIN_VARIANCE,
                max_iter=_MAX_ITERATIONS,
                random_state=seed,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about incomplete convergence
                log_likelihood = mixture.fit(z.astype("float64")).score(validation_z.astype("float64"))
            if log_likelihood < previous:
                break
            previous = log_likelihood
            if log_likelihood > highest:
                highest = log_likelihood
                best_mixture = _convert_mixture(mixture.weights_, mixture.means_, mixture.covariances_)
    return best_mixture


def count_parameters(covariance_type: str, latent_dim: int) -> int:
    """Returns the number of parameters of a component, without its weight."""
    return latent_dim + (latent_dim if covariance_type == "diag" else latent_dim * (latent_dim + 1) // 2)


def _convert_mixture(weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> Mixture:
    """Converts scikit-learn's mixture, covariances `(k, latent_dim)`, or `(k, latent_dim, latent_dim)`."""
    if covariances.ndim == 2:
        return Mixture(weights, means, covariances)
    return Mixture.of_factors(weights, means, np.linalg.cholesky(covariances))
