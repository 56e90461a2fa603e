"""Learning to paint avatars as a task: avatars with sketches in, a packed network with its card out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from studio.core.data import split
from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.training import checkpoints, publish
from studio.core.training.batches import evenly_spaced
from studio.sketch import models
from studio.sketch.learn import bank, card, finish, measure
from studio.sketch.learn.bank import Bank
from studio.sketch.settings import KINDS, TrainSketchSettings

_TESTED = 192  # held-out avatars at most, a third of them in each kind


@checkpoints.one_at_a_time(models.TASK)
def train(settings: TrainSketchSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network to paint avatars. See `studio.sketch.learn.train`."""
    file = inputs["data"][0]
    start = finish.start(inputs)
    progress.stage("Reading avatars")
    avatars = bank.read(file, settings.size)  # before Keras loads: they may be none
    from studio.sketch.learn import train as training

    positions = split.from_sha256(bank.sha256(avatars))
    learned, held_out = (avatars.part(rows) for rows in split.split(positions, settings.held_out))
    rows = evenly_spaced(np.arange(len(held_out)), _TESTED)
    rows = np.resize(rows, max(len(rows), len(KINDS)))  # so that each kind is tested
    kinds = [KINDS[n % len(KINDS)] for n in range(len(rows))]
    tested = held_out.drawn(rows, kinds, np.random.default_rng(0))
    job = publish.Job(models.TASK, "train_sketch", settings, inputs)
    trainer = training.Trainer(learned, tested, settings, job.run, start).fit(progress)
    off = 255 * np.abs(trainer.paint(tested) - tested["image"]).mean((1, 2, 3))
    figures = {
        **job.figures(trainer),
        **finish.figures(trainer),
        "avatars": len(avatars),
        "held_out": len(held_out),
        **{f"off_{kind}": float(off[n :: len(KINDS)].mean()) for n, kind in enumerate(KINDS)},
    }
    if settings.scored and trainer.ended != "cancelled":
        try:
            found = scored(trainer.paint, held_out, learned, settings.scored, progress)
            figures |= found | {"notes": [*figures["notes"], *found["notes"]]}
        except Cancelled:
            figures["ended"] = "cancelled"
    image = publish.image(trainer.sheet(), figures["curve"])
    return job.publish(trainer.result, figures, card.write, image=image, suffix="-outline")


def scored(
    paint: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    held_out: Bank,
    others: Bank,
    count: int,
    progress: Progress,
) -> dict[str, Any]:
    """FID and LPIPS of what is painted of held-out outlines, see `measure.distances`.

    Args:
        paint: gives what is painted of a batch of a bank, `(n, size, size, 3) float32 in [0, 1]`.
        held_out: avatars; fewer are taken if there are fewer, here or among the others.
        others: avatars that have nothing to do with them.
        count: how many.
        progress: told of each 32 of them.
    """
    count = min(count, len(held_out), len(others))
    rng = np.random.default_rng(1)
    made, kinds = [], [KINDS[0]] * 32
    for at in range(0, count, 32):
        progress.report(at, count)
        rows = np.arange(at, min(at + 32, count))
        made.append(paint(held_out.drawn(rows, kinds[: len(rows)], rng)))
    painted = np.rint(255 * np.concatenate(made)).clip(0, 255).astype("uint8")
    return measure.distances(painted, held_out.images[:count], others.images[:count], progress)
