"""In which numbers a network computes. Its weights stay whole, in float32."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

Precision = Literal["float32", "bfloat16"]
Choice = Literal["auto", "float32", "bfloat16"]
CHOICE_HELP = (
    "Numbers that VGG16 computes in: bfloat16 takes a quarter of the time where the processor has AMX, and"
    " more of it elsewhere; auto: what is faster here."
)
HELP = "Numbers that the networks compute in while they learn: bfloat16 is faster on newer machines."


def chosen(choice: Choice) -> Precision:
    """What is computed in on this machine. Loads no Keras."""
    return fastest() if choice == "auto" else choice


@cache
def fastest() -> Precision:
    """What TensorFlow's large convolutions are faster in here: bfloat16 with AMX, else float32.

    With AVX-512's own bfloat16 alone a pass of VGG16 takes 1.4 times as long as in float32, without it 3.8
    times; GPUs and JAX were not measured.
    """
    by_tensorflow = os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"
    by_onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") != "0"
    return "bfloat16" if by_tensorflow and by_onednn and "amx_bf16" in _abilities() else "float32"


def _abilities() -> set[str]:
    """What the first processor can do, as Linux names it; nothing where the system is another."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                return set(line.split(":", 1)[1].split())
    return set()


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
