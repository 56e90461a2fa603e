"""The studio beside what people use instead: the ways of the well-known tutorials, in the same run.

    python -m benchmarks.alternatives [--json] [--only text digits dream large strangers]
        [--minutes 4] [--digits mnist.npz]

Each way is written anew after its tutorial: the same optimiser, rates and loop, on the studio's own networks
and data, so that only the way differs. `text`:
a window of 40 characters through `model.predict` (Keras' "Character-level text generation") and a compiled
step that keeps its state (TensorFlow's "Text generation with an RNN"). `digits`: the DCGAN of
TensorFlow's tutorial and ours, with as much of the processor each.
`dream`: the ascent of Keras' "Deep Dream" on the same layer with as many passes, at equal movement of pixels,
measured where the photo lies and on shifted grids; `large`: its memory.
`strangers`: the crafted model files of the test data through plain `load_model`.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks import dream as dreams
from benchmarks import text as texts
from benchmarks.report import ROOT, arguments, fresh, note, show

LAYERS = (("inceptionv3", "mixed3"), ("inceptionv3", "mixed5"))  # those that the tutorials climb
OCTAVES, STEPS, GROWTH = 3, 20, 1.4
LENGTHS, SEEDS = (0.5, 1.0), (0, 1, 2)  # of a step, between which it moves as far; of the dream
SHIFTS = (2, 6, 10, 14)  # px down and right, of which none is the grid's own: strides are 16
STEP = 0.005  # of a mean gradient of 1, where 1 is from black to white; 0.01 from -1 to 1 in the example
ROUNDS, WINDOW = 3, 40
SLICE = 15.0  # seconds of processor that each DCGAN learns before it is the other's turn
SCORED = 500
PATIENCE = 120.0  # seconds for a file, of which most are refused in one
DATA = Path(os.environ.get("STUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))


def text() -> dict[str, object]:
    """Characters a second of each way to write with two LSTMs of 512, in turns under the same load."""
    note("text")
    from studio.text.settings import WriteSettings
    from studio.text.write import draws

    drawn = draws(*texts.random_voice(), WriteSettings())
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
            f"{name}, characters a second": _rates(clock),
            f"{name}, characters a second of processor": _rates(processor),
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


class Tutorial:
    """The DCGAN of the tutorial, learning digits.

    Args:
        digits: `(n, 28, 28, 1) uint8`.
    """

    BATCH, NUMBERS = 256, 100

    def __init__(self, digits: np.ndarray):
        import keras
        import tensorflow as tf

        self._digits, self._rng, self.batches = digits, np.random.default_rng(0), 0
        self._order = np.arange(0)
        grow, look = keras.layers.Conv2DTranspose, keras.layers.Conv2D
        leak, norm, drop = keras.layers.LeakyReLU, keras.layers.BatchNormalization, keras.layers.Dropout
        plain = {"padding": "same", "use_bias": False}
        self.generator = keras.Sequential(
            [
                *(keras.Input((self.NUMBERS,)), keras.layers.Dense(7 * 7 * 256, use_bias=False)),
                *(norm(), leak(), keras.layers.Reshape((7, 7, 256))),
                *(grow(128, 5, 1, **plain), norm(), leak()),
                *(grow(64, 5, 2, **plain), norm(), leak()),
                grow(1, 5, 2, activation="tanh", **plain),
            ]
        )
        self._judge = keras.Sequential(
            [
                *(keras.Input((28, 28, 1)), look(64, 5, 2, "same"), leak(), drop(0.3)),
                *(look(128, 5, 2, "same"), leak(), drop(0.3)),
                *(keras.layers.Flatten(), keras.layers.Dense(1)),
            ]
        )
        self._adams = [keras.optimizers.Adam(1e-4) for _ in range(2)]
        networks = self.generator, self._judge
        for adam, network in zip(self._adams, networks, strict=True):
            adam.build(network.trainable_variables)
        self._step = tf.function(self._both)

    def _both(self, real):
        import keras
        import tensorflow as tf

        wrong = keras.losses.BinaryCrossentropy(from_logits=True)
        with tf.GradientTape(persistent=True) as tape:
            made = self.generator(tf.random.normal((self.BATCH, self.NUMBERS)), training=True)
            of_real, of_made = self._judge(real, training=True), self._judge(made, training=True)
            drawn = wrong(tf.ones_like(of_made), of_made)
            judged = wrong(tf.ones_like(of_real), of_real) + wrong(tf.zeros_like(of_made), of_made)
        networks = self.generator, self._judge
        for adam, network, loss in zip(self._adams, networks, (drawn, judged), strict=True):
            mine = network.trainable_variables
            adam.apply(tape.gradient(loss, mine), mine)

    def advance(self) -> None:
        """One batch, one step of both networks."""
        if len(self._order) < self.BATCH:
            self._order = self._rng.permutation(len(self._digits))
        rows, self._order = self._order[: self.BATCH], self._order[self.BATCH :]
        self._step(self._digits[rows].astype("float32") / 127.5 - 1)
        self.batches += 1


def digits(minutes: float, path: Path) -> dict[str, object]:
    """KID of digits drawn by each after as many minutes of processor, in turns under the same load."""
    from studio.core.metrics import scores
    from studio.dcgan import train
    from studio.dcgan.settings import TrainDcganSettings

    with np.load(path) as arrays:
        learnt, unseen = arrays["x_train"][..., None], arrays["x_test"][..., None]
    shape = {"size": 28, "colors": "gray", "flip": False, "width": 48, "judge_width": 32, "shift": 3}
    settings = TrainDcganSettings(**shape, steps=1_000_000, test_every=100_000, scored=0)
    theirs, mine = Tutorial(learnt), train.Trainer(learnt, settings)

    def ours_too() -> None:
        mine.advance()
        mine.step += 1

    ways, spent = {"tutorial": theirs.advance, "studio": ours_too}, {"tutorial": 0.0, "studio": 0.0}
    for advance in ways.values():
        advance()  # compiles it
    while min(spent.values()) < 60 * minutes:
        for name, advance in ways.items():
            began = time.process_time()
            while time.process_time() - began < SLICE:
                advance()
            spent[name] += time.process_time() - began
        note(f"digits, {min(spent.values()):.0f} s of processor each")
    mine.artist.set_weights(mine.ema.arrays)
    train.settle(mine.artist, settings)
    z = train.latents(settings, SCORED)
    real = scores.features(unseen[:SCORED])
    found: dict[str, object] = {"minutes of processor of each": min(spent.values()) / 60}
    batches = (("tutorial", theirs.generator, theirs.batches), ("studio", mine.artist, mine.step))
    for name, generator, count in batches:
        seen = scores.features(train.draw(generator, z))
        precision, recall = scores.precision_recall(seen, real)
        found |= {
            f"{name}, batches": count,
            f"{name}, KID": str(scores.kid(seen, real)),
            f"{name}, precision and recall": f"{precision.value:.2f}, {recall.value:.2f}",
        }
    return found


def dream(size: int, seeds: Sequence[int] = SEEDS, steps: int = STEPS) -> dict[str, object]:
    """How far a layer's mean square rises over the photo's in as many passes, at equal movement of pixels.

    Where the photo lies on the network's grid, and as the mean of sixteen grids that are shifted.
    """
    from studio.core.objectives import backbones, terms
    from studio.core.objectives.evaluate import ANY_SIZE, Evaluator
    from studio.core.pictures import images
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    photo = images.fit(dreams.sky(), size)
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
    from studio.core.pictures import images

    def seen(picture: np.ndarray, grids: Sequence[tuple[int, int]]) -> float:
        picture_01 = images.to_01(picture)
        return float(np.mean([answer(np.roll(picture_01, grid, (1, 2))).value for grid in grids]))

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
    return {
        "peak at 2048 px, the example's way, GiB": plain_peak(2048),
        "peak at 2048 px, the studio, GiB": dreams.peak(2048)["peak_gib"],
    }


def plain(photo: np.ndarray, answer: Callable, step: float, steps: int = STEPS) -> np.ndarray:
    """Gradient ascent as in the example: a fixed step along the gradient, the lost detail put back."""
    from studio.core.pictures import images
    from studio.dream.octaves import octave_sizes, resize_01

    whole = images.to_01(photo)
    sizes = octave_sizes(*photo.shape[:2], OCTAVES, GROWTH, 1)
    picture = shrunk = resize_01(whole, sizes[0])
    for size in sizes:
        picture = resize_01(picture, size)
        for _ in range(steps):
            gradient = answer(picture).gradient
            picture = picture + step * gradient / max(float(np.abs(gradient).mean()), 1e-12)
        same = resize_01(whole, size)
        picture = picture + same - resize_01(shrunk, size)
        shrunk = same
    return images.to_uint8(np.clip(picture, 0, 1))


def plain_peak(size: int) -> float:
    """Peak memory in GiB of a fresh process that dreams one picture in one piece."""
    code = f"from benchmarks import alternatives; alternatives.report_plain_peak({size})"
    return fresh(code)


def report_plain_peak(size: int) -> None:
    """Dreams one large picture the example's way and prints the peak memory of this process in GiB."""
    from studio.core.objectives import backbones, terms
    from studio.core.objectives.evaluate import ANY_SIZE, Evaluator
    from studio.core.pictures import images

    answer = Evaluator(backbones.load("vgg16"), terms.layer("block4_conv3"), whole=ANY_SIZE)
    plain(images.fit(dreams.sky(), size), answer, STEP, steps=1)
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    sys.stdout.write(json.dumps(int(line.split()[1]) / 2**20) + "\n")


