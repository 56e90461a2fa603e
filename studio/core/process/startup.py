"""Keras and TensorFlow without the packages that they try to import and can do without.

Where those are installed, they take two fifths of the time of `import keras`, for data frames, plots and
wrappers that the studio never asks for.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# By the module that tries them, each within a `try`. The JAX backend of Keras is not spared JAX.
SPARED = {
    "keras": ("pandas", "matplotlib", "sklearn", "IPython"),
    "keras.src.callbacks": ("jax",),
    "tensorflow": ("jax",),
}


def spare() -> None:
    """Lets Keras and TensorFlow find none of SPARED while they are imported; afterwards all can be imported.

    For processes that are the studio's alone: in another, a user may fit a model to a data frame.
    """
    if not any(isinstance(finder, _Sparing) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Sparing())


class _Sparing(importlib.abc.MetaPathFinder):
    """Finds the modules of SPARED as Python does, and has them executed without those packages."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The usual spec for a module of SPARED; None for any other, so that the other finders are asked."""
        spec = PathFinder.find_spec(name, path, target) if name in SPARED else None
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with _absent(SPARED[name]):
                    execute(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


@contextmanager
def _absent(packages: Iterable[str]) -> Iterator[None]:
    """While open, importing these packages raises `ModuleNotFoundError`, unless they are imported already."""
    absent = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is Python's own way to say so
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
