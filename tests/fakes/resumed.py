"""A training that is left after a step and goes on, beside one that nothing broke, for tests of trainers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from studio.core.progress import Progress
from studio.core.training.averaged import AveragedTraining
from studio.core.training.checkpoints import Run


def ends_as_unbroken(trainer: Callable[[Run | None], AveragedTraining], place: Path) -> None:
    """Fails unless both end with the same averaged weights.

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
    whole.learn(Progress())
    second = trainer(run)
    second.learn(Progress())
    for a, b in zip(whole.average.arrays, second.average.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
