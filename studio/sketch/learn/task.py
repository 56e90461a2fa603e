"""Training on avatars as a task: from avatars with sketches to a packed network with its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from studio.core.data import split
from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.training import checkpoints, publish
from studio.core.training.batches import select_evenly_spaced
from studio.sketch import models
from studio.sketch.learn import bank, card, finish, measure
from studio.sketch.learn.bank import Bank
from studio.sketch.settings import KINDS, TrainSketchSettings

_TESTED = 192  # held-out avatars at most, a third of them in each kind


@checkpoints.lock_run(models.TASK)
def train(settings: TrainSketchSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network to paint avatars; see `studio.sketch.learn.train`."""
    file = inputs["data"][0]
    start = finish.start(inputs)
    progress.stage("Reading avatars")
    avatars = bank.read(file, settings.size)  # before Keras loads, because the file may be invalid
    from studio.sketch.learn import train as training

    positions = split.positions_from_sha256(bank.sha256(avatars))
    learned, held_out = (avatars.part(rows) for rows in split.split(positions, settings.held_out))
    rows = select_evenly_spaced(np.arange(len(held_out)), _TESTED)
    rows = np.resize(rows, max(len(rows), len(KINDS)))  # at least one of each kind
    kinds = [KINDS[n % len(KINDS)] for n in range(len(rows))]
    tested = held_out.batch_of_kinds(rows, kinds, np.random.default_rng(0))
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
            scores = score(trainer.paint, held_out, learned, settings.scored, progress)
            figures |= scores | {"notes": [*figures["notes"], *scores["notes"]]}
        except Cancelled:
            figures["ended"] = "cancelled"
    image = publish.draw_card_image(trainer.sheet(), figures["curve"])
    return job.publish(trainer.result, figures, card.write, image=image, suffix="-outline")


def score(
    paint: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    held_out: Bank,
    others: Bank,
    count: int,
    progress: Progress,
) -> dict[str, Any]:
    """Computes FID and LPIPS on held-out outlines, see `measure.distances`.

    Args:
        paint: renders a batch of a bank, `(n, size, size, 3) float32 in [0, 1]`.
        held_out: avatars to test on.
        others: unrelated avatars.
        count: number of avatars, at most those available in both banks.
        progress: receives every 32 avatars.
    """
    count = min(count, len(held_out), len(others))
    rng = np.random.default_rng(1)
    batches, kinds = [], [KINDS[0]] * 32
    for at in range(0, count, 32):
        progress.report(at, count)
        rows = np.arange(at, min(at + 32, count))
        batches.append(paint(held_out.batch_of_kinds(rows, kinds[: len(rows)], rng)))
    painted = np.rint(255 * np.concatenate(batches)).clip(0, 255).astype("uint8")
    return measure.distances(painted, held_out.images[:count], others.images[:count], progress)
