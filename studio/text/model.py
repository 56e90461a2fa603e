"""Recurrent networks that predict the next character, in Keras, and a wrapper to train all architectures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from studio.core.training.batches import derive_seed
from studio.text.lstm import LSTM
from studio.text.settings import TrainTextSettings
from studio.text.transformer import TransformerModel


class CharacterModel(keras.Model):
    """Embedding, stacked LSTM or GRU layers with dropout, and a head that may be tied to the embedding.

    Args:
        settings: shape and dropout rates.
        vocabulary_size: number of characters.
    """

    def __init__(self, settings: TrainTextSettings, vocabulary_size: int):
        super().__init__(name="character_model")
        seeds = iter(derive_seed(settings.seed, n) for n in range(100))
        self.tied = settings.tied
        self.embedding = keras.layers.Embedding(
            vocabulary_size,
            settings.embedding,
            embeddings_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=next(seeds)),
            name="embedding",
        )
        # The dropout mask is constant along a sequence (Gal and Ghahramani 2016, arXiv:1512.05287).
        rates = [settings.embedding_dropout, *[settings.dropout] * settings.layers]
        self.dropouts = [
            keras.layers.Dropout(rate, noise_shape=(None, 1, None), seed=next(seeds)) for rate in rates
        ]
        self.recurrent = [_build_recurrent_layer(settings, n, seeds) for n in range(settings.layers)]
        self.projection = (
            keras.layers.Dense(
                settings.embedding,
                use_bias=False,
                kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
                name="projection",
            )
            if settings.tied
            else None
        )
        self.head = (
            TiedHead(vocabulary_size, name="head")
            if settings.tied
            else keras.layers.Dense(
                vocabulary_size,
                kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
                name="head",
            )
        )
        self.state_shapes = (
            [(settings.units,)] * settings.layers * (2 if settings.architecture == "lstm" else 1)
        )

    def call(self, indices: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Reads a part of a text, starting from the states at the end of the previous part.

        Args:
            indices: `(B, T) int32` characters.
            states: each `(B, units) float32`; for an LSTM, hidden and cell state of each layer in turn.
            training: whether to apply dropout.

        Returns:
            `(B, T, vocabulary) float32` logits of the next character, and the states after the last one.
        """
        count = len(states) // len(self.recurrent)  # states of a layer
        x, next_states = self.dropouts[0](self.embedding(indices), training=training), []
        for n, (layer, dropout) in enumerate(zip(self.recurrent, self.dropouts[1:], strict=True)):
            x, *layer_states = layer(x, initial_state=states[n * count : (n + 1) * count], training=training)
            next_states += layer_states
            x = dropout(x, training=training)
        if self.projection is not None:
            return self.head(self.projection(x), self.embedding.embeddings), next_states
        return self.head(x), next_states


class TiedHead(keras.layers.Layer):
    """A head that shares its weights with the embedding (Press and Wolf 2016, arXiv:1608.05859)."""

    def __init__(self, vocabulary_size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.bias = self.add_weight(shape=(vocabulary_size,), initializer="zeros", name="bias")

    def call(self, x: Any, embeddings: Any) -> Any:
        """Returns logits `(..., vocabulary)` from `(..., embedding)` and `(vocabulary, embedding)`."""
        return ops.matmul(x, ops.transpose(embeddings)) + self.bias


def _build_recurrent_layer(settings: TrainTextSettings, n: int, seeds: Iterator[int]) -> keras.layers.RNN:
    options = {
        "recurrent_initializer": keras.initializers.Orthogonal(seed=next(seeds)),
        "name": f"recurrent_{n}",
        "kernel_initializer": keras.initializers.GlorotUniform(seed=next(seeds)),
    }
    if settings.architecture == "gru":
        return keras.layers.GRU(settings.units, return_sequences=True, return_state=True, **options)
    return LSTM(settings.units, settings.weight_dropout, seed=next(seeds), **options)


def build_model(settings: TrainTextSettings, vocabulary_size: int) -> CharacterModel | TransformerModel:
    """Builds a model of the architecture in the settings, with fresh weights from their seed."""
    kind = TransformerModel if settings.architecture == "transformer" else CharacterModel
    model = kind(settings, vocabulary_size)
    model(ops.zeros((1, 2), "int32"), [ops.zeros((1, *shape)) for shape in model.state_shapes])
    return model


class StatefulModel(keras.Model):
    """A model that reads several parts of a text in parallel and carries its states from batch to batch.

    Args:
        character_model: the model to wrap.
        streams: number of parts, the batch size.
    """

    def __init__(self, character_model: CharacterModel | TransformerModel, streams: int):
        super().__init__(name="streams")
        self.character_model = character_model
        self.states = [
            self.add_weight(shape=(streams, *shape), initializer="zeros", trainable=False, name=f"state_{n}")
            for n, shape in enumerate(character_model.state_shapes)
        ]

    def call(self, indices: Any, training: bool = False) -> Any:
        """Returns logits `(streams, T, vocabulary) float32` for `(streams, T) int32`; updates the states."""
        states = [ops.convert_to_tensor(state) for state in self.states]
        logits, next_states = self.character_model(indices, states, training=training)
        for variable, state in zip(self.states, next_states, strict=True):
            # Truncated backpropagation through time: states carry over, gradients stop at the batch's start.
            variable.assign(ops.stop_gradient(state))
        return logits

    def reset_states(self) -> None:
        """Sets all states to zero, as before the first character of a text."""
        for state in self.states:
            state.assign(ops.zeros(state.shape))
