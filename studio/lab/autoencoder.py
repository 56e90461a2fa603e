"""The network: one half makes a code of a digit, the other draws a digit from a code.

References:
    Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks (deep).
    Kingma and Welling 2013, Auto-encoding variational Bayes, arXiv:1312.6114.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from studio.core.layers.activations import sigmoid
from studio.core.layers.network import Layer, Network
from studio.lab.convolution import Dense, Double, Halve, Stage, Stages
from studio.lab.settings import CHANNELS, PIXELS, SIDE, TeachSettings


class Half(Protocol):
    """One half of it, as `studio.core.layers.network.Network` is used."""

    weights: np.ndarray
    layers: list[Layer]

    def views(self, flat: np.ndarray) -> list[Layer]: ...
    def initialize(self, how: str, rng: np.random.Generator) -> None: ...
    def answer(self, told: np.ndarray) -> np.ndarray: ...
    def forward(self, told: np.ndarray) -> Any: ...
    def backward(self, found: Any, gradient: np.ndarray, into: Any, to_inputs: bool = False) -> Any: ...


class Autoencoder:
    """Both halves, as the settings ask for them. Weights are zero until `initialize`."""

    def __init__(self, settings: TeachSettings):
        self.settings = settings
        self.encoder, self.decoder = _halves(settings)

    def initialize(self, digits: np.ndarray, rng: np.random.Generator) -> None:
        """Draws all weights again, so that it draws about the mean of these digits, `(n, PIXELS)`, at first.

        Else the first thing that it learns is what all digits share, and units of a code that does not go
        beyond 0 and 1 are stuck at an end by then.
        """
        for half in (self.encoder, self.decoder):
            half.initialize("he" if self.settings.hidden else "glorot", rng)
        bias = self.decoder.layers[-1].bias
        mean = np.clip(digits.mean(axis=0).reshape(len(bias), -1).mean(axis=1), 0.01, 0.99)
        bias[:] = np.log(mean / (1 - mean))

    @property
    def parameters(self) -> int:
        """How many numbers it learns."""
        return self.settings.parameters

    @property
    def squashed(self) -> bool:
        """Whether each number of a code is between 0 and 1: how loud a unit speaks."""
        return self.settings.kind in ("sparse", "contractive")

    def encode(self, digits: np.ndarray) -> np.ndarray:
        """`(n, PIXELS) float32` in [0, 1] -> `(n, bottleneck) float32`; of a variational one the means."""
        sums = self.encoder.answer(digits)
        return sigmoid(sums) if self.squashed else sums[:, : self.settings.bottleneck]

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """`(n, bottleneck) float32` -> `(n, PIXELS) float32` in [0, 1]."""
        return sigmoid(self.decoder.answer(codes.astype("float32")))

    def redraw(self, digits: np.ndarray) -> np.ndarray:
        """`(n, PIXELS) float32` -> as it draws them from its codes, `(n, PIXELS) float32`."""
        return self.decode(self.encode(digits))

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All weights of each half, by its name."""
        return {"encoder": self.encoder.weights, "decoder": self.decoder.weights}


def _halves(settings: TeachSettings) -> tuple[Half, Half]:
    if settings.kind == "convolutional":
        first, second = CHANNELS
        small = (second, SIDE // 4, SIDE // 4)
        encoder: list[Stage] = [Halve(1, first), Halve(first, second), Dense(small, [settings.code])]
        decoder: list[Stage] = [Dense([settings.bottleneck], small), Double(second, first), Double(first, 1)]
        return Stages(encoder, (1, SIDE, SIDE)), Stages(decoder, (settings.bottleneck,))
    hidden = settings.hidden
    return (
        Network([PIXELS, *hidden, settings.code], "relu"),
        Network([settings.bottleneck, *reversed(hidden), PIXELS], "relu"),
    )
