"""Classify: what training costs, and how right the network is, next to the way of most tutorials.

    python -m benchmarks.classify DATA [--json] [--each N] [--size 224] [--usual EPOCHS]

The usual way trains a frozen base by plain `fit` over images. `--each` takes so many images of each
class. Images are held out 70/30.
"""

from __future__ import annotations

import contextlib
import os
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, seconds, show

HELD_OUT = 0.3
USUAL = 10  # epochs


@contextlib.contextmanager
def fresh_home() -> Iterator[None]:
    """A STUDIO_HOME for a while that has the weights, and nothing that was computed before."""
    from studio.core import paths

    weights, before = paths.folder("weights"), os.environ.get("STUDIO_HOME")
    with tempfile.TemporaryDirectory(dir=paths.home()) as place:
        (Path(place) / "weights").mkdir()
        for file in weights.iterdir():
            (Path(place) / "weights" / file.name).hardlink_to(file)
        os.environ["STUDIO_HOME"] = place
        try:
            yield
        finally:
            os.environ.pop("STUDIO_HOME")
            os.environ |= {"STUDIO_HOME": before} if before else {}


def part_of(data: Path, each: int, folder: Path) -> Path:
    """The first images of each class of a tar, as a folder."""
    taken: Counter[str] = Counter()
    with tarfile.open(data) as archive:
        for member in archive:
            kind, name = Path(member.name).parts[-2:] if member.isreg() else ("", "")
            if kind and taken[kind] < each:
                taken[kind] += 1
                (folder / kind).mkdir(exist_ok=True)
                (folder / kind / name).write_bytes(archive.extractfile(member).read())
    return folder


def prepared(file: object, settings: object) -> object:
    """The lesson of a data set."""
    from studio.classify.training import training_set

    return training_set.load(file, settings.backbone, settings.size, settings.held_out, settings.seed)


def timed(work: Callable[[], object]) -> float:
    """The seconds of some work, once."""
    return seconds(work, times=1, warm=0)


def usual(data: str, size: int, epochs: int) -> dict[str, object]:
    """A frozen base with a new head, trained by `fit`: its time over images and its accuracy, next to ours.

    So many epochs are timed. How right it is after ten is found on what the base makes of each image, which
    is the same in every epoch, for the base is frozen.
    """
    import keras

    from studio.classify.settings import TrainClassifierSettings
    from studio.classify.training import teach_head
    from studio.core.data import sample_sets
    from studio.core.objectives import backbones

    note(f"the usual way, {epochs} epochs")
    settings = TrainClassifierSettings(size=size, held_out=HELD_OUT)
    with fresh_home():
        file = sample_sets.resolve(data)
        began = time.perf_counter()
        lesson = prepared(file, settings)
        taught = teach_head.teach(lesson, settings)
        ours = time.perf_counter() - began
    base = backbones.load(settings.backbone)
    inputs = keras.Input((size, size, 3))
    maps = base.model(base.spec.preprocessing(inputs / 255.0), training=False)
    network = fitted(keras.layers.GlobalAveragePooling2D()(maps), inputs, len(lesson.classes))
    images, truth = (np.asarray(lesson.dataset.images[lesson.learned]), lesson.labels(lesson.learned))
    theirs = timed(lambda: network.fit(images, truth, batch_size=32, epochs=epochs, verbose=0))
    seen = keras.Input(lesson.features.shape[1:])
    head = fitted(seen, seen, len(lesson.classes))
    head.fit(lesson.features[lesson.learned], truth, batch_size=32, epochs=USUAL, verbose=0)
    guesses = head.predict(lesson.features[lesson.held_out], verbose=0).argmax(axis=1)
    right = guesses == lesson.labels(lesson.held_out)
    mine = taught.probabilities[lesson.held_out].argmax(axis=1) == lesson.labels(lesson.held_out)
    return {
        "the usual way, s an epoch": theirs / epochs,
        f"the usual way, accuracy after {USUAL} epochs": float(right.mean()),
        "ours from the start, s": ours,
        "ours, accuracy": float(mine.mean()),
        f"ours, share of the usual time of {USUAL} epochs": ours / (theirs / epochs * USUAL),
    }


def fitted(features: object, inputs: object, classes: int) -> object:
    """A softmax on features, compiled as most tutorials do."""
    import keras

    network = keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(features))
    network.compile("adam", "sparse_categorical_crossentropy")
    return network


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="sample:hair --size 32 --usual 1")
    parser.add_argument("data", metavar="DATA", help="a tar with a folder a class, or sample:NAME")
    parser.add_argument("--each", type=int, default=0, help="only then many images of each class")
    parser.add_argument("--size", type=int, default=224, help="px")
    parser.add_argument(
        "--usual", type=int, default=2, metavar="EPOCHS", help="that are timed of the usual way"
    )
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as place:
        data = chosen.data
        if chosen.each:
            data = str(part_of(Path(data), chosen.each, Path(place)))
        figures = usual(data, chosen.size, chosen.usual)
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
