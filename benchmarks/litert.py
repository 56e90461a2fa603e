"""What is drawn, painted and written by LiteRT's interpreter, in turns with Keras or with whole weights.

    python -m benchmarks.litert [--json] [--rounds 9] [--cold 3]

Each round runs both sides one after the other, so that both meet the same load; a figure is the median of the
rounds with the lowest and the highest. Writing is told as a share of what memory allows, too: a character
reads every weight once, so no step can be faster than the weights' bytes over the bytes a second that one
processor reads, either from memory or, where they fit, from its caches.
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, show
from studio.core.process import children

DRAWING = ("faces-dcgan", "faces-vae", "digits-dcgan", "digits-vae", "avatars-dcgan")
CHARACTERS = 1000  # a round
FAR = 256 * 2**20  # bytes: more than caches hold
COMMANDS = {
    "style": ("style", "sample:coffee", "house:mosaic"),
    "faces": ("faces",),
    "write": ("write", "Once"),
}


def in_turns(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[list[float]]]:
    """Seconds by the clock and of processor that each side takes, `[(clock, processor), ...]` by name."""
    found: dict[str, list[list[float]]] = {name: [] for name in sides}
    for work in sides.values():
        work()
    for _, (name, work) in itertools.product(range(rounds), sides.items()):
        began = time.perf_counter(), time.process_time()
        work()
        found[name].append([time.perf_counter() - began[0], time.process_time() - began[1]])
    return found


def told(label: str, taken: Mapping[str, list[list[float]]]) -> dict[str, object]:
    """Rows of what both sides took, in milliseconds, and how many times as long the first took."""
    rows: dict[str, object] = {}
    for place, kind in enumerate(("clock", "processor")):
        times = {name: [1000 * one[place] for one in found] for name, found in taken.items()}
        shown = "; ".join(f"{name} {ranged(found)}" for name, found in times.items())
        first, second = (statistics.median(found) for found in times.values())
        rows[f"{label}, ms ({kind})"] = f"{shown}; {first / second:.2f} x"
    return rows


def ranged(numbers: list[float]) -> str:
    """The median of some numbers, the lowest and the highest."""
    return f"{statistics.median(numbers):,.1f} ({min(numbers):,.1f} to {max(numbers):,.1f})"


def painting(rounds: int) -> dict[str, object]:
    """One photo of 512 px in a house style, by both."""
    from studio.core.models import presets
    from studio.core.pictures import images, sample_photos
    from studio.style.house import known_styles, paint

    note("painting")
    preset = presets.find(known_styles.SHIPPED)
    painter, network = paint.open(preset), paint.load(preset)
    photo = images.to_01(images.fit(sample_photos.photo("coffee"), 512))
    height, width = (side // 4 * 4 for side in photo.shape[1:3])
    photo, mix = photo[:, :height, :width], np.eye(len(painter.styles), dtype="float32")[:1]
    sides = {
        "LiteRT": lambda: painter.paint(photo, [0], [1.0]),
        "Keras": lambda: network.predict_on_batch([photo, mix]),
    }
    return told("a photo of 512 px in a house style", in_turns(sides, rounds))


def drawing(name: str, rounds: int) -> dict[str, object]:
    """One picture and a wall of 64 by a model, by both, and how far they are apart."""
    from studio.core import tasks
    from studio.core.generators import latent
    from studio.core.models import presets

    note(name)
    preset = presets.find(name)
    opened = tasks.imported(tasks.get(preset.task).opens)(preset)
    by_keras = _by_keras(preset)
    figures: dict[str, object] = {}
    for count in (1, 64):
        z = latent.draw(opened, count, seed=0)
        sides = {"LiteRT": lambda z=z: opened.decode(z), "Keras": lambda z=z: by_keras(z)}
        figures |= told(f"{name}, {count} at once", in_turns(sides, rounds))
    apart = np.abs(opened.decode(z).astype(int) - by_keras(z))
    figures[f"{name}, levels apart at most; share of numbers"] = f"{apart.max()}; {(apart > 0).mean():.1e}"
    return figures


def _by_keras(preset) -> Callable[[np.ndarray], np.ndarray]:
    from studio.core.models import loading

    if preset.task == "vae.train":
        from studio.vae import codes, generator

        vae, contrast = generator.load(preset), generator.contrast(preset)
        return lambda z: codes.decode(vae, z, contrast)
    from studio.dcgan import generator, model

    gan = model.Gan(generator.settings_of(preset))
    loading.fill(gan, preset)
    return lambda z: generator.generate(gan.generator, z)


def writing(rounds: int) -> dict[str, object]:
    """Characters a second with weights of eight bits and with whole ones, beside what memory allows."""
    from benchmarks.text import random_voice
    from studio.text.settings import WriteSettings
    from studio.text.write import draws

    note("writing")
    network, vocabulary = random_voice()
    arrays = [network.head, *(layer.recurrent for layer in network.layers)]
    weights = sum(one.size for one in [*arrays, *(layer.kernel for layer in network.layers[1:])])
    sizes = {"int8": weights, "float32": 4 * weights}
    streams = {kind: draws(network, vocabulary, WriteSettings(precision=kind)) for kind in sizes}
    sides: dict[str, Callable[[], object]] = {
        kind: lambda drawn=drawn: [next(drawn) for _ in range(CHARACTERS)] for kind, drawn in streams.items()
    }
    places = {"memory": FAR} | {f"where {kind} weights lie": size for kind, size in sizes.items()}
    sides |= {place: _reading(size) for place, size in places.items()}
    found = in_turns(sides, rounds)
    taken = {name: statistics.median(clock for clock, _ in found[name]) for name in sides}
    reads = {place: FAR / taken[place] for place in places}
    figures: dict[str, object] = {
        f"one processor reads from {place}, GB/s": speed / 1e9 for place, speed in reads.items()
    }
    for kind, size in sizes.items():
        asked = CHARACTERS / taken[kind] * size
        speeds = ranged([CHARACTERS / clock for clock, _ in found[kind]])
        figures[f"one stream by {kind}, characters a second"] = speeds
        figures[f"{kind}, share of what memory allows"] = asked / reads["memory"]
        figures[f"{kind}, share of what reading where they lie allows"] = (
            asked / reads[f"where {kind} weights lie"]
        )
    return figures


def _reading(size: int) -> Callable[[], object]:
    """Reads FAR bytes, so many again and again, by sums of products in one thread, which waits for memory."""
    from studio.core.process.blas_threads import limited

    halves = np.ones(size // 8, "float32"), np.ones(size // 8, "float32")

    def read() -> None:
        with limited(1):
            for _ in range(FAR // size):
                np.dot(*halves)

    return read


def starting(rounds: int) -> dict[str, object]:
    """Seconds from the start of a command of its own to its result."""
    figures: dict[str, object] = {}
    for name, words in COMMANDS.items():
        note(f"cold: {name}")
        with tempfile.TemporaryDirectory() as place:
            out = [] if name == "write" else ["-o", str(Path(place) / "out.png")]
            command = children.command("-m", "studio", *words, *out, "--quiet")
            found = []
            for _ in range(rounds):
                began = time.perf_counter()
                subprocess.run(command, check=True, env=children.environment(), capture_output=True)
                found.append(time.perf_counter() - began)
        figures[f"studio {name}, cold, s"] = ranged(found)
    return figures


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--rounds 1 --cold 1 --presets digits-vae")
    parser.add_argument("--rounds", type=int, default=9, help="in which both sides take turns")
    parser.add_argument("--cold", type=int, default=3, help="starts of each command")
    parser.add_argument("--presets", nargs="+", default=DRAWING, help="models that draw")
    chosen = parser.parse_args(argv)
    figures = starting(chosen.cold) | writing(chosen.rounds) | painting(chosen.rounds)
    for name in chosen.presets:
        figures |= drawing(name, chosen.rounds)
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
