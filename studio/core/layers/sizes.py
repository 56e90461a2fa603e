"""How large networks are. Loads no NumPy, for settings tell it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def parameters(shape: Sequence[int]) -> int:
    """How many weights and biases fully connected layers have, by the widths from inputs to outputs."""
    return sum((given + 1) * made for given, made in pairwise(shape))
