"""Looks over the copy of a stranger's model, in a process that never saw what it was made of.

Run in the sandbox of an empty folder, with the copy as its argument; it loads no Keras. Whether its arrays
are those of its layers Keras itself says, when a worker loads them.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.brought.rebuilding import building
from studio.core.brought.sandboxed import resave

_MORE = 1024  # numbers beside the parameters, as the state of a layer that draws at random


def main() -> None:
    """Leaves an empty answer, or why the copy was refused."""
    resave.answer(check)


def check(copy: Path) -> dict[str, str]:
    """Raises `Refused` unless a copy is of known parts, and of plain and finite numbers alone."""
    resave.look_over(copy, Path.cwd(), building.MOST_PARAMETERS + _MORE)
    return {}


if __name__ == "__main__":
    main()
