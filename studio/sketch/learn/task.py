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
from studio.sketch.learn import avatar_bank, card, measure
from studio.sketch.learn.avatar_bank import AvatarBank
from studio.sketch.learn.start_weights import load_start_weights
from studio.sketch.settings import KINDS, TrainSketchSettings

_MAX_TESTED = 192  # held-out avatars at most, a third of them in each kind


@checkpoints.lock_run(models.TASK)
def train(settings: TrainSketchSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network to paint avatars; see `studio.sketch.learn.train`."""
    file = inputs["data"][0]
    start = load_start_weights(inputs)
    progress.report_stage("Reading avatars")
    # Before Keras loads, because the file may be invalid.
    avatars = avatar_bank.read_bank(file, settings.size)
    from studio.sketch.learn import train as training

    positions = split.positions_from_sha256(avatar_bank.hash_images(avatars))
    train_bank, held_out_bank = (avatars.select(rows) for rows in split.split(positions, settings.held_out))
    rows = select_evenly_spaced(np.arange(len(held_out_bank)), _MAX_TESTED)
    rows = np.resize(rows, max(len(rows), len(KINDS)))  # at least one of each kind
    kinds = [KINDS[n % len(KINDS)] for n in range(len(rows))]
    test_batch = held_out_bank.make_batch_of_kinds(rows, kinds, np.random.default_rng(0))
    job = publish.TrainingJob(models.TASK, "train_sketch", settings, inputs)
    trainer = training.Trainer(train_bank, test_batch, settings, job.run, start).fit(progress)
    errors = 255 * np.abs(trainer.render(test_batch) - test_batch["image"]).mean((1, 2, 3))
    figures = {
        **job.collect_figures(trainer),
        "parameters": trainer.result.generator.count_params(),
        "off": trainer.error,
        "avatars": len(avatars),
        "held_out": len(held_out_bank),
        **{f"off_{kind}": float(errors[n :: len(KINDS)].mean()) for n, kind in enumerate(KINDS)},
    }
    if settings.scored and trainer.stop_reason != "cancelled":
        try:
            scores = measure_scores(trainer.render, held_out_bank, train_bank, settings.scored, progress)
            figures |= scores | {"notes": [*figures["notes"], *scores["notes"]]}
        except Cancelled:
            figures["ended"] = "cancelled"
    image = publish.draw_card_image(trainer.draw_sheet(), figures["curve"])
    return job.publish(trainer.result, figures, card.compose, image=image, suffix="-outline")


def measure_scores(
    render: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    held_out: AvatarBank,
    unrelated: AvatarBank,
    count: int,
    progress: Progress,
) -> dict[str, Any]:
    """Computes FID and LPIPS on held-out outlines, see `measure.measure_distances`.

    Args:
        render: renders a batch of a bank, `(n, size, size, 3) float32 in [0, 1]`.
        held_out: avatars to test on.
        unrelated: unrelated avatars.
        count: number of avatars, at most those available in both banks.
        progress: receives every 32 avatars.
    """
    count = min(count, len(held_out), len(unrelated))
    rng = np.random.default_rng(1)
    batches, kinds = [], [KINDS[0]] * 32
    for start in range(0, count, 32):
        progress.report(start, count)
        rows = np.arange(start, min(start + 32, count))
        batches.append(render(held_out.make_batch_of_kinds(rows, kinds[: len(rows)], rng)))
    results = np.rint(255 * np.concatenate(batches)).clip(0, 255).astype("uint8")
    return measure.measure_distances(results, held_out.images[:count], unrelated.images[:count], progress)
