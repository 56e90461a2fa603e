"""PNG files: what writing one costs and how large it is, beside other settings of the same library.

    python -m benchmarks.png [--json] [--rounds 9] [--side 1024]

The pictures are three photos, three paintings, a wall of drawn faces and one that stands alone. All are
written by all settings in turns, so that these meet the same load; a time is the median of the rounds.
"""

from __future__ import annotations

import io
import itertools
import statistics
from collections.abc import Sequence
from functools import partial

import numpy as np
from PIL import Image

from benchmarks.report import arguments, note, photos_and_paintings, show, timed
from studio.core.models import presets
from studio.core.pictures import images
from studio.dcgan import generator
from studio.faces import draw

PRESET = "avatars-dcgan"
OURS = "as the studio does"
OTHERS = {"Pillow's default, level 6": 6, "level 4": 4, "level 1": 1}


def shown(side: int) -> list[np.ndarray]:
    """What is written, each `(h, w, 3) uint8`: photos and paintings of so many pixels at most, and faces."""
    painted = [images.fit(picture, side) for pair in photos_and_paintings() for picture in pair]
    network = generator.open(presets.find(PRESET))
    z = np.random.default_rng(0).standard_normal((25, network.latent_dim)).astype("float32")
    faces = network.decode(z)
    return [*painted, draw.sheet(faces), draw.large(faces[0], enhance=True)]


def plainly(picture: np.ndarray, level: int) -> bytes:
    """A PNG by Pillow at a level of zlib, from 1, fast, to 9, small."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "PNG", compress_level=level)
    return held.getvalue()


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--rounds 1 --side 128")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--side", type=int, default=1024, help="px of photos and paintings, at most")
    chosen = parser.parse_args(argv)
    ways = {OURS: images.encode_png} | {name: partial(plainly, level=level) for name, level in OTHERS.items()}
    pictures = shown(chosen.side)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for n, (name, write) in itertools.product(range(chosen.rounds), ways.items()):
        note(f"round {n + 1}: {name}")
        times[name].append(timed(lambda write=write: [write(picture) for picture in pictures]))
    pixels = sum(picture.shape[0] * picture.shape[1] for picture in pictures)
    ours = statistics.median(times[OURS]), sum(len(images.encode_png(one)) for one in pictures)
    figures: dict[str, object] = {f"{OURS}, ms a megapixel": 1e9 * ours[0] / pixels}
    for name, level in OTHERS.items():
        size = sum(len(plainly(picture, level)) for picture in pictures)
        figures[f"its time, times that of {name}"] = ours[0] / statistics.median(times[name])
        figures[f"its size, times that of {name}"] = ours[1] / size
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
