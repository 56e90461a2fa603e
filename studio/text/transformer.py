"""The Transformer that predicts the next character, in Keras, for training.

A decoder-only Transformer with pre-normalization. Its state is a cache of the keys and values of the last
characters, so that it reads a text part by part as a recurrent network does (segment-level recurrence).

Reference:
    Vaswani et al. 2017, arXiv:1706.03762; segment-level recurrence: Dai et al. 2019, arXiv:1901.02860.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.training.batches import derive_seed
from studio.text.numpy_transformer import EPSILON, compute_rotations
from studio.text.settings import TrainTextSettings

MLP_RATIO = 4  # width of the hidden layer of an MLP, in widths of the model
CACHE_DROPOUT = 0.125  # share of the sequences that are read without a cache in training
_INITIAL_DEVIATION = 0.02  # standard deviation of the initial weights, as in GPT-2
_MASKED = -1e9  # score of a key that a query must not attend to


def _rotate(x: Any, cosines: np.ndarray, sines: np.ndarray) -> Any:
    """Rotates `(B, heads, T, size)` by positions; the halves of a head are the coordinates."""
    first, second = ops.split(x, 2, axis=-1)
    cosines, sines = ops.cast(cosines, x.dtype), ops.cast(sines, x.dtype)
    return ops.concatenate([first * cosines - second * sines, first * sines + second * cosines], axis=-1)


class Attention(keras.layers.Layer):
    """Causal multi-head attention over the last characters, with rotary positions.

    Queries and keys are normalized (Henry et al. 2020, arXiv:2010.04245), which keeps training stable at
    high learning rates.

    Args:
        settings: `width`, `heads`, and `sequence`, the number of characters that each one attends to.
        seeds: seeds of the initial weights.
    """

    def __init__(self, settings: TrainTextSettings, seeds: Iterator[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.heads, self.window = settings.heads, settings.sequence
        self.query_key_value = _build_dense(3 * settings.width, next(seeds), "query_key_value")
        self.query_norm = keras.layers.RMSNormalization(epsilon=EPSILON, name="query_norm")
        self.key_norm = keras.layers.RMSNormalization(epsilon=EPSILON, name="key_norm")
        self.output_projection = _build_dense(
            settings.width, next(seeds), "output", _residual_deviation(settings)
        )

    def call(self, x: Any, cached_keys: Any, cached_values: Any, allowed: Any) -> tuple[Any, Any, Any]:
        """Attends from each character to itself and those before it.

        Args:
            x: `(B, T, units)`.
            cached_keys, cached_values: `(B, window, units)` of the characters before; keys are not rotated.
            allowed: `(B, 1, T, window + T)`, 0 where a query may attend to a key, else a very low number.

        Returns:
            `(B, T, units)`, and the keys and values of the last `window` characters.
        """
        queries, keys, values = ops.split(self.query_key_value(x), 3, axis=-1)
        queries, keys = (
            ops.reshape(norm(self._split_heads(part)), ops.shape(part))
            for norm, part in ((self.query_norm, queries), (self.key_norm, keys))
        )
        length = x.shape[1]
        keys = ops.concatenate([ops.cast(cached_keys, keys.dtype), keys], axis=1)
        values = ops.concatenate([ops.cast(cached_values, values.dtype), values], axis=1)
        size = x.shape[2] // self.heads
        cosines, sines = compute_rotations(np.arange(self.window + length), size)
        rotated_queries = _rotate(
            self._transpose(queries), cosines[self.window :] * size**-0.5, sines[self.window :] * size**-0.5
        )
        rotated_keys = _rotate(self._transpose(keys), cosines, sines)
        scores = ops.matmul(rotated_queries, ops.transpose(rotated_keys, (0, 1, 3, 2)))
        weights = ops.softmax(scores + ops.cast(allowed, scores.dtype), axis=-1)
        mixed = ops.transpose(ops.matmul(weights, self._transpose(values)), (0, 2, 1, 3))
        output = self.output_projection(ops.reshape(mixed, ops.shape(x)))
        return output, keys[:, -self.window :], values[:, -self.window :]

    def _split_heads(self, x: Any) -> Any:
        return ops.reshape(x, (-1, x.shape[1], self.heads, x.shape[2] // self.heads))

    def _transpose(self, x: Any) -> Any:
        """Turns `(B, T, units)` into `(B, heads, T, size)`."""
        return ops.transpose(self._split_heads(x), (0, 2, 1, 3))


class Block(keras.layers.Layer):
    """Attention and an MLP, each after a normalization and added to its input.

    The MLP's nonlinearity is the squared ReLU (So et al. 2021, arXiv:2109.08668), which costs less than GELU.

    Args:
        settings: see `TrainTextSettings`.
        seeds: seeds of the initial weights and of dropout.
    """

    def __init__(self, settings: TrainTextSettings, seeds: Iterator[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.attention_norm = keras.layers.RMSNormalization(epsilon=EPSILON, name="attention_norm")
        self.attention = Attention(settings, seeds, name="attention")
        self.mlp_norm = keras.layers.RMSNormalization(epsilon=EPSILON, name="mlp_norm")
        self.expand = _build_dense(MLP_RATIO * settings.width, next(seeds), "expand")
        self.contract = _build_dense(settings.width, next(seeds), "contract", _residual_deviation(settings))
        self.attention_dropout = keras.layers.Dropout(settings.dropout, seed=next(seeds))
        self.mlp_dropout = keras.layers.Dropout(settings.dropout, seed=next(seeds))

    def call(
        self, x: Any, cached_keys: Any, cached_values: Any, allowed: Any, training: bool = False
    ) -> tuple[Any, Any, Any]:
        """Runs the block. See `Attention.call`."""
        attended, keys, values = self.attention(self.attention_norm(x), cached_keys, cached_values, allowed)
        x = x + self.attention_dropout(attended, training=training)
        hidden = ops.square(ops.relu(self.expand(self.mlp_norm(x))))
        return x + self.mlp_dropout(self.contract(hidden), training=training), keys, values


class TransformerModel(keras.Model):
    """Embedding, Transformer blocks, a final normalization, and a head tied to the embedding.

    Args:
        settings: shape and dropout rate.
        vocabulary_size: number of characters.

    Attributes:
        state_shapes: shapes, without the batch, of the states: keys and values of each block in turn, then
            the number of characters in the cache.
    """

    def __init__(self, settings: TrainTextSettings, vocabulary_size: int):
        super().__init__(name="character_model")
        seeds = iter(derive_seed(settings.seed, n) for n in range(1000))
        self.window = settings.sequence
        self.embedding = keras.layers.Embedding(
            vocabulary_size,
            settings.width,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=_INITIAL_DEVIATION, seed=next(seeds)
            ),
            name="embedding",
        )
        self.embedding_dropout = keras.layers.Dropout(settings.dropout, seed=next(seeds))
        self.blocks = [Block(settings, seeds, name=f"block_{n}") for n in range(settings.layers)]
        self.norm = keras.layers.RMSNormalization(epsilon=EPSILON, name="norm")
        self.cache_seeds = keras.random.SeedGenerator(next(seeds))
        self.state_shapes = [(self.window, settings.width)] * (2 * settings.layers) + [(1,)]

    def call(self, indices: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        """Reads a part of a text, with the cache of the parts before it.

        Args:
            indices: `(B, T) int32` characters.
            states: as `state_shapes`, each `float32` with a batch axis.
            training: whether to apply dropout, and to read some of the sequences without their cache, so that
                the model also learns to read the start of a text.

        Returns:
            `(B, T, vocabulary) float32` logits of the next character, and the states after the last one.
        """
        *cache, cached = states
        if training:
            is_kept = keras.random.uniform(ops.shape(cached), seed=self.cache_seeds) >= CACHE_DROPOUT
            cached = cached * ops.cast(is_kept, cached.dtype)
        length = indices.shape[1]
        allowed = self._mask_keys(cached, length)
        x, next_cache = self.embedding_dropout(self.embedding(indices), training=training), []
        for n, block in enumerate(self.blocks):
            x, keys, values = block(x, *cache[2 * n : 2 * n + 2], allowed, training=training)
            next_cache += [ops.cast(keys, "float32"), ops.cast(values, "float32")]
        embeddings = ops.cast(self.embedding.embeddings, x.dtype)
        logits = ops.cast(ops.matmul(self.norm(x), ops.transpose(embeddings)), "float32")
        return logits, [*next_cache, ops.minimum(cached + length, float(self.window))]

    def _mask_keys(self, cached: Any, length: int) -> Any:
        """Returns `allowed` of `Attention.call` for `(B, 1)` numbers of cached characters."""
        keys, queries = np.arange(self.window + length), np.arange(length)[:, None]
        is_in_window = (keys > queries) & (keys <= queries + self.window)
        is_empty = ops.cast(keys[None] < self.window - cached, "float32")
        return _MASKED * ((~is_in_window).astype("float32")[None, None] + is_empty[:, None, None])


def _build_dense(
    units: int, seed: int, name: str, deviation: float = _INITIAL_DEVIATION
) -> keras.layers.Dense:
    initializer = keras.initializers.RandomNormal(stddev=deviation, seed=seed)
    return keras.layers.Dense(units, use_bias=False, kernel_initializer=initializer, name=name)


def _residual_deviation(settings: TrainTextSettings) -> float:
    """Returns the standard deviation of weights whose outputs add up along the blocks, as in GPT-2."""
    return float(_INITIAL_DEVIATION / np.sqrt(2 * settings.layers))
