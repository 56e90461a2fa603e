"""One autoencoder that learns digits, a step at a time.

References:
    Vincent et al. 2008, Extracting and composing robust features with denoising autoencoders.
    Rifai et al. 2011, Contractive auto-encoders.
    Ng 2011, Sparse autoencoder (lecture notes), whose penalty is on how often each unit speaks.
    Kingma and Welling 2013, Auto-encoding variational Bayes, arXiv:1312.6114.
"""

from __future__ import annotations

import numpy as np

from studio.core.layers.activations import sigmoid
from studio.core.layers.optimizers import Optimizer
from studio.lab.autoencoder import Autoencoder
from studio.lab.corrupt import levels, spoilt
from studio.lab.settings import TeachSettings
from studio.lab.speed import speed

_WEIGHTS, _BATCHES, _SPOILING, _CODES = 2, 3, 4, 5  # streams of random numbers, so that none moves another
SPEAKS = 0.1  # the share of digits for which a unit of a sparse one is to speak
_SPARSE, _CONTRACTIVE = 10.0, 1.0  # what a penalty of 1 weighs, in nats


class Teacher:
    """Args:
    digits: `(n, PIXELS) float32` in [0, 1], to learn from.
    settings: of the network and its training.
    """

    def __init__(self, digits: np.ndarray, settings: TeachSettings):
        self._digits, self._settings = digits, settings
        self.network = Autoencoder(settings)
        self.network.initialize(digits, self._rng(_WEIGHTS))
        halves = (self.network.encoder, self.network.decoder)
        self._flat = [np.zeros_like(half.weights) for half in halves]
        self._gradients = [half.views(flat) for half, flat in zip(halves, self._flat, strict=True)]
        self._optimizers = [Optimizer("adam", flat.size, settings.learning_rate) for flat in self._flat]
        self._batches, self._spoiling = self._rng(_BATCHES), self._rng(_SPOILING)
        self._codes = self._rng(_CODES)
        self.steps = 0
        self.off = 0.0

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, stream])

    def step(self) -> None:
        """Learns from one batch; `off` then says by how many levels it missed it."""
        settings = self._settings
        wanted = self._digits[self._batches.integers(0, len(self._digits), settings.batch)]
        given = wanted
        if settings.kind == "denoising":
            given = spoilt(wanted, settings.taught_noise, settings.taught_holes, self._spoiling)
        self._go_back(given, wanted)
        rate = settings.learning_rate * speed(self.steps, settings.planned)
        for half, flat, optimizer in zip(
            (self.network.encoder, self.network.decoder), self._flat, self._optimizers, strict=True
        ):
            optimizer.rate = rate
            optimizer.step(half.weights, flat)
        self.steps += 1

    def _go_back(self, given: np.ndarray, wanted: np.ndarray) -> None:
        """Leaves behind the gradient of cross-entropy, summed over pixels, and of the penalty on the code."""
        encoder, decoder = self.network.encoder, self.network.decoder
        passed = encoder.forward(given)
        sums = _sums(passed)
        code, noise = self._code(sums)
        drawn_pass = decoder.forward(code)
        drawn = sigmoid(_sums(drawn_pass))
        self.off = levels(drawn, wanted)
        gradient = (drawn - wanted) / np.float32(len(wanted))
        of_code = decoder.backward(drawn_pass, gradient, self._gradients[1], to_inputs=True)
        encoder.backward(passed, self._of_sums(of_code, code, sums, noise), self._gradients[0])
        if self._settings.kind == "contractive":
            self._hold_kernel(code)

    def _code(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The code that its second half is given, and of a variational one what was drawn for it."""
        if self.network.squashed:
            return sigmoid(sums), None
        if self._settings.kind != "variational":
            return sums, None
        means, spreads = np.split(sums, 2, axis=1)
        noise = self._codes.standard_normal(means.shape, "float32")
        return means + np.exp(0.5 * spreads) * noise, noise

    def _of_sums(
        self, of_code: np.ndarray, code: np.ndarray, sums: np.ndarray, noise: np.ndarray | None
    ) -> np.ndarray:
        """The gradient of the first half's sums, from that of the code, with the penalty's."""
        count, weight = np.float32(len(code)), np.float32(self._settings.penalty)
        if noise is not None:  # Kullback-Leibler divergence from the normal distribution
            means, spreads = np.split(sums, 2, axis=1)
            of_means = of_code + weight * means / count
            of_spreads = of_code * noise * 0.5 * np.exp(0.5 * spreads)
            of_spreads += weight * 0.5 * (np.exp(spreads) - 1) / count
            return np.concatenate([of_means, of_spreads], axis=1)
        if not self.network.squashed:
            return of_code
        slope = code * (1 - code)
        if self._settings.kind == "sparse":  # Kullback-Leibler divergence of how often each unit speaks
            speaks = np.clip(code.mean(axis=0), 1e-3, 1 - 1e-3)
            divergence = (1 - SPEAKS) / (1 - speaks) - SPEAKS / speaks
            return slope * (of_code + np.float32(_SPARSE) * weight * divergence / count)
        # The squares of how fast each unit changes with each pixel; the kernel's share is added afterwards.
        kernel = self.network.encoder.layers[0].kernel
        squares = np.square(kernel).sum(axis=0)
        pull = np.float32(2 * _CONTRACTIVE) * weight * squares * np.square(slope) * (1 - 2 * code) / count
        return slope * of_code + pull

    def _hold_kernel(self, code: np.ndarray) -> None:
        slope = np.square(code * (1 - code)).mean(axis=0)
        kernel = self.network.encoder.layers[0].kernel
        weight = np.float32(2 * _CONTRACTIVE * self._settings.penalty)
        self._gradients[0][0].kernel[:] += weight * kernel * slope


def _sums(passed: object) -> np.ndarray:
    """The last sums of a pass, whichever kind of half made it."""
    return passed[0] if isinstance(passed, tuple) else passed.sums[-1]  # type: ignore[attr-defined]
