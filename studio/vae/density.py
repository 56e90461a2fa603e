"""Where the codes of real pictures lie: a mixture of normals, fitted once a VAE is trained.

The decoder was trained at these codes alone. The normal distribution that they were held to has room
between and beyond them, where nothing was learnt; the mixture makes better pictures with the same decoder.

Reference:
    Ghosh et al. 2020, arXiv:1903.12436.
"""

from __future__ import annotations

import warnings

import numpy as np

from studio.core.generators.mixture import Mixture
from studio.core.progress import Progress

PARTS = (1, 10, 30, 60, 100, 300)
LEAST_EACH = 30  # codes for each part of a mixture
LEAST_SHARE = 2  # codes for each number of a code, and part, where these vary together
MOST_FITTED = 40_000  # codes; of more, so many are drawn
MOST_NUMBERS = 45_000  # of a mixture; settings.json, which holds it, may have 1 MB
LEAST_VARIANCE = 1e-4
_ROUNDS = 60


def fit(z: np.ndarray, validation: np.ndarray, seed: int, progress: Progress | None = None) -> Mixture | None:
    """The mixture that finds validation codes likeliest.

    Args:
        z: `(n, latent_dim)` codes to fit.
        validation: `(m, latent_dim)` codes to choose by: the number of parts, and whether the numbers of a
            code vary together within a part.
        seed: of the places where the parts begin.

    Returns:
        None if there are too few codes.
    """
    if len(z) > MOST_FITTED:
        z = z[np.random.default_rng(seed).permutation(len(z))[:MOST_FITTED]]
    z, validation = z.astype("float64"), validation.astype("float64")
    found = [_best(z, validation, together, seed, progress) for together in (False, True)]
    return max(found, key=lambda one: one[0])[1]


def _best(
    z: np.ndarray, validation: np.ndarray, together: bool, seed: int, progress: Progress | None
) -> tuple[float, Mixture | None]:
    """The best mixture of a kind, if there is one, after how likely it finds the validation codes."""
    from sklearn.mixture import GaussianMixture

    best, found = -np.inf, None
    for parts in PARTS:
        if not _may_have(parts, z, together):
            break
        if progress is not None:
            progress.check()
        mixture = GaussianMixture(
            parts,
            covariance_type="full" if together else "diag",
            reg_covar=LEAST_VARIANCE,
            max_iter=_ROUNDS,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it could still move a little
            likely = mixture.fit(z).score(validation)
        if likely < best:
            break
        made = Mixture.of_covariances if together else Mixture
        best, found = likely, made(mixture.weights_, mixture.means_, mixture.covariances_)
    return best, found


def _may_have(parts: int, z: np.ndarray, together: bool) -> bool:
    """Whether there are codes enough for so many parts, and the mixture is small enough to be kept."""
    wide = z.shape[1]
    spread = wide * (wide + 1) // 2 if together else wide
    each = max(LEAST_EACH, LEAST_SHARE * wide if together else 0)
    return parts * each <= len(z) and parts * (wide + spread) <= MOST_NUMBERS