def strangers() -> dict[str, object]:
    """What becomes of crafted `.keras` files: by plain `load_model` in its safe mode, and by the studio."""
    with (DATA / "badfiles" / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = [row for row in csv.DictReader(index, delimiter="\t") if row["expected"] == "refuse"]
    bad = [DATA / "badfiles" / row["file"] for row in rows if row["file"].endswith(".keras")]
    import keras  # once, for all that are forked below

    note(f"strangers, with Keras {keras.__version__}")
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
    from studio.core.brought import models
    from studio.core.errors import StudioError

    try:
        models.admit(models.bring(path))
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
    parts = ("text", "digits", "dream", "large", "strangers")
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--size", type=int, default=256, help="px, of the dream")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each octave of a dream")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the studio's dreams")
    parser.add_argument(
        "--minutes", type=float, default=4.0, help="of processor that each DCGAN learns (default 4)"
    )
    parser.add_argument("--digits", type=Path, default=DATA / "mnist.npz", help="x_train and x_test")
    chosen = parser.parse_args(argv)
    works: dict[str, Callable[[], dict[str, object]]] = {
        "text": text,
        "digits": lambda: digits(chosen.minutes, chosen.digits),
        "dream": lambda: dream(chosen.size, chosen.seeds, chosen.steps),
        "large": large,
        "strangers": strangers,
    }
    show(dict(itertools.chain.from_iterable(works[part]().items() for part in chosen.only)), chosen.json)


if __name__ == "__main__":
    main()
