"""Compares the studio with well-known tutorials, in the same run.

    python -m benchmarks.alternatives [--json] [--only text dream large untrusted]

Each tutorial's method is reimplemented with its optimizer, rates and loop, on the studio's networks and
data. `text`: a window of 40 characters through `model.predict` (Keras' "Character-level text generation"),
and a compiled step with state (TensorFlow's "Text generation with an RNN"). `dream`: the gradient ascent of
Keras' "Deep Dream" on the same layer with as many steps, at an equal change of pixels, measured on the
photo's own and on shifted grids; `large`: its memory. `untrusted`: crafted model files of the test data
through plain `load_model`.
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
from benchmarks.report import DATA, make_parser, note, print_figures, print_peak, run_fresh
from studio.core.errors import StudioError
from studio.core.imaging import image_io, sample_photos
from studio.core.objectives import backbones, terms
from studio.core.objectives.evaluate import Evaluator
from studio.dream.ascend import ascend
from studio.dream.octaves import octave_sizes, resize_01
from studio.dream.settings import DreamSettings
from studio.imported import files, safe_copies
from studio.text.settings import WriteSettings
from studio.text.write import sample_characters

LAYERS = (("inceptionv3", "mixed3"), ("inceptionv3", "mixed5"))  # layers of the tutorials
OCTAVES, STEPS, OCTAVE_SCALE = 3, 20, 1.4
STEP_LENGTHS, SEEDS = (0.5, 1.0), (0, 1, 2)  # step lengths to interpolate between; seeds of the dream
SHIFTS = (2, 6, 10, 14)  # px down and right, none of which is the grid's own: strides are 16
STEP = 0.005  # of a mean gradient of 1, where 1 is from black to white; 0.01 from -1 to 1 in the example
ROUNDS, WINDOW = 3, 40
LARGE_SIDE = 2048  # px
TIMEOUT_SECONDS = 120.0  # seconds per file; most are refused within one


def measure_text() -> dict[str, object]:
    """Measures characters per second of each method with two LSTMs of 512, in turns under the same load."""
    note("text")
    characters = sample_characters(*texts.make_random_model(), WriteSettings())
    methods = {
        "model.predict on a window": (make_predict_sampler(), 20),
        "a compiled step with state": (make_step_sampler(), 400),
        "the studio": (lambda: next(characters), 1000),
    }
    durations: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for method, _ in methods.values():
        for _ in range(5):
            method()
    for _ in range(ROUNDS):
        for name, (method, count) in methods.items():
            began = time.perf_counter(), time.process_time()
            for _ in range(count):
                method()
            durations[name].append(
                ((time.perf_counter() - began[0]) / count, (time.process_time() - began[1]) / count)
            )
    figures: dict[str, object] = {}
    for name, each in durations.items():
        clock, processor = zip(*each, strict=True)
        figures |= {
            f"{name}, characters per second": _format_rates(clock),
            f"{name}, characters per second of processor": _format_rates(processor),
        }
    return figures


def _format_rates(seconds: Sequence[float]) -> str:
    """Formats the median, lowest and highest rate per second."""
    rates = [1 / duration for duration in seconds]
    return f"{statistics.median(rates):,.1f} ({min(rates):,.1f} to {max(rates):,.1f})"


def make_predict_sampler() -> Callable[[], object]:
    """Returns a function that samples a character from the last 40, one-hot encoded, through `predict`."""
    import keras

    network = keras.Sequential(
        [
            keras.Input((WINDOW, texts.SIZE)),
            keras.layers.LSTM(512, return_sequences=True),
            keras.layers.LSTM(512),
            keras.layers.Dense(texts.SIZE, activation="softmax"),
        ]
    )
    rng, indices = np.random.default_rng(0), [0] * WINDOW

    def write() -> None:
        window = np.zeros((1, WINDOW, texts.SIZE), "float32")
        window[0, np.arange(WINDOW), indices[-WINDOW:]] = 1
        probabilities = network.predict(window, verbose=0)[0].astype("float64")
        indices.append(int(rng.multinomial(1, probabilities / probabilities.sum()).argmax()))

    return write


def make_step_sampler() -> Callable[[], object]:
    """Returns a function that samples a character by one compiled step with state."""
    import keras
    import tensorflow as tf

    embedding, head = keras.layers.Embedding(texts.SIZE, 64), keras.layers.Dense(texts.SIZE)
    layers = [keras.layers.LSTM(512, return_sequences=True, return_state=True) for _ in range(2)]

    def step(index, states):
        x, after = embedding(index[:, None]), []
        for layer, state in zip(layers, states, strict=True):
            x, *new_state = layer(x, initial_state=state)
            after.append(new_state)
        return tf.random.categorical(head(x)[:, -1], 1)[:, 0], after

    index_and_states = tf.zeros(1, "int64"), [[tf.zeros((1, 512))] * 2 for _ in layers]
    step(*index_and_states)  # builds the layers
    compiled = tf.function(step)

    def write() -> None:
        nonlocal index_and_states
        index_and_states = compiled(*index_and_states)
        index_and_states[0].numpy()

    return write


def load_sky() -> np.ndarray:
    """Returns the clouds of the test data, or a sample photo without it."""
    path = DATA / "images" / "sky1024px.jpg"
    return image_io.read(path) if path.is_file() else sample_photos.read_photo("chelsea")


def measure_dream(size: int, seeds: Sequence[int] = SEEDS, steps: int = STEPS) -> dict[str, object]:
    """Measures the rise of a layer's mean square over the photo's, at equal steps and change of pixels.

    On the photo's own grid, and as the mean of sixteen shifted grids.
    """
    photo = image_io.fit(load_sky(), size)
    figures: dict[str, object] = {}
    for backbone, layer in LAYERS:
        note(f"dream, {layer}")
        evaluate = Evaluator(backbones.load(backbone), terms.layer(layer))
        settings = DreamSettings(
            layers=(layer,), size=size, octaves=OCTAVES, steps=steps, octave_scale=OCTAVE_SCALE
        )
        example = measure_rise(evaluate, photo, ascend_like_tutorial(photo, evaluate, STEP, steps))
        figures[f"{layer}, the example's way, own grid; shifted grids"] = (
            f"x {example[0]:.2f}; x {example[1]:.2f}"
        )
        figures[f"{layer}, its pixels moved by, levels"] = example[2]
        studio_rises = []
        for seed in seeds:
            results = [
                ascend(photo, settings.model_copy(update={"step_size": step, "seed": seed}))
                for step in (length * settings.step_size for length in STEP_LENGTHS)
            ]
            studio_rises.append(
                interpolate_rises(
                    example[2], *(measure_rise(evaluate, photo, result.image) for result in results)
                )
            )
        for name, rises in zip(("own grid", "shifted grids"), zip(*studio_rises, strict=True), strict=True):
            each = ", ".join(f"{rise:.2f}" for rise in rises)
            figures[f"{layer}, the studio, as far, {name}"] = f"x {statistics.mean(rises):.2f} ({each})"
    return figures


def measure_rise(evaluate: Callable, photo: np.ndarray, result: np.ndarray) -> tuple[float, float, float]:
    """Returns the rise on the own grid, the mean rise on shifted grids, and the RMS change in levels."""

    def measure_activation(image: np.ndarray, grids: Sequence[tuple[int, int]]) -> float:
        image_01 = image_io.to_01(image)
        return float(np.mean([evaluate(np.roll(image_01, grid, (1, 2))).value for grid in grids]))

    shifted = list(itertools.product(SHIFTS, SHIFTS))
    own, shifted_rise = (
        measure_activation(result, grids) / measure_activation(photo, grids) for grids in ([(0, 0)], shifted)
    )
    return own, shifted_rise, float(np.sqrt(np.mean((result.astype("float32") - photo) ** 2)))


def interpolate_rises(
    levels: float, shorter: Sequence[float], longer: Sequence[float]
) -> tuple[float, float]:
    """Interpolates both rises to a change of pixels, between dreams with two step lengths."""
    share = np.log(levels / shorter[2]) / np.log(longer[2] / shorter[2])
    return tuple(float(a * (b / a) ** share) for a, b in zip(shorter[:2], longer[:2], strict=True))


def measure_memory() -> dict[str, object]:
    """Measures the memory of a dream of 2048 px, at once and in the studio's windows."""
    note("large")
    code = "from benchmarks import alternatives; alternatives.report_peak({!r})"
    return {
        f"peak at {LARGE_SIDE} px, {method}, GiB": run_fresh(code.format(method))
        for method in list_large_dreams()
    }


