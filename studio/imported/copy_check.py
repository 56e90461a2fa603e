"""Checks the copy of an untrusted model, in a process that never read the original file.

Run in the sandbox of an empty folder, with the copy as its argument; it loads no Keras. Whether its arrays
are those of its layers Keras itself says, when a worker loads them.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.models import loading
from studio.imported import building, keras_files, resave

_MORE = 1024  # numbers beyond the parameters, such as the state of a layer that draws at random


def main() -> None:
    """Leaves an empty answer, or why the copy was refused."""
    resave.answer(check)


def check(copy: Path) -> dict[str, str]:
    """Raises `Refused` unless a copy has known parts, and plain and finite numbers alone."""
    weights = Path("copy.weights.h5")
    with copy.open("rb") as file:
        keras_files.read(file)
        keras_files.unpack_weights(file, weights)
    loading.check(weights, building.MOST_PARAMETERS + _MORE)
    return {}


if __name__ == "__main__":
    main()
