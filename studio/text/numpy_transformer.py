"""The trained Transformer in plain NumPy, with a key-value cache, for sampling and scoring.

Each character is read once: its keys and values stay in the cache, so a step costs one small matrix product
per layer of weights and one over the cached characters, at most as many as the context window has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

EPSILON = 1e-6  # of RMSNorm
ARRAYS_PER_BLOCK = 8
MAX_PART = 64  # characters of a text that are read at once
EMPTY = np.empty((0, 0), "float32")
_ROTARY_BASE = 10_000.0


def compute_rotations(positions: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the cosines and sines of rotary positions, each `(positions, size / 2) float32`.

    Args:
        positions: `(positions,) int`.
        size: units of an attention head, an even number.

    Reference:
        Su et al. 2021, arXiv:2104.09864.
    """
    angles = positions[:, None] * _ROTARY_BASE ** (-np.arange(0, size, 2) / size)
    return np.cos(angles).astype("float32"), np.sin(angles).astype("float32")


@dataclass(frozen=True)
class Block:
    """Attention and an MLP. The scales of the normalizations before them are multiplied into their kernels.

    Attributes:
        query_key_value: `(units, 3 * units) float32`.
        query_key_scales: `(2 * heads, size)`, the scales of the normalizations of queries and keys; those of
            queries also hold the factor `size ** -0.5` of the scores.
        output: `(units, units)`.
        expand, contract: `(units, 4 * units)` and `(4 * units, units)`.
    """

    query_key_value: np.ndarray
    query_key_scales: np.ndarray
    output: np.ndarray
    expand: np.ndarray
    contract: np.ndarray


@dataclass
class Cache:
    """Keys and values of the last characters of B texts. A step changes it.

    Attributes:
        keys, values: `(layers, B, heads, window + MAX_PART, size) float32`; keys are rotated. A step appends;
            when these are full, the window moves back to the start.
        starts: `(B,) int`, the first of the entries that belong to each text.
        end: the number of entries.
        position: the number of characters read so far.
    """

    keys: np.ndarray
    values: np.ndarray
    starts: np.ndarray
    end: int = 0
    position: int = 0

    def make_space(self, count: int) -> None:
        """Makes space for `count` more entries, at most `MAX_PART`."""
        capacity = self.keys.shape[3]
        window = capacity - MAX_PART
        if self.end + count > capacity:
            for array in (self.keys, self.values):
                array[:, :, :, :window] = array[:, :, :, self.end - window : self.end]
            self.starts = np.maximum(self.starts - (self.end - window), 0)
            self.end = window


