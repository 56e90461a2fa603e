"""The recurrent network that predicts the next character, in Keras, for training."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from studio.core.training.batches import derive_seed
from studio.text.lstm import LSTM
from studio.text.settings import TrainTextSettings


class CharacterModel(keras.Model):
    """Embedding, stacked LSTM or GRU layers with dropout, and a head that may be tied to the embedding.

    Args:
        settings: shape and dropout rates.
        size: number of characters in the vocabulary.
    """

    def __init__(self, settings: TrainTextSettings, size: int):
        super().__init__(name="character_model")
        seeds = iter(derive_seed(settings.seed, n) for n in range(100))
        self.tied = settings.tied
        self.embedding = keras.layers.Embedding(
            size,
            settings.embedding,
            embeddings_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=next(seeds)),
            name="embedding",
        )
        # The dropout mask is constant along a sequence (Gal and Ghahramani 2016, arXiv:1512.05287).
        drops = [settings.embedding_dropout, *[settings.dropout] * settings.layers]
        self.drops = [keras.layers.Dropout(d, noise_shape=(None, 1, None), seed=next(seeds)) for d in drops]
        self.recurrent = [_layer(settings, n, seeds) for n in range(settings.layers)]
        self.projection = (
            keras.layers.Dense(settings.embedding, use_bias=False, name="projection", **_start(seeds))
            if settings.tied
            else None
        )
        self.head = (
            Tied(size, name="head")
            if settings.tied
            else keras.layers.Dense(size, name="head", **_start(seeds))
        )
        self.state_shapes = [(settings.units,)] * settings.layers * (2 if settings.cell == "lstm" else 1)

    def call(self, indices: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Reads a part of a text, starting from the states at the end of the previous part.

        Args:
            indices: `(B, T) int32` characters.
            states: each `(B, units) float32`; for an LSTM, hidden and cell state of each layer in turn.
            training: whether to apply dropout.

        Returns:
            `(B, T, vocabulary) float32` logits of the next character, and the states after the last one.
        """
        each = len(states) // len(self.recurrent)
        x, after = self.drops[0](self.embedding(indices), training=training), []
        for n, (layer, drop) in enumerate(zip(self.recurrent, self.drops[1:], strict=True)):
            x, *state = layer(x, initial_state=states[n * each : (n + 1) * each], training=training)
            after += state
            x = drop(x, training=training)
        if self.projection is not None:
            return self.head(self.projection(x), self.embedding.embeddings), after
        return self.head(x), after


class Tied(keras.layers.Layer):
    """A head that shares its weights with the embedding (Press and Wolf 2016, arXiv:1608.05859)."""

    def __init__(self, size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.bias = self.add_weight(shape=(size,), initializer="zeros", name="bias")

    def call(self, x: Any, embeddings: Any) -> Any:
        """Returns logits `(..., vocabulary)` from `(..., embedding)` and `(vocabulary, embedding)`."""
        return ops.matmul(x, ops.transpose(embeddings)) + self.bias


def _start(seeds: Any) -> dict[str, Any]:
    return {"kernel_initializer": keras.initializers.GlorotUniform(seed=next(seeds))}


def _layer(settings: TrainTextSettings, number: int, seeds: Any) -> Any:
    shared = {
        "recurrent_initializer": keras.initializers.Orthogonal(seed=next(seeds)),
        "name": f"recurrent_{number}",
        **_start(seeds),
    }
    if settings.cell == "gru":
        return keras.layers.GRU(settings.units, return_sequences=True, return_state=True, **shared)
    return LSTM(settings.units, settings.weight_dropout, seed=next(seeds), **shared)


def build(settings: TrainTextSettings, size: int) -> CharacterModel:
    """Builds a `CharacterModel` with fresh weights from the seed in the settings."""
    model = CharacterModel(settings, size)
    model(ops.zeros((1, 2), "int32"), [ops.zeros((1, *shape)) for shape in model.state_shapes])
    return model


class Streams(keras.Model):
    """A model that reads several parts of a text in parallel and carries its states from batch to batch.

    Args:
        core: the network.
        streams: number of parts, the batch size.
    """

    def __init__(self, core: CharacterModel, streams: int):
        super().__init__(name="streams")
        self.core = core
        self.states = [
            self.add_weight(shape=(streams, *shape), initializer="zeros", trainable=False, name=f"state_{n}")
            for n, shape in enumerate(core.state_shapes)
        ]

    def call(self, indices: Any, training: bool = False) -> Any:
        """Returns logits `(streams, T, vocabulary) float32` for `(streams, T) int32`; updates the states."""
        before = [ops.convert_to_tensor(state) for state in self.states]
        logits, after = self.core(indices, before, training=training)
        for variable, state in zip(self.states, after, strict=True):
            # Truncated backpropagation through time: states carry over, gradients stop at the batch's start.
            variable.assign(ops.stop_gradient(state))
        return logits

    def forget(self) -> None:
        """Sets all states to zero, as before the first character of a text."""
        for state in self.states:
            state.assign(ops.zeros(state.shape))
