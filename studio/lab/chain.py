"""Gibbs sampling from a Boltzmann machine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.core.process import blas_threads
from studio.lab.boltzmann import Boltzmann, sample
from studio.lab.settings import SIDE

KEPT_PIXELS = {
    "top": np.s_[: SIDE // 2, :],
    "bottom": np.s_[SIDE // 2 :, :],
    "left": np.s_[:, : SIDE // 2],
    "right": np.s_[:, SIDE // 2 :],
    "nothing": np.s_[:0, :],
}


def make_mask(keep: str) -> np.ndarray:
    """Returns the pixels to keep, `(PIXELS,) bool`, for a key of KEPT_PIXELS."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[KEPT_PIXELS[keep]] = True
    return mask.ravel()


class GibbsChains:
    """Several Gibbs chains that run side by side.

    Attributes:
        probabilities: `(n, PIXELS) float32`, of each pixel to be on; smoother than the sampled pixels.
        rounds: number of rounds so far.
        temperature: may change between rounds.

    Args:
        network: a trained machine.
        drawing: `(PIXELS,) float32` in [0, 1].
        clamped: which of its pixels stay, `(PIXELS,) bool`.
        n: number of chains.
        temperature: 1 as trained; lower samples more probable images, higher more varied ones.
        seed: of all random numbers.
    """

    def __init__(
        self,
        network: Boltzmann,
        drawing: np.ndarray,
        clamped: np.ndarray,
        n: int,
        temperature: float,
        seed: int,
    ):
        self._network, self._rng = network, np.random.default_rng([seed, 5])
        self._clamped, self._drawing = clamped, (drawing >= 0.5).astype("float32")
        self.temperature, self.rounds = temperature, 0
        self._pixels = sample(self._rng.random((n, len(drawing)), "float32") * np.float32(0.5), self._rng)
        self.probabilities = self._pixels
        self._clamp()

    def _clamp(self) -> None:
        for pixels in (self._pixels, self.probabilities):
            pixels[:, self._clamped] = self._drawing[self._clamped]

    def step(self) -> None:
        """Samples all units given the pixels, then all pixels that are not clamped given the units."""
        units = sample(self._network.compute_unit_probabilities(self._pixels, self.temperature), self._rng)
        self.probabilities = self._network.compute_pixel_probabilities(units, self.temperature)
        self._pixels = sample(self.probabilities, self._rng)
        self._clamp()
        self.rounds += 1

    def run(self, rounds: int) -> Iterator[float]:
        """Runs `rounds` steps on one core; yields the energy after each."""
        with blas_threads.limit_threads(1):
            for _ in range(rounds):
                self.step()
                yield self.energy

    @property
    def energy(self) -> float:
        """The mean free energy of the chains in nats; it falls until they reach equilibrium."""
        return float(self._network.compute_free_energy(self._pixels).mean())
