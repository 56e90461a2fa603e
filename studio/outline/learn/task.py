"""Learning to paint avatars as a task: nothing in, a packed network with its card out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.training import checkpoints, publish
from studio.outline import models
from studio.outline.learn import card, finish, measure
from studio.outline.learn.pairs import HELD_OUT_SEED, Bank
from studio.outline.settings import KINDS, TrainOutlineSettings

DRAWN = "avatars that the studio draws"
HELD_OUT = 192  # avatars, a third of them in each kind


@checkpoints.one_at_a_time(models.TASK)
def train(settings: TrainOutlineSettings, inputs: Inputs, progress: Progress) -> Result:
    """Teaches a network to paint avatars. See `studio.outline.learn.train`."""
    from studio.outline.learn import train as training

    progress.stage("Drawing avatars to learn from")
    start = finish.start(inputs)  # before minutes of drawing: it may be no whole network
    bank = Bank(settings.seed, settings.avatars, settings, progress)
    held_out = Bank(HELD_OUT_SEED, max(HELD_OUT, settings.scored), settings, progress)
    rng = np.random.default_rng(HELD_OUT_SEED)
    rows = np.arange(HELD_OUT)
    kinds = [KINDS[n % len(KINDS)] for n in rows]
    tested = held_out.drawn(rows, kinds, rng)
    job = publish.Job(models.TASK, "train_outline", settings, inputs)
    trainer = training.Trainer(bank, tested, settings, job.run, start).fit(progress)
    off = 255 * np.abs(trainer.paint(tested) - tested["picture"]).mean((1, 2, 3))
    figures = {
        **job.figures(trainer, split=False),
        **finish.figures(trainer),
        "held_out": HELD_OUT,
        **{f"off_{kind}": float(off[n :: len(KINDS)].mean()) for n, kind in enumerate(KINDS)},
    }
    if settings.scored and trainer.ended != "cancelled":
        try:
            figures |= scored(trainer.paint, held_out, settings, progress)
        except Cancelled:
            figures["ended"] = "cancelled"
    picture, known = publish.picture(trainer.sheet(), figures["curve"]), {"trained_on": DRAWN}
    return job.publish(trainer.result, figures, card.write, known=known, picture=picture, suffix="outline")


def scored(
    paint: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    held_out: Bank,
    settings: TrainOutlineSettings,
    progress: Progress,
) -> dict[str, Any]:
    """FID and LPIPS of what is painted of held-out outlines, see `measure.distances`.

    Args:
        paint: gives what is painted of a batch of a bank, `(n, size, size, 3) float32 in [0, 1]`.
    """
    count = settings.scored
    rng = np.random.default_rng([HELD_OUT_SEED, 1])
    made, kinds = [], [KINDS[0]] * 32
    for at in range(0, count, 32):
        progress.report(at, count)
        rows = np.arange(at, min(at + 32, count))
        made.append(paint(held_out.drawn(rows, kinds[: len(rows)], rng)))
    painted = np.rint(255 * np.concatenate(made)).clip(0, 255).astype("uint8")
    others = Bank(HELD_OUT_SEED + 1, count, settings, progress).pictures
    return measure.distances(painted, held_out.pictures[:count], others, progress)
