"""Keras and TensorFlow without the packages that they try to import and can do without.

Where those are installed, they take two fifths of the time of `import keras`, for data frames, plots and
wrappers that the studio never asks for.
"""

from __future__ import annotations

import importlib.abc
import sys
from typing import Any

# By who tries them, each within a `try`. Where Keras computes with JAX, its backend asks for that.
SPARED = {
    "keras": {"pandas", "matplotlib", "sklearn", "IPython"},
    "keras.src.callbacks": {"jax"},
    "tensorflow": {"jax"},
}


def spare() -> None:
    """Lets Keras and TensorFlow find none of SPARED from now on; everyone else does.

    For processes that are the studio's alone: in another, a person may fit a model to a data frame.
    """
    if not any(isinstance(finder, _Sparing) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Sparing())


class _Sparing(importlib.abc.MetaPathFinder):
    """Refuses a package by who asks for it."""

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        """Gives none, so that other finders are asked; raises `ModuleNotFoundError` to spare a package."""
        if not any(name in spared for spared in SPARED.values()):
            return
        frame = sys._getframe(1)
        while frame.f_back and _module(frame).startswith("importlib"):
            frame = frame.f_back
        asking = _module(frame)
        if any(name in spared and f"{asking}.".startswith(f"{who}.") for who, spared in SPARED.items()):
            raise ModuleNotFoundError(f"{asking} does without {name} here", name=name)


def _module(frame: Any) -> str:
    return frame.f_globals.get("__name__", "")
