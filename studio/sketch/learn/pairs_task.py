"""Learning to translate as a task: pairs in, or photos alone, and a packed network with its card out."""

from __future__ import annotations

import numpy as np

from studio.core import data
from studio.core.data import split
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish
from studio.core.training.batches import evenly_spaced
from studio.sketch import edges, models, translate
from studio.sketch.learn import card, finish, pairing
from studio.sketch.learn.pair_bank import PairBank
from studio.sketch.settings import TrainTranslateSettings

_TESTED = 192  # held-out pairs at most


@checkpoints.one_at_a_time(models.PAIRS_TASK)
def train(settings: TrainTranslateSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network to turn one image of each pair into the other. See `studio.sketch.learn.train`."""
    file = inputs["data"][0]
    start = finish.start(inputs)  # before the pairs are read: it may be no whole network
    first, second, positions, notes = both(
        settings, file, progress
    )  # before Keras loads: they may be no pairs
    from studio.sketch.learn import train as training

    learned, held_out = split.split(positions, settings.held_out)
    tested = PairBank(first, second, evenly_spaced(held_out, _TESTED), settings)
    job = publish.Job(models.PAIRS_TASK, "train_translate", settings, inputs)
    trainer = training.Trainer(
        PairBank(first, second, learned, settings),
        tested.plain(np.arange(len(tested))),
        settings,
        job.run,
        start,
    ).fit(progress)
    figures = {
        **job.figures(trainer, notes),
        **finish.figures(trainer),
        "pairs": len(first),
        "held_out": len(held_out),
        "mean_off": mean_off(second[learned], second[held_out]),
    }
    ground = translate.ground_of(first[learned[:64]])
    image, known = publish.image(trainer.sheet(), figures["curve"]), {"ground": ground}
    return job.publish(
        trainer.result, figures, card.write_pairs, known=known, image=image, suffix="-translate"
    )


def both(
    settings: TrainTranslateSettings, file: File, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """What is shown and what is to be painted, `(n, size, size, 3) uint8` each, the positions of the pairs by
    which they are split, and notes on what was left out.

    Raises:
        InvalidInput: if they are no pairs, which it names, or too few.
        Cancelled: if a user asked to stop.
    """
    size = settings.size
    if settings.edges:
        photos = data.load_dataset(file, edges.FINE * size, 3, progress, least=pairing.LEAST)
        progress.stage("Detecting edges")
        found = np.empty((2, len(photos.names), size, size, 3), "uint8")
        for n, photo in enumerate(photos.images):
            progress.report(n, len(photos.names))
            found[0, n] = edges.of(photo)
            found[1, n] = photo.reshape(size, edges.FINE, size, edges.FINE, 3).mean((1, 3)).round()
        first, second, notes = found[0], found[1], list(photos.notes)
        positions = split.positions(photos, progress)
    else:
        source = data.opened(file)
        first, second, sha256, notes = pairing.read(source, file.name, size, progress)
        positions = split.from_sha256(sha256)
        notes = [*source.notes, *notes]
    return (second, first, positions, notes) if settings.reverse else (first, second, positions, notes)


def mean_off(learned: np.ndarray, held_out: np.ndarray) -> float:
    """How far the mean of what was learned is off on the others, in levels: what a network must beat."""
    mean = learned.mean(0)
    return float(np.mean([np.abs(one - mean).mean() for one in held_out]))
