"""Checks the copy of an untrusted model, in a process that never read the original file.

Runs in a sandbox with an empty folder and the copy as its argument, without Keras. Keras checks that the
arrays fit the layers when a worker loads them.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.models import loading
from studio.imported import building, keras_files, resave, tflite_files, tflite_sandbox

_EXTRA_VALUES = 1024  # values beyond the parameters, such as the state of a random layer


def main() -> None:
    """Writes an empty answer, or the reason for a refusal."""
    resave.write_answer(check)


def check(copy: Path) -> dict[str, str]:
    """Raises `Refused` unless a copy has only allowed parts and plain, finite weights."""
    weights = Path("copy.weights.h5")
    with copy.open("rb") as file:
        if tflite_files.is_tflite(file):
            tflite_sandbox.describe(copy)
            return {}
        keras_files.read(file)
        keras_files.unpack_weights(file, weights)
    loading.check(weights, building.MAX_PARAMETERS + _EXTRA_VALUES)
    return {}


if __name__ == "__main__":
    main()
