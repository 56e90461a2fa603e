"""What strength does: nearness to the painting and to the photo, over pairs of photos and paintings.

    python -m benchmarks.strengths [--json] [--strengths 0.3 0.6 0.8 1] [--size 256] [--sheet strengths.png]

Style and content are those of `benchmarks.looks`, at the size and at its halves down to 64 px. From one
strength to the next, style should fall and content rise: told is how many of these steps do so, and by how
much the worst goes back, as a share of what the strengths span. Ten pairs need nothing but the studio; the
test data add two more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import looks
from benchmarks.report import arguments, note, show
from studio.core.objectives import backbones
from studio.core.pictures import paintings, sample_photos
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

SAMPLES = (
    ("astronaut", "brush_strokes"),
    ("chelsea", "mosaic"),
    ("coffee", "stained_glass"),
    ("rocket", "fans"),
    ("camera", "woodcut"),
    ("astronaut", "halftone"),
    ("chelsea", "wash"),
    ("coffee", "dots"),
    ("rocket", "brush_strokes"),
    ("camera", "fans"),
)
ADDED = (("golden_gate", "scream"), ("tubingen", "starry"))  # of the test data


def pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Photos and paintings by the names of both; those of the test data only where these are."""
    found = {f"{photo}/{name}": (sample_photos.photo(photo), paintings.draw(name)) for photo, name in SAMPLES}
    for photo, name in ADDED if looks.folder().is_dir() else ():
        found[f"{photo}/{name}"] = looks.opened(photo, name)[:2]
    return found


def curve(found: list[tuple[float, ...]], falls: bool) -> tuple[int, int, float]:
    """How many steps between strengths go the right way, of how many, and how far the worst goes back.

    Args:
        found: for every strength, a figure at every size.
        falls: whether the figures should fall; else they should rise.
    """
    steps = np.diff(np.array(found), axis=0) * (-1 if falls else 1)
    spans = np.maximum(np.abs(np.array(found[-1]) - found[0]), 1e-9)
    return int((steps > 0).sum()), steps.size, float(max(0.0, (-steps / spans).max()))


def main() -> None:
    """Paints every pair at every strength, measures, and prints."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--strengths", type=float, nargs="*", default=[0.3, 0.6, 0.8, 1.0])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--mode", default="fine")
    parser.add_argument("--pairs", nargs="*", help="such as chelsea/mosaic; all when none is named")
    parser.add_argument("--sheet", type=Path, help="a PNG of all pictures, to be looked at")
    chosen = parser.parse_args()
    vgg16 = backbones.load("vgg16")
    sizes = [size for size in (chosen.size, *looks.SIZES) if 64 <= size <= chosen.size]
    sizes = list(dict.fromkeys(sizes))
    figures: dict[str, object] = {"longer sides, px": sizes}
    drawn, means = [], []
    for name, (photo, painting) in pairs().items():
        if chosen.pairs and name not in chosen.pairs:
            continue
        judge, seen = looks.Judge(vgg16, photo, painting, sizes), []
        drawn.append([photo, painting])
        for strength in chosen.strengths:
            asked = TransferSettings(mode=chosen.mode, size=chosen.size, strength=strength)
            made = transfer(photo, [painting], asked).image
            drawn[-1].append(made)
            seen.append(judge(made))
        means.append([(look.style, look.content) for look in seen])
        told = []
        for part in ("style", "content"):
            right, of, back = curve([getattr(look, part) for look in seen], falls=part == "style")
            told.append(f"{part} {right} of {of}" + (f", back by {back:.0%}" if back else ""))
        figures[name] = "; ".join(told)
        note(f"{name}: {figures[name]}")
        if chosen.sheet:
            looks.sheet(drawn, chosen.sheet, 256)
    for strength, (style, content) in zip(chosen.strengths, np.mean(means, axis=0), strict=True):
        each = [" ".join(f"{n:.3f}" for n in part) for part in (style, content)]
        figures[f"strength {strength:g}, mean"] = f"style {each[0]}, content {each[1]}"
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
