"""Outline: how near avatars painted from held-out outlines come to the true ones, and a sheet of them.

    python -m benchmarks.outline [--json] [--network outline] [--count 500] [--sheet sheet.png]

The avatars are those that no training sees, each drawn by a hand of its own, and painted at the size at
which the network learns. FID takes `studio weights pull inceptionv3`, LPIPS vgg16 and lpips.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, show

SHOWN = 64  # of them on the sheet
BATCH = 32  # drawn at a time, as at the end of a training


def painted(network: str, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Held-out outlines, what is painted of them, the truth, and others: `(n, side, side, 3) uint8` each."""
    from studio.core.models import presets
    from studio.core.progress import Progress
    from studio.outline import paint
    from studio.outline.learn.pairs import HELD_OUT_SEED, Bank
    from studio.outline.settings import TrainOutlineSettings

    painter = paint.open(presets.find(network))
    assert isinstance(painter.settings, TrainOutlineSettings)
    note("drawing")
    truth, others = (Bank(HELD_OUT_SEED + n, count, painter.settings, Progress()) for n in range(2))
    rng, drawings, made = np.random.default_rng([HELD_OUT_SEED, 1]), [], []
    note("painting")
    for at in range(0, count, BATCH):
        rows = np.arange(at, min(at + BATCH, count))
        batch = truth.drawn(rows, ["outline"] * len(rows), rng)
        for planes, colours in zip(batch["drawing"], batch["colours"], strict=True):
            drawings.append(np.rint(255 * planes[..., :3]).astype("uint8"))
            made.append(paint.avatar(painter.layers(planes), colours, truth.size))
    return np.stack(drawings), np.stack(made), truth.pictures, others.pictures


def sheet(drawings: np.ndarray, made: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Drawing, painting and truth below each other, in rows of sixteen: `(H, W, 3) uint8`."""
    threes = np.concatenate([drawings, made, truth], axis=1)[:SHOWN]
    rows = [np.concatenate(list(threes[at : at + 16]), axis=1) for at in range(0, len(threes), 16)]
    return np.concatenate([row for row in rows if row.shape[1] == rows[0].shape[1]])


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--count 20")
    parser.add_argument("--network", default="outline", help="a preset's name, or a model's folder")
    parser.add_argument("--count", type=int, default=500, help="how many avatars")
    parser.add_argument("--sheet", type=Path, help=f"a PNG of the first {SHOWN} of them")
    chosen = parser.parse_args(argv)
    from studio.core.pictures import images
    from studio.core.progress import Progress
    from studio.outline.learn.measure import distances

    drawings, made, truth, others = painted(chosen.network, chosen.count)
    off = np.abs(made.astype("float32") - truth)
    if chosen.sheet:
        chosen.sheet.write_bytes(images.encode_png(sheet(drawings, made, truth)))
    note("comparing")
    found = distances(made, truth, others, Progress())
    figures: dict[str, object] = {"off, levels of 255": float(off.mean()), **found}
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