def ascend_like_tutorial(
    photo: np.ndarray, evaluate: Callable, step: float, steps: int = STEPS
) -> np.ndarray:
    """Runs gradient ascent as in the tutorial: fixed steps, with lost detail added back."""
    original = image_io.to_01(photo)
    sizes = octave_sizes(*photo.shape[:2], OCTAVES, OCTAVE_SCALE, 1)
    image = shrunk = resize_01(original, sizes[0])
    for size in sizes:
        image = resize_01(image, size)
        for _ in range(steps):
            gradient = evaluate(image).gradient
            image = image + step * gradient / max(float(np.abs(gradient).mean()), 1e-12)
        resized = resize_01(original, size)
        image = image + resized - resize_01(shrunk, size)
        shrunk = resized
    return image_io.to_uint8(np.clip(image, 0, 1))


def list_large_dreams() -> dict[str, Callable[[], object]]:
    """Returns the functions that dream one image of 2048 px: the tutorial's, at once, and the studio's."""

    def dream_at_once() -> None:
        evaluate = Evaluator(backbones.load("vgg16"), terms.layer("block4_conv3"))
        ascend_like_tutorial(image_io.fit(load_sky(), LARGE_SIDE), evaluate, STEP, steps=1)

    return {
        "the example's way": dream_at_once,
        "the studio": lambda: ascend(load_sky(), DreamSettings(size=LARGE_SIDE, steps=2)),
    }


