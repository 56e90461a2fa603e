"""Text: speed of generation and training, the cost of late characters, the loss of a shipped model.

    python -m benchmarks.text [--json] [--train] [--score shakespeare tinyshakespeare.txt]

Generation is measured with two LSTMs of 512 units and with a Transformer of 6 x 192 units and a window of 256
characters. All have a vocabulary of 65 and random weights, which cost the same as trained ones. `--train`
compares a training step with that of a bare keras.layers.LSTM of the same size, which takes minutes;
`--score` scores the last tenth of a text with a preset, carrying the state through all of it.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import make_parser, note, print_figures, time_once
from studio.core.data import corpus
from studio.text import cross_entropy, language_model
from studio.text.batches import make_plan
from studio.text.networks import build_network, layout
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.vocabulary import Vocabulary
from studio.text.write import sample_characters

SIZE, STREAMS, SEQUENCE = 65, 64, 96


def make_random_model(architecture: str = "lstm"):
    """Returns a network of the default size with random weights, and its vocabulary."""
    rng, settings = np.random.default_rng(0), TrainTextSettings(architecture=architecture, sequence=256)
    shapes = [shape for _, shape in layout(settings, SIZE)]
    weights = [rng.normal(scale=0.05, size=shape) for shape in shapes]
    return build_network(weights, settings), make_vocabulary()


def make_vocabulary() -> Vocabulary:
    """Returns a vocabulary of SIZE characters."""
    return Vocabulary("".join(map(chr, range(32, 32 + SIZE))))


def time_characters(count: int, chars: int, architecture: str = "lstm") -> list[float]:
    """Returns the seconds of each step while `count` texts are generated in parallel."""
    characters = sample_characters(*make_random_model(architecture), WriteSettings(count=count))
    times = [time.perf_counter() for _ in itertools.islice(characters, chars + 1)]
    return list(np.diff(times))


def measure_generation() -> dict[str, object]:
    """Measures characters per second, early and late, for one text and for many in parallel."""
    note("writing")
    single, transformer = time_characters(1, 10_000), time_characters(1, 3000, "transformer")
    many = time_characters(64, 480)
    early, late = single[50:1050], single[-1000:]
    return {
        "one stream, characters per second": len(single) / sum(single),
        "a Transformer of 6 x 192 units, one stream, characters per second": len(transformer)
        / sum(transformer),
        "64 streams, characters per second": 64 * len(many) / sum(many),
        "a late character costs, times an early one": statistics.median(late) / statistics.median(early),
    }


def measure_training() -> dict[str, object]:
    """Measures training characters per second, and those of a bare Keras LSTM, in turns."""
    import keras

    from studio.text import train

    note("learning")
    rng = np.random.default_rng(0)
    indices = rng.integers(0, SIZE, 700_000).astype("int32")
    settings = TrainTextSettings()
    trainer = train.Trainer(make_plan(indices, settings), make_vocabulary(), settings)
    layers = [keras.layers.LSTM(512, return_sequences=True, stateful=True) for _ in range(2)]
    bare = keras.Sequential([keras.layers.Embedding(SIZE, 64), *layers, keras.layers.Dense(SIZE)])
    bare.build((STREAMS, SEQUENCE))
    bare.compile("adamw", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    batch = indices[: STREAMS * SEQUENCE].reshape(STREAMS, SEQUENCE)
    steps = {
        "studio": lambda: trainer.stateful_model.train_on_batch(batch, batch),
        "bare": lambda: bare.train_on_batch(batch, batch),
    }
    durations = {name: [] for name in steps}
    for _ in range(12):
        for name, step in steps.items():
            durations[name].append(time_once(step))
    speeds = {name: STREAMS * SEQUENCE / statistics.median(times[2:]) for name, times in durations.items()}
    return {
        "learned, characters per second": speeds["studio"],
        "a bare keras.layers.LSTM, characters per second": speeds["bare"],
        "share of the bare one": speeds["studio"] / speeds["bare"],
    }


def score_preset(preset: str, path: str) -> dict[str, object]:
    """Scores a preset on the last tenth of a text."""
    note(f"reading the last tenth of {path}")
    model = language_model.load(preset)
    indices = model.vocabulary.encode(corpus.read(Path(path)).text).indices
    score = cross_entropy.score(model.network, make_plan(indices, TrainTextSettings()).test)
    return {
        f"{preset}, nats per character": score.nats_per_char,
        f"{preset}, bits a character": score.bits_per_char,
        f"{preset}, characters": score.chars,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="the speed of learning, too")
    parser.add_argument("--score", nargs=2, metavar=("PRESET", "TEXT"), help="the loss of a preset")
    args = parser.parse_args(argv)
    figures = measure_generation()
    if args.score:
        figures |= score_preset(*args.score)
    if args.train:
        figures |= measure_training()
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
