"""The autoencoder: the encoder maps a digit to a code, the decoder a code to a digit.

References:
    Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks (deep).
    Kingma and Welling 2013, Auto-encoding variational Bayes, arXiv:1312.6114.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy import special

from studio.core.layers.activations import sigmoid
from studio.core.layers.network import Layer, Network
from studio.lab.convolution import (
    Convolution,
    ConvolutionalNetwork,
    Dense,
    LayerOperation,
    TransposedConvolution,
)
from studio.lab.settings import CHANNELS, PIXELS, SIDE, AutoencoderSettings


class Half(Protocol):
    """The encoder or the decoder, with the interface of `studio.core.layers.network.Network`."""

    weights: np.ndarray
    layers: list[Layer]

    def split_layers(self, flat: np.ndarray, /) -> list[Layer]: ...
    def initialize(self, method: str, rng: np.random.Generator) -> None: ...
    def predict(self, inputs: np.ndarray, /) -> np.ndarray: ...
    def forward(self, inputs: np.ndarray, /) -> Any: ...
    def backward(
        self, forward_pass: Any, gradient: np.ndarray, into: Any, /, to_inputs: bool = False
    ) -> Any: ...


class Autoencoder:
    """An encoder and a decoder. Weights are zero until `initialize`."""

    def __init__(self, settings: AutoencoderSettings):
        self.settings = settings
        self.encoder, self.decoder = _build_halves(settings)

    def initialize(self, digits: np.ndarray, rng: np.random.Generator) -> None:
        """Draws all weights, with output biases that give the mean of these digits, `(n, PIXELS)`.

        Without the biases it first learns what all digits share, and by then sigmoid units of a code are
        saturated.
        """
        for half in (self.encoder, self.decoder):
            half.initialize("he" if self.settings.hidden_widths else "glorot", rng)
        bias = self.decoder.layers[-1].bias
        mean = np.clip(digits.mean(axis=0).reshape(len(bias), -1).mean(axis=1), 0.01, 0.99)
        bias[:] = special.logit(mean)

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return self.settings.parameters

    @property
    def has_sigmoid_code(self) -> bool:
        """Whether the values of a code pass a sigmoid, as in sparse and contractive autoencoders."""
        return self.settings.kind in ("sparse", "contractive")

    def encode(self, digits: np.ndarray) -> np.ndarray:
        """Encodes digits in [0, 1], `(n, PIXELS)`, as codes (or their means), `(n, bottleneck) float32`."""
        return self.activate_code(self.encoder.predict(digits))[:, : self.settings.bottleneck]

    def activate_code(self, sums: np.ndarray) -> np.ndarray:
        """Applies the activation of the code to the encoder's outputs, `(n, outputs) float32`."""
        return sigmoid(sums) if self.has_sigmoid_code else sums

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Decodes codes: `(n, bottleneck) float32` -> `(n, PIXELS) float32` in [0, 1]."""
        return sigmoid(self.decoder.predict(codes.astype("float32")))

    def reconstruct(self, digits: np.ndarray) -> np.ndarray:
        """Encodes and decodes digits: `(n, PIXELS) float32` -> `(n, PIXELS) float32`."""
        return self.decode(self.encode(digits))

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The weights of the encoder and the decoder, by name."""
        return {"encoder": self.encoder.weights, "decoder": self.decoder.weights}


def _build_halves(settings: AutoencoderSettings) -> tuple[Half, Half]:
    if settings.kind == "convolutional":
        first, second = CHANNELS
        small = (second, SIDE // 4, SIDE // 4)
        encoder: list[LayerOperation] = [
            Convolution(1, first),
            Convolution(first, second),
            Dense(small, [settings.encoder_outputs]),
        ]
        decoder: list[LayerOperation] = [
            Dense([settings.bottleneck], small),
            TransposedConvolution(second, first),
            TransposedConvolution(first, 1),
        ]
        return (
            ConvolutionalNetwork(encoder, (1, SIDE, SIDE)),
            ConvolutionalNetwork(decoder, (settings.bottleneck,)),
        )
    hidden = settings.hidden_widths
    return (
        Network([PIXELS, *hidden, settings.encoder_outputs], "relu"),
        Network([settings.bottleneck, *reversed(hidden), PIXELS], "relu"),
    )
