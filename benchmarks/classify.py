"""Classify: how right a taught network is, what teaching costs, what one answer costs.

    python -m benchmarks.classify DATA [--json] [--each N] [--size 224] [--seeds 0,1,2]
        [--frozen] [--tuned resnet50|vgg16] [--speed] [--usual EPOCHS] [--memory] [--one]

`--frozen` teaches both backbones with every seed; `--tuned` fine-tunes one; `--speed` times the first run,
a second one and the bare forward passes; `--usual` trains a frozen base by plain `fit` over pictures, the
way of most tutorials, to compare with; `--memory` tells the peak of a whole run; `--one` times one picture.
`--each` takes so many pictures of each class, to see that it works. Pictures are held out 70/30.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, seconds, show
from studio.core.process import children

HELD_OUT = 0.3
USUAL = 10  # epochs
FIRST = "first run as a person waits, from the data to the packed model, s"
LOOKING, AGAIN = "looking at the pictures, s", "the same again with another split, median, s"


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
    """The first pictures of each class of a tar, as a folder."""
    taken: Counter[str] = Counter()
    with tarfile.open(data) as archive:
        for member in archive:
            kind, name = Path(member.name).parts[-2:] if member.isreg() else ("", "")
            if kind and taken[kind] < each:
                taken[kind] += 1
                (folder / kind).mkdir(exist_ok=True)
                (folder / kind / name).write_bytes(archive.extractfile(member).read())
    return folder


def teach(data: str, **settings: object) -> dict[str, object]:
    """Teaches once. Returns the figures."""
    from studio.classify.settings import TrainClassifierSettings
    from studio.core import tasks
    from studio.core.data import sample_sets
    from studio.core.progress import Progress

    wanted = TrainClassifierSettings(held_out=HELD_OUT, **settings)
    return dict(
        tasks.run("classify.train", wanted, {"data": [sample_sets.resolve(data, Progress())]}).figures
    )


def accuracy(data: str, size: int, seeds: list[int], backbones: list[str], tuned: bool) -> dict[str, object]:
    """The accuracy on held-out pictures for each seed, and their mean."""
    found = {}
    for name in backbones:
        right, nats, calibration = [], [], []
        for seed in seeds:
            note(f"{name}, seed {seed}, {'fine-tuned' if tuned else 'frozen'}")
            figures = teach(data, size=size, backbone=name, seed=seed, finetune=tuned)
            right.append(figures["accuracy"])
            nats.append(figures["nats"])
            calibration.append(figures["calibration_error"])
            note(f"  {figures['accuracy']:.4f} of {figures['n']}, {figures['seconds']:.0f} s")
        label = f"{name} at {size} px, {'fine-tuned' if tuned else 'frozen'}"
        found |= {
            f"{label}, accuracy": statistics.mean(right),
            f"{label}, of each seed": ", ".join(f"{value:.4f}" for value in right),
            f"{label}, nats a picture": statistics.mean(nats),
            f"{label}, calibration error": statistics.mean(calibration),
        }
    return found


def speed(data: str, size: int) -> dict[str, object]:
    """The first run against a second one, and the looking against the bare forward passes."""
    from studio.classify.settings import TrainClassifierSettings
    from studio.classify.teach import features, teach_head
    from studio.core import data as sets
    from studio.core.objectives import backbones

    note("speed")
    settings, found = TrainClassifierSettings(size=size, held_out=HELD_OUT), {}
    with fresh_home():
        file = sets.reference(data)
        pictures = sets.pictures(file, size)
        backbone = backbones.load(settings.backbone)
        warm = np.asarray(pictures.images[: features.BATCH])
        network = bare(backbone, len(warm), size)
        blank = {"images": np.zeros_like(warm[:1]), "digests": np.zeros((1, 32), "uint8")}
        features.features(replace(pictures, **blank), backbone)  # compiled now, as the bare passes are
        found["the bare forward passes, s"] = timed(
            lambda: [network(pictures.images[at : at + len(warm)]) for at in batches(len(pictures.images))]
        )
        found[LOOKING] = timed(lambda: features.features(pictures, backbone))
    with fresh_home():
        found[FIRST] = first = timed(lambda: teach(data, size=size))
        lesson = prepared(sets.reference(data), settings)
        again = sorted(timed(lambda seed=seed: teach(data, size=size, seed=seed)) for seed in (1, 2, 3))
        found[AGAIN] = again[1]
        found[f"{AGAIN}, all three"] = ", ".join(f"{one:.2f}" for one in again)
        found["  of it the head alone, s"] = seconds(lambda: teach_head.teach(lesson, settings), times=3)
    return found | {
        "looking, times the bare passes": found[LOOKING] / found["the bare forward passes, s"],
        "teaching again as a person waits, times faster than the first run": first / found[AGAIN],
    }


def prepared(file: object, settings: object) -> object:
    """The lesson of a data set."""
    from studio.classify.teach import training_set

    return training_set.load(file, settings.backbone, settings.size, settings.held_out, settings.seed)


def batches(count: int) -> range:
    """Where each whole batch begins."""
    from studio.classify.teach import features

    return range(0, count - features.BATCH + 1, features.BATCH)


def bare(backbone: object, batch: int, size: int) -> Callable[[np.ndarray], object]:
    """The forward pass alone, compiled, warm."""
    from studio.core.objectives.gradients import compiled

    network = compiled(lambda pictures: backbone.model(pictures))
    network(np.zeros((batch, size, size, 3), "float32"))
    return lambda part: np.asarray(network(np.asarray(part, "float32")))


def timed(work: Callable[[], object]) -> float:
    """The seconds of some work, once."""
    return seconds(work, times=1, warm=0)


def usual(data: str, size: int, epochs: int) -> dict[str, object]:
    """A frozen base with a new head, trained by `fit`: its time over pictures and its accuracy, beside ours.

    So many epochs are timed. How right it is after ten is found on what the base makes of each picture, which
    is the same in every epoch, for the base is frozen.
    """
    import keras

    from studio.classify.settings import TrainClassifierSettings
    from studio.classify.teach import teach_head
    from studio.core import data as sets
    from studio.core.objectives import backbones

    note(f"the usual way, {epochs} epochs")
    settings = TrainClassifierSettings(size=size, held_out=HELD_OUT)
    with fresh_home():
        file = sets.reference(data)
        began = time.perf_counter()
        lesson = prepared(file, settings)
        taught = teach_head.teach(lesson, settings)
        ours = time.perf_counter() - began
    base = backbones.load(settings.backbone)
    pictures = keras.Input((size, size, 3))
    maps = base.model(base.spec.preprocessing(pictures / 255.0), training=False)
    network = fitted(keras.layers.GlobalAveragePooling2D()(maps), pictures, len(lesson.classes))
    images, truth = (np.asarray(lesson.pictures.images[lesson.learnt]), lesson.labels(lesson.learnt))
    theirs = timed(lambda: network.fit(images, truth, batch_size=32, epochs=epochs, verbose=0))
    seen = keras.Input(lesson.features.shape[1:])
    head = fitted(seen, seen, len(lesson.classes))
    head.fit(lesson.features[lesson.learnt], truth, batch_size=32, epochs=USUAL, verbose=0)
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


def memory(data: str, size: int) -> dict[str, object]:
    """The peak of a whole run in a process of its own."""
    note("memory")
    with fresh_home(), tempfile.TemporaryDirectory() as place:
        words = ["classify", "train", data, "-o", f"{place}/model", "--size", str(size), "--json"]
        done = subprocess.run(
            children.command("-m", "studio", *words, "--quiet"),
            env=children.environment(),
            check=True,
            capture_output=True,
        )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {
        "peak memory of a run, GiB": peak,
        "its pictures": json.loads(done.stdout)["figures"]["pictures"],
    }


def one(size: int) -> dict[str, object]:
    """One answer of a warm classifier against one bare forward pass, in turns under the same load."""
    from studio.classify.models import classifier, trained
    from studio.classify.settings import MAPS, TrainClassifierSettings
    from studio.core.objectives import backbones
    from studio.core.pictures import sample_photos

    note("one picture")
    found = {}
    for name in ("resnet50", "vgg16"):
        settings, base = TrainClassifierSettings(backbone=name), backbones.load(name)
        network = trained.assemble(base, size, lambda maps, s=settings: trained.head(maps, 5, s))
        maps = network.get_layer(MAPS[name]).output
        made = classifier.Classifier(name, "", tuple("abcde"), (size, size), network, maps)
        picture, forward = sample_photos.photo("chelsea"), bare(base, 1, size)
        square = np.zeros((1, size, size, 3), "float32")
        times: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(24):
            times["ours"].append(timed(lambda made=made, p=picture: made.probabilities([p])))
            times["bare"].append(timed(lambda forward=forward, s=square: forward(s)))
        middle = {which: statistics.median(values[4:]) for which, values in times.items()}
        found[f"{name}, one picture, ms"] = 1000 * middle["ours"]
        found[f"{name}, one picture, times a forward pass"] = middle["ours"] / middle["bare"]
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="sample:hair --size 32 --frozen --seeds 0")
    parser.add_argument("data", metavar="DATA", help="a tar with a folder a class, or sample:NAME")
    parser.add_argument("--each", type=int, default=0, help="only so many pictures of each class")
    parser.add_argument("--size", type=int, default=224, help="px")
    parser.add_argument("--seeds", default="0,1,2", help="of the splits")
    parser.add_argument("--tuned", choices=["resnet50", "vgg16"], help="fine-tune this one")
    parser.add_argument("--usual", type=int, default=0, metavar="EPOCHS", help="the usual way, too")
    for flag in ("frozen", "speed", "memory", "one"):
        parser.add_argument(f"--{flag}", action="store_true")
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as place:
        data = chosen.data
        if chosen.each:
            data = str(part_of(Path(data), chosen.each, Path(place)))
        seeds = [int(seed) for seed in chosen.seeds.split(",")]
        figures: dict[str, object] = {}
        if chosen.frozen:
            figures |= accuracy(data, chosen.size, seeds, ["resnet50", "vgg16"], tuned=False)
        if chosen.tuned:
            figures |= accuracy(data, chosen.size, seeds, [chosen.tuned], tuned=True)
        if chosen.speed:
            figures |= speed(data, chosen.size)
        if chosen.usual:
            figures |= usual(data, chosen.size, chosen.usual)
        if chosen.memory:
            figures |= memory(data, chosen.size)
        if chosen.one:
            figures |= one(chosen.size)
    show(figures or {"nothing": "asked; see --help"}, chosen.json)


if __name__ == "__main__":
    main()
