"""Compares an interrupted and resumed training run with an uninterrupted one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from studio.core.training.checkpoints import Run
from studio.core.training.trainer import Trainer


def check_resumed_as_unbroken(trainer: Callable[[Run | None], Trainer], folder: Path) -> None:
    """Fails unless both runs end with the same EMA weights.

    Args:
        trainer: returns a new trainer of the same training run, with its checkpoints.
        folder: for the checkpoints; does not exist yet.
    """
    unbroken, run = trainer(None), Run(folder)
    unbroken.advance()
    unbroken.step = 1
    unbroken.run = run
    unbroken.save()
    unbroken.run = None
    unbroken.fit()
    resumed = trainer(run)
    resumed.fit()
    for a, b in zip(unbroken.ema.arrays, resumed.ema.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
