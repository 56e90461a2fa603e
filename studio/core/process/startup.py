"""Imports Keras and TensorFlow without optional packages.

If installed, those take two fifths of the time of `import keras`, for data frames, plots and wrappers that
the studio never uses.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# By the module that imports them within a `try`. Keras' JAX backend still imports JAX.
SKIPPED_IMPORTS = {
    "keras": ("pandas", "matplotlib", "sklearn", "IPython"),
    "keras.src.callbacks": ("jax",),
    "tensorflow": ("jax",),
}


def skip_optional_imports() -> None:
    """Hides the packages of SKIPPED_IMPORTS from Keras and TensorFlow while these are imported.

    Only for the studio's own processes: in others, the user may fit a model to a data frame.
    """
    if not any(isinstance(finder, _SkippingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _SkippingFinder())


class _SkippingFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of SKIPPED_IMPORTS as Python does, and executes them without those packages."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Returns the usual spec for a module of SKIPPED_IMPORTS; None for others, left to other finders."""
        spec = PathFinder.find_spec(name, path, target) if name in SKIPPED_IMPORTS else None
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with _hide_packages(SKIPPED_IMPORTS[name]):
                    execute(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


@contextmanager
def _hide_packages(packages: Iterable[str]) -> Iterator[None]:
    """Makes imports of packages that are not imported yet raise `ModuleNotFoundError` in its block."""
    absent = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None makes Python's import fail
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
