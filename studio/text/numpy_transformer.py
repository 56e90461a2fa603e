"""The trained Transformer in plain NumPy, with a key-value cache, for sampling and scoring.

Each character is read once: its keys and values stay in the cache, so a step costs one small matrix product
per layer of weights and one over the cached characters, at most as many as the context window has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

EPSILON = 1e-6  # of RMSNorm
ARRAYS_PER_BLOCK = 8
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
        query_key_scales: `(2, 1, size)`, the scales of the normalizations of queries and keys; those of queries
            also hold the factor `size ** -0.5` of the scores.
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
        keys, values: `(layers, B, heads, 2 * window, size) float32`; keys are rotated. With twice the window,
            a step only appends, and the window moves back to the start once in `window` characters.
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
        """Makes space for `count` more entries, at most `window`."""
        capacity = self.keys.shape[3]
        window = capacity // 2
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
            _fold_norms(*blocks[n : n + ARRAYS_PER_BLOCK]) for n in range(0, len(blocks), ARRAYS_PER_BLOCK)
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
        shape = (len(self.blocks), batch, self.heads, 2 * self.window, self.units // self.heads)
        return Cache(np.zeros(shape, "float32"), np.zeros(shape, "float32"), np.zeros(batch, "int64"))

    def forget(self, cache: Cache, text: int) -> None:
        """Empties the cache of one of the texts."""
        cache.starts[text] = cache.end

    def step(self, indices: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        """Reads one character per text, `(B,) int`; returns logits of the next, `(B, size)`, and the cache."""
        logits, cache = self.run(indices[:, None], cache)
        return logits[:, 0], cache

    def run(
        self, indices: np.ndarray, cache: Cache, attention: list[np.ndarray] | None = None
    ) -> tuple[np.ndarray, Cache]:
        """Reads `(B, T) int` characters; returns logits after each, `(B, T, size)`, and the cache.

        Args:
            indices: the characters.
            cache: of the characters before them; changed.
            attention: receives, for each part of at most `window` characters, the attention weights of each
                layer in turn, `(B, heads, T, keys)`; the last T keys are the part's own characters.
        """
        parts = [
            self._run_part(indices[:, start : start + self.window], cache, attention)
            for start in range(0, indices.shape[1], self.window)
        ]
        return (parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)), cache

    def _run_part(self, indices: np.ndarray, cache: Cache, attention: list[np.ndarray] | None) -> np.ndarray:
        batch, length = indices.shape
        cache.make_space(length)
        first, end = max(0, cache.end - self.window + 1), cache.end + length
        size = self.units // self.heads
        cosines, sines = compute_rotations(np.arange(cache.position, cache.position + length), size)
        mask = _mask_keys(length, first, end, self.window, cache.starts)
        x = self.embedding[indices]
        for n, block in enumerate(self.blocks):
            projected = (normalize(x) @ block.query_key_value).reshape(batch, length, 3, self.heads, size)
            projected = projected.transpose(2, 0, 3, 1, 4)  # (3, B, heads, T, size)
            queries_keys = normalize(projected[:2]) * block.query_key_scales[:, None, None]
            queries, keys = rotate(queries_keys, cosines, sines)
            cache.keys[n, :, :, cache.end : end] = keys
            cache.values[n, :, :, cache.end : end] = projected[2]
            scores = queries @ cache.keys[n, :, :, first:end].swapaxes(-1, -2)
            if mask is not None:
                scores += mask
            weights = softmax(scores)
            if attention is not None:
                attention.append(weights)
            mixed = (weights @ cache.values[n, :, :, first:end]).transpose(0, 2, 1, 3)
            x = x + mixed.reshape(x.shape) @ block.output
            hidden = np.maximum(normalize(x) @ block.expand, 0)
            x += np.square(hidden, out=hidden) @ block.contract
        cache.end, cache.position = end, cache.position + length
        return normalize(x) @ self.head


def _fold_norms(
    attention_norm: np.ndarray,
    query_key_value: np.ndarray,
    query_norm: np.ndarray,
    key_norm: np.ndarray,
    output: np.ndarray,
    mlp_norm: np.ndarray,
    expand: np.ndarray,
    contract: np.ndarray,
) -> Block:
    scales = np.stack([query_norm * len(query_norm) ** -0.5, key_norm])[:, None]
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
    """Rotates `(..., T, size)` by positions; the halves of the last axis are the coordinates."""
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
