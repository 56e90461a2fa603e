"""Sketch: how near avatars painted from held-out outlines come to the true ones, and a sheet of them.

    python -m benchmarks.sketch [--json] [--network outline] [--count 500] [--sheet sheet.png]

The avatars are drawn for this, each outline by a hand of its own, and painted at the size at which the
network learns. FID takes `studio weights pull inceptionv3`, LPIPS vgg16 and lpips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, show

SHOWN = 64  # of them on the sheet
SEEDS = (1_000_003, 1_000_004)  # of avatars that no training sees, and of others


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--count 20")
    parser.add_argument("--network", default="sketch", help="a preset's name, or a model's folder")
    parser.add_argument("--count", type=int, default=500, help="how many avatars")
    parser.add_argument("--sheet", type=Path, help=f"a PNG of the first {SHOWN} of them")
    chosen = parser.parse_args(argv)
    from studio.core.imaging import grids, image_io
    from studio.core.models import presets
    from studio.core.progress import Progress
    from studio.sketch import paint
    from studio.sketch.learn import task
    from studio.sketch.learn.bank import Bank
    from studio.sketch.settings import TrainSketchSettings
    from training.drawings import sketches

    painter = paint.open(presets.find(chosen.network))
    assert isinstance(painter.settings, TrainSketchSettings)
    size = painter.settings.size
    seen: list[np.ndarray] = []  # drawing, painting and truth of each, one below the other
    off: list[float] = []

    def painted(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        each = zip(batch["drawing"], batch["colors"], strict=True)
        made = np.stack([paint.avatar(painter.layers(one), how, size) for one, how in each]) / 255
        rows = np.concatenate([batch["drawing"][..., :3], made, batch["image"]], axis=1)
        seen.extend(np.rint(255 * rows).astype("uint8"))
        off.extend(255 * np.abs(made - batch["image"]).mean((1, 2, 3)))
        return made.astype("float32")

    note("drawing")
    held_out, others = (Bank(sketches.collection(chosen.count, seed, size=size)) for seed in SEEDS)
    note("painting and comparing")
    found = task.scored(painted, held_out, others, chosen.count, Progress())
    if chosen.sheet:
        chosen.sheet.write_bytes(image_io.encode_png(grids.grid(np.stack(seen[:SHOWN]), 16)))
    figures: dict[str, object] = {"off, levels of 255": float(np.mean(off)), **found}
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
