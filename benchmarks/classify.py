"""Classify: training time and accuracy, compared with the usual tutorial.

    python -m benchmarks.classify DATA [--json] [--each N] [--size 224] [--usual EPOCHS]

The tutorial trains a frozen base by plain `fit` over images. `--each` limits the images per class. 30% of
the images are held out.
"""

from __future__ import annotations

import contextlib
import os
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import make_parser, note, print_figures, time_once
from studio.classify.settings import TrainClassifierSettings
from studio.core import paths
from studio.core.data import sample_sets
from studio.core.objectives import backbones

HELD_OUT = 0.3
TUTORIAL_EPOCHS = 10


@contextlib.contextmanager
def use_fresh_home() -> Iterator[None]:
    """Uses a temporary STUDIO_HOME with the weights, but without cached results."""
    weights, before = paths.ensure_folder("weights"), os.environ.get("STUDIO_HOME")
    with tempfile.TemporaryDirectory(dir=paths.ensure_home()) as folder:
        (Path(folder) / "weights").mkdir()
        for file in weights.iterdir():
            (Path(folder) / "weights" / file.name).hardlink_to(file)
        os.environ["STUDIO_HOME"] = folder
        try:
            yield
        finally:
            os.environ.pop("STUDIO_HOME")
            os.environ |= {"STUDIO_HOME": before} if before else {}


def extract_part(data: Path, images_per_class: int, folder: Path) -> Path:
    """Extracts the first images of each class of a tar into a folder."""
    counts: Counter[str] = Counter()
    with tarfile.open(data) as archive:
        for member in archive:
            kind, name = Path(member.name).parts[-2:] if member.isreg() else ("", "")
            if kind and counts[kind] < images_per_class:
                counts[kind] += 1
                (folder / kind).mkdir(exist_ok=True)
                (folder / kind / name).write_bytes(archive.extractfile(member).read())
    return folder


def compare_with_tutorial(data: str, size: int, epochs: int) -> dict[str, object]:
    """Trains a new head on a frozen base by `fit`; compares time and accuracy with the studio.

    Some epochs over images are timed. The accuracy after ten epochs is measured on cached features, which are
    the same in every epoch, because the base is frozen.
    """
    import keras

    from studio.classify.training import train_head, training_set

    note(f"the usual way, {epochs} epochs")
    settings = TrainClassifierSettings(size=size, held_out=HELD_OUT)
    with use_fresh_home():
        file = sample_sets.resolve(data)
        began = time.perf_counter()
        data_set = training_set.load(file, settings.backbone, settings.size, settings.held_out, settings.seed)
        trained = train_head.train(data_set, settings)
        studio_seconds = time.perf_counter() - began
    base = backbones.load(settings.backbone)
    inputs = keras.Input((size, size, 3))
    maps = base.model(base.spec.preprocessing(inputs / 255.0), training=False)
    network = build_softmax(keras.layers.GlobalAveragePooling2D()(maps), inputs, len(data_set.classes))
    train_rows, test_rows = data_set.train_rows, data_set.test_rows
    images, truth = np.asarray(data_set.dataset.images[train_rows]), data_set.labels(train_rows)
    fit_seconds = time_once(lambda: network.fit(images, truth, batch_size=32, epochs=epochs, verbose=0))
    features = keras.Input(data_set.features.shape[1:])
    head = build_softmax(features, features, len(data_set.classes))
    head.fit(data_set.features[train_rows], truth, batch_size=32, epochs=TUTORIAL_EPOCHS, verbose=0)
    guesses = head.predict(data_set.features[test_rows], verbose=0).argmax(axis=1)
    fit_correct = guesses == data_set.labels(test_rows)
    studio_correct = trained.probabilities[test_rows].argmax(axis=1) == data_set.labels(test_rows)
    tutorial_seconds = fit_seconds / epochs * TUTORIAL_EPOCHS
    return {
        "the usual way, s an epoch": fit_seconds / epochs,
        f"the usual way, accuracy after {TUTORIAL_EPOCHS} epochs": float(fit_correct.mean()),
        "ours from the start, s": studio_seconds,
        "ours, accuracy": float(studio_correct.mean()),
        f"ours, share of the usual time of {TUTORIAL_EPOCHS} epochs": studio_seconds / tutorial_seconds,
    }


def build_softmax(features: object, inputs: object, classes: int) -> object:
    """Builds a softmax classifier on features, compiled as in most tutorials."""
    import keras

    network = keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(features))
    network.compile("adam", "sparse_categorical_crossentropy")
    return network


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="sample:hair --size 32 --usual 1")
    parser.add_argument("data", metavar="DATA", help="a tar with a folder a class, or sample:NAME")
    parser.add_argument("--each", type=int, default=0, help="only then many images of each class")
    parser.add_argument("--size", type=int, default=224, help="px")
    parser.add_argument(
        "--usual", type=int, default=2, metavar="EPOCHS", help="of the tutorial that are timed"
    )
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        data = args.data
        if args.each:
            data = str(extract_part(Path(data), args.each, Path(folder)))
        figures = compare_with_tutorial(data, args.size, args.usual)
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
