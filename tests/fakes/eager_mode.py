"""Training without tracing, for fixtures of several tests; a single test uses the fixture `eager`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def run_eagerly() -> Iterator[None]:
    """Runs TensorFlow's functions as plain Python: tracing a training step takes longer than a few steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
