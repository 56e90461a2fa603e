"""How much a picture looks painted: nearness to the painting and to the photo at four sizes, and grain.

    python -m benchmarks.looks [--json] [--modes draft fine] [--strengths 0.8] [--sheet looks.png]

Style is the mean over VGG16's first four style layers of the distance of the Gram matrices, divided by the
painting's; content is the distance at block4_conv2, divided by the photo's: both of squares, with photo,
painting and picture made as small as each size. Grain is the mean absolute second difference of neighbouring
pixels at 512 px, in grey levels. P is as in `benchmarks.style`. The test data have four pictures that a
public script published in 2015, after 1,000 passes each; they are compared with, not shown.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.report import ROOT, arguments, note, show
from benchmarks.style import one_pass
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import activations
from studio.core.pictures import images
from studio.style.optimise import objective
from studio.style.settings import TransferSettings

SIZES = (512, 256, 128, 64)  # px, of the longer side
LAYERS = objective.STYLE_LAYERS[:4]
PHOTOS = {"golden_gate": "golden_gate.jpg", "tubingen": "tubingen.jpg"}
PAINTINGS = {"starry": "starry_night_google.jpg", "scream": "the_scream.jpg"}


@dataclass(frozen=True)
class Look:
    """What is measured of one picture; the tuples follow the judge's sizes."""

    style: tuple[float, ...]
    content: tuple[float, ...]
    grain: float


class Judge:
    """Measures pictures of one photo in one painting.

    Args:
        photo, painting: `(H, W, 3) uint8`.
        sizes: px, of the longer side, from the largest, at which grain is measured, too.
    """

    def __init__(
        self, backbone: Backbone, photo: np.ndarray, painting: np.ndarray, sizes: Sequence[int] = SIZES
    ):
        self._backbone = backbone
        self._painting = [self._grams(images.fit(painting, size)) for size in sizes]
        small = [images.fit(photo, size) for size in sizes]
        self._shapes = [one.shape[:2] for one in small]
        self._photo = [self._content(one) for one in small]
        self.grain = grain(images.fit(painting, sizes[0]))

    def __call__(self, picture: np.ndarray) -> Look:
        """Measures `(H, W, 3) uint8`, a painted picture of any size."""
        small = [images.resize(picture, *shape) for shape in self._shapes]
        return Look(
            tuple(self._style(one, wanted) for one, wanted in zip(small, self._painting, strict=True)),
            tuple(_relative(self._content(one), was) for one, was in zip(small, self._photo, strict=True)),
            grain(small[0]),
        )

    def _style(self, picture: np.ndarray, wanted: dict[str, np.ndarray]) -> float:
        found = self._grams(picture)
        return float(np.mean([_relative(found[layer], wanted[layer]) for layer in LAYERS]))

    def _grams(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        return objective.grams(self._backbone, images.to_01(picture))

    def _content(self, picture: np.ndarray) -> np.ndarray:
        _, found = next(activations(self._backbone, (objective.CONTENT_LAYER,), images.to_01(picture)))
        return found[objective.CONTENT_LAYER]


def _relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.square(found - wanted).sum() / np.square(wanted).sum())


def grain(picture: np.ndarray) -> float:
    """The mean absolute second difference along rows and columns of `(H, W, 3) uint8`, in grey levels."""
    pixels = picture.astype("float64")
    return float(np.mean([np.abs(np.diff(pixels, 2, axis=axis)).mean() for axis in (0, 1)]))


def folder() -> Path:
    """Where the test data are."""
    return Path(os.environ.get("STUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))


def pairs() -> list[tuple[str, str]]:
    """The photo and the painting of each published picture."""
    return [(photo, painting) for photo in PHOTOS for painting in PAINTINGS]


def opened(photo: str, painting: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photo, a painting, and what was published of both."""
    shown = folder() / "images"
    published = images.read(folder() / "published" / f"{photo}_{painting}.png")
    return images.read(shown / PHOTOS[photo]), images.read(shown / PAINTINGS[painting]), published


def painted(
    photo: np.ndarray, painting: np.ndarray, mode: str, strength: float, painter: int
) -> tuple[np.ndarray, float]:
    """The studio's own picture, and the seconds that it took in a warm process."""
    from studio.style.transfer import transfer

    asked = TransferSettings.model_validate(
        {"mode": mode, "strength": strength, "size": SIZES[0], "painter": painter}
    )
    began = time.perf_counter()
    return transfer(photo, [painting], asked).image, time.perf_counter() - began


def row(look: Look, judge: Judge, published: Look) -> str:
    """One picture's figures in a line, with how many times those of the published picture they are."""

    def told(ours: tuple[float, ...], theirs: tuple[float, ...]) -> str:
        times = [one / other for one, other in zip(ours, theirs, strict=True)]
        return " ".join(f"{n:.3f}" for n in ours) + " (" + " ".join(f"{n:.2f}" for n in times) + ")"

    style, content = told(look.style, published.style), told(look.content, published.content)
    return f"style {style}, content {content}, grain {look.grain:.1f} of {judge.grain:.1f}"


def sheet(pictures: list[list[np.ndarray]], path: Path, side: int = 512) -> None:
    """Draws pictures in rows, to be looked at."""
    lines = []
    for line in pictures:
        cells = [np.full((side, side, 3), 255, "uint8") for _ in line]
        for cell, picture in zip(cells, line, strict=True):
            small = images.fit(picture, side)
            cell[: small.shape[0], : small.shape[1]] = small
        lines.append(np.concatenate(cells, axis=1))
    width = max(line.shape[1] for line in lines)
    lines = [np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0))) for line in lines]
    path.write_bytes(images.encode_png(np.concatenate(lines)))


def main() -> None:
    """Paints every pair in every mode and at every strength, measures, and prints."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--modes", nargs="*", default=["instant", "draft", "fine"])
    parser.add_argument("--strengths", type=float, nargs="*", default=[0.8])
    parser.add_argument(
        "--painter", type=int, default=TransferSettings().painter, help="of draft, fine and finest"
    )
    parser.add_argument("--pairs", nargs="*", default=["/".join(pair) for pair in pairs()])
    parser.add_argument("--sheet", type=Path, help="a PNG of all pictures, to be looked at")
    chosen = parser.parse_args()
    vgg16 = backbones.load("vgg16")
    figures: dict[str, object] = {"longer sides, px": SIZES}
    drawn = []
    for pair in chosen.pairs:
        photo, painting, published = opened(*pair.split("/"))
        judge = Judge(vgg16, photo, painting)
        theirs = judge(published)
        drawn.append([photo, painting, published])
        for name, picture in (("the photo itself", photo), ("published", published)):
            figures[f"{pair}, {name}"] = row(judge(picture), judge, theirs)
        for mode in chosen.modes:
            for strength in chosen.strengths:
                note(f"{pair}, {mode}, strength {strength}")
                made, taken = painted(photo, painting, mode, strength, chosen.painter)
                drawn[-1].append(made)
                told = f"{row(judge(made), judge, theirs)}, {taken / one_pass(SIZES[0]):.1f} P, {taken:.0f} s"
                figures[f"{pair}, {mode}, strength {strength:g}"] = told
                note(told)
                if chosen.sheet:
                    sheet(drawn, chosen.sheet)
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
