"""Sizes of networks. Does not import NumPy, because settings use it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def count_parameters(shape: Sequence[int]) -> int:
    """Returns the number of weights and biases of fully connected layers, by the widths of all layers."""
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(shape))
