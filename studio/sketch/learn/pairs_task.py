"""Training on pairs as a task: from pairs or photos to a packed network with its card."""

from __future__ import annotations

import numpy as np

from studio.core import data
from studio.core.data import split
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish
from studio.core.training.batches import select_evenly_spaced
from studio.sketch import edges, models, translate
from studio.sketch.learn import card, pairing
from studio.sketch.learn.pair_bank import PairBank
from studio.sketch.learn.start_weights import load_start_weights
from studio.sketch.settings import TrainTranslateSettings

_MAX_TESTED = 192  # held-out pairs at most


@checkpoints.lock_run(models.PAIRS_TASK)
def train(settings: TrainTranslateSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network to turn one image of each pair into the other; see `studio.sketch.learn.train`."""
    file = inputs["data"][0]
    start = load_start_weights(inputs)  # before reading pairs: it may be incomplete
    # Before Keras loads, because the pairs may be invalid.
    first, second, positions, notes = load_pairs(settings, file, progress)
    from studio.sketch.learn import train as training

    train_rows, held_out_rows = split.split(positions, settings.held_out)
    test_pairs = PairBank(first, second, select_evenly_spaced(held_out_rows, _MAX_TESTED), settings)
    job = publish.TrainingJob(models.PAIRS_TASK, "train_translate", settings, inputs)
    trainer = training.Trainer(
        PairBank(first, second, train_rows, settings),
        test_pairs.make_plain_batch(np.arange(len(test_pairs))),
        settings,
        job.run,
        start,
    ).fit(progress)
    figures = {
        **job.collect_figures(trainer, notes),
        "parameters": trainer.result.generator.count_params(),
        "off": trainer.error,
        "pairs": len(first),
        "held_out": len(held_out_rows),
        "mean_off": measure_mean_image(second[train_rows], second[held_out_rows]),
    }
    ground = translate.detect_ground(first[train_rows[:64]])
    image, metadata = publish.draw_card_image(trainer.draw_sheet(), figures["curve"]), {"ground": ground}
    return job.publish(
        trainer.result, figures, card.compose_pairs, metadata=metadata, image=image, suffix="-translate"
    )


def load_pairs(
    settings: TrainTranslateSettings, file: File, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Loads pairs or photos with their edges.

    Returns:
        Inputs and targets, `(n, size, size, 3) uint8` each, positions that split the pairs, and notes on what
        was left out.

    Raises:
        InvalidInput: if files are not pairs, which the error names, or there are too few.
        Cancelled: if the user stopped the job.
    """
    size, factor = settings.size, edges.PHOTO_FACTOR
    if settings.edges:
        photos = data.load_dataset(file, factor * size, 3, progress, min_images=pairing.MIN_PAIRS)
        progress.report_stage("Detecting edges")
        images = np.empty((2, len(photos.names), size, size, 3), "uint8")
        for n, photo in enumerate(photos.images):
            progress.report(n, len(photos.names))
            images[0, n] = edges.detect(photo)
            images[1, n] = photo.reshape(size, factor, size, factor, 3).mean((1, 3)).round()
        first, second, notes = images[0], images[1], list(photos.notes)
        positions = split.compute_positions(photos, progress)
    else:
        source = data.open_source(file)
        first, second, sha256, notes = pairing.read_pairs(source, file.name, size, progress)
        positions = split.positions_from_sha256(sha256)
        notes = [*source.notes, *notes]
    return (second, first, positions, notes) if settings.reverse else (first, second, positions, notes)


def measure_mean_image(train_images: np.ndarray, held_out_images: np.ndarray) -> float:
    """Returns the error of the mean training image on held-out ones, 0 to 255, as a baseline."""
    mean = train_images.mean(0)
    return float(np.mean([np.abs(image - mean).mean() for image in held_out_images]))
