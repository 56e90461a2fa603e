"""The studio next to what people use instead: the ways of the well-known tutorials, in the same run.

    python -m benchmarks.alternatives [--json] [--only text dream large other people]

Each way is written again after its tutorial: the same optimizer, rates and loop, on the studio's own networks
and data, so that only the way differs. `text`:
a window of 40 characters through `model.predict` (Keras' "Character-level text generation") and a compiled
step that keeps its state (TensorFlow's "Text generation with an RNN").
`dream`: the ascent of Keras' "Deep Dream" on the same layer with as many passes, at equal movement of pixels,
measured where the photo lies and on shifted grids; `large`: its memory.
`strangers`: the crafted model files of the test data through plain `load_model`.
"""

from __future__ import annotations

import csv
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks import text as texts
from benchmarks.report import DATA, arguments, fresh, note, show, tell_peak

LAYERS = (("inceptionv3", "mixed3"), ("inceptionv3", "mixed5"))  # those that the tutorials climb
OCTAVES, STEPS, GROWTH = 3, 20, 1.4
LENGTHS, SEEDS = (0.5, 1.0), (0, 1, 2)  # of a step, between which it moves as far; of the dream
SHIFTS = (2, 6, 10, 14)  # px down and right, of which none is the grid's own: strides are 16
STEP = 0.005  # of a mean gradient of 1, where 1 is from black to white; 0.01 from -1 to 1 in the example
ROUNDS, WINDOW = 3, 40
LARGE = 2048  # px
PATIENCE = 120.0  # seconds for a file, of which most are refused in one


