"""A Boltzmann machine that imagines: pixels and units drawn by turns, each from the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.core.process import blas_threads
from studio.lab.boltzmann import Boltzmann, on
from studio.lab.settings import SIDE

HALVES = {
    "top": np.s_[: SIDE // 2, :],
    "bottom": np.s_[SIDE // 2 :, :],
    "left": np.s_[:, : SIDE // 2],
    "right": np.s_[:, SIDE // 2 :],
    "nothing": np.s_[:0, :],
}


def half(keep: str) -> np.ndarray:
    """Which pixels stay as they are: `(PIXELS,) bool`, for one of HALVES."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[HALVES[keep]] = True
    return mask.ravel()


class Chain:
    """Some chains side by side, which differ by chance alone.

    Attributes:
        chances: `(n, PIXELS) float32`, of each pixel to be on, which is smoother to look at than the pixels.
        rounds: how often all pixels were drawn again.
        temperature: may change between two rounds.

    Args:
        network: trained.
        drawing: `(PIXELS,) float32` in [0, 1].
        kept: which of its pixels stay, `(PIXELS,) bool`.
        n: how many chains.
        temperature: 1 as it was trained; lower prefers what is likely, higher what is not.
        seed: of every draw.
    """

    def __init__(
        self, network: Boltzmann, drawing: np.ndarray, kept: np.ndarray, n: int, temperature: float, seed: int
    ):
        self._network, self._rng = network, np.random.default_rng([seed, 5])
        self._kept, self._drawing = kept, (drawing >= 0.5).astype("float32")
        self.temperature, self.rounds = temperature, 0
        self._pixels = on(self._rng.random((n, len(drawing)), "float32") * np.float32(0.5), self._rng)
        self.chances = self._pixels
        self._hold()

    def _hold(self) -> None:
        for one in (self._pixels, self.chances):
            one[:, self._kept] = self._drawing[self._kept]

    def step(self) -> None:
        """Draws all units from the pixels, and all pixels that may change from the units."""
        units = on(self._network.of_pixels(self._pixels, self.temperature), self._rng)
        self.chances = self._network.of_units(units, self.temperature)
        self._pixels = on(self.chances, self._rng)
        self._hold()
        self.rounds += 1

    def follow(self, rounds: int) -> Iterator[float]:
        """Continues for so many rounds, on one core; gives the energy after each."""
        with blas_threads.limited(1):
            for _ in range(rounds):
                self.step()
                yield self.energy

    @property
    def energy(self) -> float:
        """The mean free energy of the chains, in nats: it falls while they find what they know."""
        return float(self._network.energy(self._pixels).mean())
