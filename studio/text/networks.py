"""Trained networks in NumPy, by architecture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from studio.core.models.loading import variable_path
from studio.text.numpy_network import Network
from studio.text.numpy_transformer import Transformer
from studio.text.quantized import Quantized
from studio.text.quantized_transformer import QuantizedTransformer
from studio.text.settings import TrainTextSettings


class AnyNetwork(Protocol):
    """What sampling and scoring need of a network. Only the network knows what its states are."""

    @property
    def size(self) -> int:
        """Returns the number of characters in the vocabulary."""

    def states(self, batch: int) -> Any:
        """Returns the states of so many texts before their first character."""

    def forget(self, states: Any, text: int) -> None:
        """Changes the states of one of the texts to those before its first character."""

    def step(self, indices: np.ndarray, states: Any) -> tuple[np.ndarray, Any]:
        """Reads one character per text, `(B,) int`; returns logits of the next, `(B, size)`, and states."""

    def run(self, indices: np.ndarray, states: Any) -> tuple[np.ndarray, Any]:
        """Reads `(B, T) int` characters; returns logits after each, `(B, T, size)`, and the final states."""


def build_network(weights: Sequence[np.ndarray], settings: TrainTextSettings) -> AnyNetwork:
    """Builds the network of a trained model.

    Args:
        weights: the arrays of the model that `studio.text.model.build_model` builds, in its order.
        settings: settings of its training run.
    """
    if settings.architecture == "transformer":
        return Transformer(weights, settings.heads, settings.sequence)
    return Network(weights, settings.architecture, settings.tied)


def quantize_network(network: AnyNetwork, batch: int) -> AnyNetwork:
    """Returns the network with int8 weights, for so many texts per step."""
    if isinstance(network, Transformer):
        return QuantizedTransformer(network)
    assert isinstance(network, Network)
    return Quantized(network, batch)


def layout(settings: TrainTextSettings, vocabulary_size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yields the path in a Keras `.weights.h5` and the shape of each array of a model, in its order."""
    build = _layout_transformer if settings.architecture == "transformer" else _layout_recurrent
    return build(settings, vocabulary_size)


def _layout_recurrent(
    settings: TrainTextSettings, vocabulary_size: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    units, width = settings.units, settings.embedding
    gates = units * (4 if settings.architecture == "lstm" else 3)
    yield "embedding/vars/0", (vocabulary_size, width)
    for n in range(settings.layers):
        at = f"layers/{settings.architecture}{f'_{n}' if n else ''}/cell/vars"
        yield f"{at}/0", (units if n else width, gates)
        yield f"{at}/1", (units, gates)
        yield f"{at}/2", (gates,) if settings.architecture == "lstm" else (2, gates)
    if settings.tied:
        yield "layers/dense/vars/0", (units, width)
        yield "head/vars/0", (vocabulary_size,)
    else:
        yield "head/vars/0", (units, vocabulary_size)
        yield "head/vars/1", (vocabulary_size,)


def _layout_transformer(
    settings: TrainTextSettings, vocabulary_size: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    units, size = settings.width, settings.width // settings.heads
    yield "embedding/vars/0", (vocabulary_size, units)
    for n in range(settings.layers):
        at = f"blocks/block{f'_{n}' if n else ''}"
        yield f"{at}/attention_norm/vars/0", (units,)
        yield f"{at}/attention/query_key_value/vars/0", (units, 3 * units)
        yield f"{at}/attention/query_norm/vars/0", (size,)
        yield f"{at}/attention/key_norm/vars/0", (size,)
        yield f"{at}/attention/output_projection/vars/0", (units, units)
        yield f"{at}/mlp_norm/vars/0", (units,)
        yield f"{at}/expand/vars/0", (units, 4 * units)
        yield f"{at}/contract/vars/0", (4 * units, units)
    yield variable_path("rms_normalization", 0, 0), (units,)