def text() -> dict[str, object]:
    """Characters per second of each way to write with two LSTMs of 512, in turns under the same load."""
    note("text")
    from studio.text.settings import WriteSettings
    from studio.text.write import draws

    drawn = draws(*texts.random_language_model(), WriteSettings())
    ways = {
        "model.predict on a window": (predicting(), 20),
        "a compiled step with state": (stepping(), 400),
        "the studio": (lambda: next(drawn), 1000),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for way, _ in ways.values():
        for _ in range(5):
            way()
    for _ in range(ROUNDS):
        for name, (way, count) in ways.items():
            began = time.perf_counter(), time.process_time()
            for _ in range(count):
                way()
            taken[name].append(
                ((time.perf_counter() - began[0]) / count, (time.process_time() - began[1]) / count)
            )
    found: dict[str, object] = {}
    for name, each in taken.items():
        clock, processor = zip(*each, strict=True)
        found |= {
            f"{name}, characters per second": _rates(clock),
            f"{name}, characters per second of processor": _rates(processor),
        }
    return found


def _rates(seconds: Sequence[float]) -> str:
    """The median, least and most of as many rates a second."""
    rates = [1 / one for one in seconds]
    return f"{statistics.median(rates):,.1f} ({min(rates):,.1f} to {max(rates):,.1f})"


def predicting() -> Callable[[], object]:
    """Writes a character by showing a network the last 40 as rows of nought and one, through `predict`."""
    import keras

    network = keras.Sequential(
        [
            keras.Input((WINDOW, texts.SIZE)),
            keras.layers.LSTM(512, return_sequences=True),
            keras.layers.LSTM(512),
            keras.layers.Dense(texts.SIZE, activation="softmax"),
        ]
    )
    rng, written = np.random.default_rng(0), [0] * WINDOW

    def write() -> None:
        window = np.zeros((1, WINDOW, texts.SIZE), "float32")
        window[0, np.arange(WINDOW), written[-WINDOW:]] = 1
        chances = network.predict(window, verbose=0)[0].astype("float64")
        written.append(int(rng.multinomial(1, chances / chances.sum()).argmax()))

    return write


def stepping() -> Callable[[], object]:
    """Writes a character by one compiled step of embedding, LSTMs and head, which keeps what it remembers."""
    import keras
    import tensorflow as tf

    embedding, head = keras.layers.Embedding(texts.SIZE, 64), keras.layers.Dense(texts.SIZE)
    layers = [keras.layers.LSTM(512, return_sequences=True, return_state=True) for _ in range(2)]

    def step(index, states):
        x, after = embedding(index[:, None]), []
        for layer, state in zip(layers, states, strict=True):
            x, *kept = layer(x, initial_state=state)
            after.append(kept)
        return tf.random.categorical(head(x)[:, -1], 1)[:, 0], after

    now = tf.zeros(1, "int64"), [[tf.zeros((1, 512))] * 2 for _ in layers]
    step(*now)  # builds the layers
    compiled = tf.function(step)

    def write() -> None:
        nonlocal now
        now = compiled(*now)
        now[0].numpy()

    return write


def sky() -> np.ndarray:
    """The clouds of the test data; without it, a sample photo."""
    from studio.core.imaging import image_io, sample_photos

    path = DATA / "images" / "sky1024px.jpg"
    return image_io.read(path) if path.is_file() else sample_photos.photo("chelsea")


def dream(size: int, seeds: Sequence[int] = SEEDS, steps: int = STEPS) -> dict[str, object]:
    """How far a layer's mean square rises over the photo's in as many passes, at equal movement of pixels.

    Where the photo lies on the network's grid, and as the mean of sixteen grids that are shifted.
    """
    from studio.core.imaging import image_io
    from studio.core.objectives import backbones, terms
    from studio.core.objectives.evaluate import ANY_SIZE, Evaluator
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    photo = image_io.fit(sky(), size)
    found: dict[str, object] = {}
    for backbone, layer in LAYERS:
        note(f"dream, {layer}")
        answer = Evaluator(backbones.load(backbone), terms.layer(layer), whole=ANY_SIZE)
        settings = DreamSettings(
            layers=(layer,), size=size, octaves=OCTAVES, steps=steps, octave_scale=GROWTH
        )
        theirs = risen(answer, photo, plain(photo, answer, STEP, steps))
        found[f"{layer}, the example's way, own grid; shifted grids"] = (
            f"x {theirs[0]:.2f}; x {theirs[1]:.2f}"
        )
        found[f"{layer}, its pixels moved by, levels"] = theirs[2]
        ours = []
        for seed in seeds:
            made = [
                ascend(photo, settings.model_copy(update={"step_size": step, "seed": seed}))
                for step in (length * settings.step_size for length in LENGTHS)
            ]
            ours.append(at_movement(theirs[2], *(risen(answer, photo, one.image) for one in made)))
        for name, rises in zip(("own grid", "shifted grids"), zip(*ours, strict=True), strict=True):
            each = ", ".join(f"{rise:.2f}" for rise in rises)
            found[f"{layer}, the studio, as far, {name}"] = f"x {statistics.mean(rises):.2f} ({each})"
    return found


def risen(answer: Callable, photo: np.ndarray, made: np.ndarray) -> tuple[float, float, float]:
    """The rise at the own grid, the mean rise of shifted grids, and by how many levels pixels moved."""
    from studio.core.imaging import image_io

    def seen(image: np.ndarray, grids: Sequence[tuple[int, int]]) -> float:
        image_01 = image_io.to_01(image)
        return float(np.mean([answer(np.roll(image_01, grid, (1, 2))).value for grid in grids]))

    shifted = list(itertools.product(SHIFTS, SHIFTS))
    own, away = (seen(made, grids) / seen(photo, grids) for grids in ([(0, 0)], shifted))
    return own, away, float(np.sqrt(np.mean((made.astype("float32") - photo) ** 2)))


def at_movement(levels: float, shorter: Sequence[float], longer: Sequence[float]) -> tuple[float, float]:
    """Both rises of a dream that moves pixels so far, between two with steps of other lengths."""
    share = np.log(levels / shorter[2]) / np.log(longer[2] / shorter[2])
    return tuple(float(a * (b / a) ** share) for a, b in zip(shorter[:2], longer[:2], strict=True))


def large() -> dict[str, object]:
    """The memory of a dream of 2048 px in one piece and in the studio's windows."""
    note("large")
    code = "from benchmarks import alternatives; alternatives.report_peak({!r})"
    return {f"peak at {LARGE} px, {way}, GiB": fresh(code.format(way)) for way in peaks()}


def plain(photo: np.ndarray, answer: Callable, step: float, steps: int = STEPS) -> np.ndarray:
    """Gradient ascent as in the example: a fixed step along the gradient, the lost detail put back."""
    from studio.core.imaging import image_io
    from studio.dream.octaves import octave_sizes, resize_01

    whole = image_io.to_01(photo)
    sizes = octave_sizes(*photo.shape[:2], OCTAVES, GROWTH, 1)
    image = shrunk = resize_01(whole, sizes[0])
    for size in sizes:
        image = resize_01(image, size)
        for _ in range(steps):
            gradient = answer(image).gradient
            image = image + step * gradient / max(float(np.abs(gradient).mean()), 1e-12)
        same = resize_01(whole, size)
        image = image + same - resize_01(shrunk, size)
        shrunk = same
    return image_io.to_uint8(np.clip(image, 0, 1))


def peaks() -> dict[str, Callable[[], object]]:
    """What dreams one image of 2048 px: the example's way, in one piece, and the studio's, in windows."""
    from studio.core.imaging import image_io
    from studio.core.objectives import backbones, terms
    from studio.core.objectives.evaluate import ANY_SIZE, Evaluator
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    def whole() -> None:
        answer = Evaluator(backbones.load("vgg16"), terms.layer("block4_conv3"), whole=ANY_SIZE)
        plain(image_io.fit(sky(), LARGE), answer, STEP, steps=1)

    return {
        "the example's way": whole,
        "the studio": lambda: ascend(sky(), DreamSettings(size=LARGE, steps=2)),
    }


def report_peak(way: str) -> None:
    """Dreams one large image in a way and prints the peak memory of this process in GiB."""
    peaks()[way]()
    tell_peak()


def strangers() -> dict[str, object]:
    """What becomes of crafted `.keras` files: by plain `load_model` in its safe mode, and by the studio."""
    with (DATA / "badfiles" / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = [row for row in csv.DictReader(index, delimiter="\t") if row["expected"] == "refuse"]
    bad = [DATA / "badfiles" / row["file"] for row in rows if row["file"].endswith(".keras")]
    import keras  # once, for all that are forked below

    note(f"other people, with Keras {keras.__version__}")
    found: dict[str, object] = {"crafted .keras files": len(bad)}
    for name, way in (("load_model", _plainly), ("the studio", _by_the_studio)):
        ends = {path.name: _forked(way, path) for path in bad}
        taken = [file for file, told in ends.items() if told == ""]
        late = [file for file, told in ends.items() if told is None]
        short = sum(bool(told) and "\n" not in told for told in ends.values())
        found |= {
            f"{name}, taken": ", ".join(taken) or "none",
            f"{name}, not done in {PATIENCE:.0f} s, or died": ", ".join(late) or "none",
            f"{name}, refused in one line": short,
        }
    return found


def _plainly(path: Path) -> str:
    import keras

    try:
        keras.saving.load_model(path)
    except Exception as error:
        return str(error).strip() or "no reason"
    return ""


def _by_the_studio(path: Path) -> str:
    from studio.core.errors import StudioError
    from studio.imported import files, safe_copies

    try:
        safe_copies.admit(files.keep(path))
    except StudioError as error:
        return str(error)
    return ""


def _forked(way: Callable[[Path], str], path: Path) -> str | None:
    """What a way says of a file, in a process and folder of its own: "" if it took it, None if nothing."""
    here, there = get_context("fork").Pipe(duplex=False)

    def run() -> None:
        with tempfile.TemporaryDirectory() as place:
            os.chdir(place)
            there.send(way(path))

    process = get_context("fork").Process(target=run)
    process.start()
    there.close()
    try:
        return here.recv() if here.poll(PATIENCE) else None
    except EOFError:  # it died
        return None
    finally:
        process.kill()
        process.join()


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(
        __doc__.partition("\n")[0],
        quick="--only text dream --size 160 --steps 1 --seeds 0",
    )
    parts = ("text", "dream", "large", "strangers")
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--size", type=int, default=256, help="px, of the dream")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each octave of a dream")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the studio's dreams")
    chosen = parser.parse_args(argv)
    works: dict[str, Callable[[], dict[str, object]]] = {
        "text": text,
        "dream": lambda: dream(chosen.size, chosen.seeds, chosen.steps),
        "large": large,
        "strangers": strangers,
    }
    show(dict(itertools.chain.from_iterable(works[part]().items() for part in chosen.only)), chosen.json)


if __name__ == "__main__":
    main()
