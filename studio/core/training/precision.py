"""Mixed precision: the data type that networks compute in. Weights stay in float32."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

Precision = Literal["float32", "bfloat16"]
PrecisionChoice = Literal["auto", "float32", "bfloat16"]
CHOICE_HELP = (
    "Data type of VGG16's computations: bfloat16 is four times as fast as float32 on processors with "
    "Advanced Matrix Extensions (AMX) but slower on others; auto picks the faster of the two."
)
HELP = (
    "Data type of the computations during training; bfloat16 (mixed precision) is less exact than float32 "
    "but faster on hardware made for it, such as recent GPUs."
)


def resolve_precision(choice: PrecisionChoice) -> Precision:
    """Returns the data type to compute in; "auto" takes the fastest here. Loads no Keras."""
    return detect_fastest() if choice == "auto" else choice


@cache
def detect_fastest() -> Precision:
    """Detects the faster data type for TensorFlow's large convolutions: bfloat16 with AMX, else float32.

    With only AVX-512's bfloat16, a pass of VGG16 takes 1.4 times as long as in float32, without it 3.8
    times. GPUs and JAX were not measured.
    """
    uses_tensorflow = os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"
    uses_onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") != "0"
    return "bfloat16" if uses_tensorflow and uses_onednn and "amx_bf16" in _read_cpu_flags() else "float32"


def _read_cpu_flags() -> set[str]:
    """Reads the CPU flags of the first processor on Linux; none on other systems."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                return set(line.split(":", 1)[1].split())
    return set()


def policy_name(precision: Precision) -> str:
    """Returns the name of Keras' dtype policy that computes in this type with float32 weights."""
    return "float32" if precision == "float32" else f"mixed_{precision}"


@contextlib.contextmanager
def use_precision(precision: Precision) -> Iterator[None]:
    """Sets Keras' dtype policy while the context is open, so new networks compute in this type.

    Reference:
        Micikevicius et al. 2017, arXiv:1710.03740; bfloat16 Kalamkar et al. 2019, arXiv:1905.12322.
    """
    import keras

    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy_name(precision))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


def cast_to_float32(tensors: Any) -> Any:
    """Casts outputs of networks to float32, which sums and differences of small losses need."""
    import keras

    return keras.tree.map_structure(lambda tensor: keras.ops.cast(tensor, "float32"), tensors)