class Transformer:
    """Embedding, Transformer blocks, and a head tied to the embedding.

    Args:
        weights: the arrays of a `studio.text.transformer.TransformerModel`, in its order.
        heads: number of attention heads.
        window: number of characters that each character attends to, itself included.
    """

    def __init__(self, weights: Sequence[np.ndarray], heads: int, window: int):
        embedding, *blocks, norm = [np.ascontiguousarray(array, "float32") for array in weights]
        self.embedding, self.heads, self.window = embedding, heads, window
        self.blocks = [
            _fold_norms(heads, *blocks[n : n + ARRAYS_PER_BLOCK])
            for n in range(0, len(blocks), ARRAYS_PER_BLOCK)
        ]
        self.head = norm[:, None] * embedding.T

    @property
    def size(self) -> int:
        """Returns the number of characters in the vocabulary."""
        return len(self.embedding)

    @property
    def units(self) -> int:
        """Returns the width of the model."""
        return self.embedding.shape[1]

    def states(self, batch: int) -> Cache:
        """Returns the empty cache of so many texts."""
        shape = (len(self.blocks), batch, self.heads, self.window + MAX_PART, self.units // self.heads)
        return Cache(np.zeros(shape, "float32"), np.zeros(shape, "float32"), np.zeros(batch, "int64"))

    def forget(self, cache: Cache, text: int) -> None:
        """Empties the cache of one of the texts."""
        cache.starts[text] = cache.end

    def step(self, indices: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        """Reads one character per text, `(B,) int`; returns logits of the next, `(B, size)`, and cache."""
        return self.read_part(indices[:, None], cache)[:, 0], cache

    def run(
        self, indices: np.ndarray, cache: Cache, attention: list[np.ndarray] | None = None
    ) -> tuple[np.ndarray, Cache]:
        """Reads `(B, T) int` characters; returns logits after each, `(B, T, size)`, and the cache.

        Args:
            indices: the characters.
            cache: of the characters before them; it is changed.
            attention: see `read_part`.
        """
        logits = [
            self.read_part(indices[:, start : start + length], cache, attention)
            for start, length in self.split(indices.shape[1])
        ]
        return np.concatenate(logits, axis=1), cache

    def split(self, length: int) -> Iterator[tuple[int, int]]:
        """Yields start and length of the parts in which `run` reads so many characters."""
        return ((start, min(MAX_PART, length - start)) for start in range(0, length, MAX_PART))

    def read_part(
        self, indices: np.ndarray, cache: Cache, attention: list[np.ndarray] | None = None
    ) -> np.ndarray:
        """Reads at most `MAX_PART` characters of each text. Returns the logits after each.

        Args:
            indices: `(B, T) int`.
            cache: of the characters before them; it is changed.
            attention: receives the attention weights of each block, `(B, heads, T, keys)`; the last T keys
                are the characters themselves.
        """
        batch, length = indices.shape
        cache.make_space(length)
        first, end = max(0, cache.end - self.window + 1), cache.end + length
        heads, size = self.heads, self.units // self.heads
        positions = np.arange(cache.position, cache.position + length)
        rotations = tuple(np.tile(part, (batch, 1))[:, None] for part in compute_rotations(positions, size))
        mask = _mask_keys(length, first, end, self.window, cache.starts)
        x = self.embedding[indices.reshape(-1)]
        queries_keys, values = self.project(0, x, rotations)
        for n in range(len(self.blocks)):
            by_head = queries_keys.reshape(batch, length, 2, heads, size).transpose(2, 0, 3, 1, 4)
            cache.keys[n, :, :, cache.end : end] = by_head[1]
            cache.values[n, :, :, cache.end : end] = values.reshape(batch, length, heads, size).swapaxes(1, 2)
            scores = by_head[0] @ cache.keys[n, :, :, first:end].swapaxes(-1, -2)
            if mask is not None:
                scores += mask
            weights = softmax(scores)
            if attention is not None:
                attention.append(weights)
            mixed = weights @ cache.values[n, :, :, first:end]
            x, queries_keys, values = self.advance(n, x, mixed.swapaxes(1, 2).reshape(x.shape), rotations)
        cache.end, cache.position = end, cache.position + length
        return x.reshape(batch, length, -1)

    def project(
        self, n: int, x: np.ndarray, rotations: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Computes queries, keys and values of block n.

        Args:
            n: the block.
            x: `(R, units)`, its input, one row per character.
            rotations: cosines and sines of the positions, each `(R, 1, size / 2)`.

        Returns:
            Rotated queries and keys, `(R, 2 * heads, size)`, and values, `(R, units)`.
        """
        block = self.blocks[n]
        projected = normalize(x) @ block.query_key_value
        queries_keys = projected[:, : 2 * self.units].reshape(len(x), *block.query_key_scales.shape)
        queries_keys = rotate(normalize(queries_keys) * block.query_key_scales, *rotations)
        return queries_keys, projected[:, 2 * self.units :]

    def advance(
        self, n: int, x: np.ndarray, mixed: np.ndarray, rotations: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Computes what follows the attention of block n.

        Args:
            n: the block.
            x: `(R, units)`, its input.
            mixed: `(R, units)`, the values that its heads attended to.
            rotations: see `project`.

        Returns:
            The input, the rotated queries and keys and the values of the next block; after the last one, the
            logits, `(R, size)`, and two empty arrays.
        """
        block = self.blocks[n]
        x = x + mixed @ block.output
        hidden = np.maximum(normalize(x) @ block.expand, 0)
        x += np.square(hidden, out=hidden) @ block.contract
        if n + 1 == len(self.blocks):
            return normalize(x) @ self.head, EMPTY, EMPTY
        return x, *self.project(n + 1, x, rotations)


def _fold_norms(
    heads: int,
    attention_norm: np.ndarray,
    query_key_value: np.ndarray,
    query_norm: np.ndarray,
    key_norm: np.ndarray,
    output: np.ndarray,
    mlp_norm: np.ndarray,
    expand: np.ndarray,
    contract: np.ndarray,
) -> Block:
    scales = np.repeat([query_norm * len(query_norm) ** -0.5, key_norm], heads, axis=0)
    return Block(
        attention_norm[:, None] * query_key_value,
        scales.astype("float32"),
        output,
        mlp_norm[:, None] * expand,
        contract,
    )


def normalize(x: np.ndarray) -> np.ndarray:
    """Divides by the root mean square over the last axis (RMSNorm, arXiv:1910.07467)."""
    squares = np.einsum("...i,...i->...", x, x)[..., None]
    return x * (1 / np.sqrt(squares / x.shape[-1] + np.float32(EPSILON)))


def rotate(x: np.ndarray, cosines: np.ndarray, sines: np.ndarray) -> np.ndarray:
    """Rotates `(R, heads, size)` by positions; the halves of the last axis are the coordinates."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cosines - second * sines, first * sines + second * cosines], axis=-1)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Computes the softmax over the last axis."""
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return weights


def _mask_keys(length: int, first: int, end: int, window: int, starts: np.ndarray) -> np.ndarray | None:
    """Returns what to add to scores, `(B, 1, T, keys) float32`: minus infinity where a query must not attend.

    Returns None if a single query may attend to all keys.

    Args:
        length: T, the number of queries, which are the last entries.
        first, end: the range of entries.
        window: number of entries that each query attends to.
        starts: `(B,)`, the first entry of each text.
    """
    if length == 1 and starts.max() <= first:
        return None
    keys, queries = np.arange(first, end), np.arange(end - length, end)[:, None]
    is_outside = (keys > queries) | (keys <= queries - window)
    is_outside = is_outside[None, None] | (keys < starts[:, None])[:, None, None]
    return np.where(is_outside, np.float32(-np.inf), np.float32(0))
