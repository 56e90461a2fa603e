"""Compares an interrupted and resumed training run with an uninterrupted one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from studio.core.training.checkpoints import Run
from studio.core.training.trainer import Trainer


def ends_as_unbroken(trainer: Callable[[Run | None], Trainer], place: Path) -> None:
    """Fails unless both runs end with the same EMA weights.

    Args:
        trainer: makes the same training each time, which keeps its checkpoints where it is told.
        place: a folder that is not there yet.
    """
    whole, run = trainer(None), Run(place)
    whole.advance()
    whole.step = 1
    whole.run = run
    whole.save()
    whole.run = None
    whole.fit()
    second = trainer(run)
    second.fit()
    for a, b in zip(whole.ema.arrays, second.ema.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
