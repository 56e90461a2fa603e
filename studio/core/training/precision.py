"""In which numbers a network computes while it learns. Its weights stay whole, in float32."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

Precision = Literal["float32", "bfloat16"]
HELP = "Numbers that the networks compute in while they learn: bfloat16 is faster on newer machines."


def policy(precision: Precision) -> str:
    """What Keras calls computing in such numbers, with whole weights."""
    return "float32" if precision == "float32" else f"mixed_{precision}"


@contextlib.contextmanager
def computing_in(precision: Precision) -> Iterator[None]:
    """While it is open, networks that are made compute in such numbers.

    Reference:
        Micikevicius et al. 2017, arXiv:1710.03740; bfloat16 Kalamkar et al. 2019, arXiv:1905.12322.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy(precision))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def as_float32(tensors: Any) -> Any:
    """What networks gave, in float32: losses are sums and differences of small numbers, and need it."""
    import keras

    return keras.tree.map_structure(lambda one: keras.ops.cast(one, "float32"), tensors)