def report_peak(name: str) -> None:
    """Dreams one large image and prints the peak memory of this process in GiB."""
    list_large_dreams()[name]()
    print_peak()


def measure_untrusted() -> dict[str, object]:
    """Counts outcomes of crafted `.keras` files: by plain `load_model` in safe mode, and by the studio."""
    with (DATA / "badfiles" / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = [row for row in csv.DictReader(index, delimiter="\t") if row["expected"] == "refuse"]
    bad = [DATA / "badfiles" / row["file"] for row in rows if row["file"].endswith(".keras")]
    import keras  # once, for all processes forked below

    note(f"untrusted files, with Keras {keras.__version__}")
    figures: dict[str, object] = {"crafted .keras files": len(bad)}
    for name, load in (("load_model", _load_plainly), ("the studio", _load_by_studio)):
        outcomes = {path.name: _run_forked(load, path) for path in bad}
        accepted = [file for file, message in outcomes.items() if message == ""]
        late = [file for file, message in outcomes.items() if message is None]
        short = sum(bool(message) and "\n" not in message for message in outcomes.values())
        figures |= {
            f"{name}, taken": ", ".join(accepted) or "none",
            f"{name}, not done in {TIMEOUT_SECONDS:.0f} s, or died": ", ".join(late) or "none",
            f"{name}, refused in one line": short,
        }
    return figures


def _load_plainly(path: Path) -> str:
    import keras

    try:
        keras.saving.load_model(path)
    except Exception as error:
        return str(error).strip() or "no reason"
    return ""


def _load_by_studio(path: Path) -> str:
    try:
        safe_copies.get_or_make(files.store(path))
    except StudioError as error:
        return str(error)
    return ""


def _run_forked(load: Callable[[Path], str], path: Path) -> str | None:
    """Returns the message for a file, from a separate process: "" if accepted, None if it hung or died."""
    receiver, sender = get_context("fork").Pipe(duplex=False)

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            sender.send(load(path))

    process = get_context("fork").Process(target=run)
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(TIMEOUT_SECONDS) else None
    except EOFError:  # the process died
        return None
    finally:
        process.kill()
        process.join()


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], "--only text dream --size 160 --steps 1 --seeds 0")
    parts = ("text", "dream", "large", "untrusted")
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--size", type=int, default=256, help="px, of the dream")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each octave of a dream")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the studio's dreams")
    args = parser.parse_args(argv)
    measures: dict[str, Callable[[], dict[str, object]]] = {
        "text": measure_text,
        "dream": lambda: measure_dream(args.size, args.seeds, args.steps),
        "large": measure_memory,
        "untrusted": measure_untrusted,
    }
    print_figures(
        dict(itertools.chain.from_iterable(measures[part]().items() for part in args.only)), args.json
    )


if __name__ == "__main__":
    main()
