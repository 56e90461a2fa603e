"""Sketch: error, FID and LPIPS of avatars painted from held-out outlines, and a sheet of them.

    python -m benchmarks.sketch [--json] [--network outline] [--count 500] [--sheet sheet.png]

The avatars are drawn for this benchmark, each outline in its own style, and painted at the size of the
network. FID needs `studio weights pull inceptionv3`, LPIPS needs vgg16 and lpips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import make_parser, note, print_figures
from studio.core.imaging import grids, image_io
from studio.core.models import presets
from studio.core.progress import Progress
from studio.sketch import paint
from studio.sketch.learn import task
from studio.sketch.learn.avatar_bank import AvatarBank
from studio.sketch.settings import TrainSketchSettings
from training.drawings.data_sets import draw_data_set

MAX_ON_SHEET = 64  # avatars on the sheet
SEEDS = (1_000_003, 1_000_004)  # of avatars that are never trained on, and of unrelated ones


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--count 20")
    parser.add_argument("--network", default="sketch", help="a preset's name, or a model's folder")
    parser.add_argument("--count", type=int, default=500, help="how many avatars")
    parser.add_argument("--sheet", type=Path, help=f"a PNG of the first {MAX_ON_SHEET} of them")
    args = parser.parse_args(argv)

    generator = paint.load_generator(presets.find(args.network))
    assert isinstance(generator.settings, TrainSketchSettings)
    size = generator.settings.size
    columns: list[np.ndarray] = []  # drawing, result and truth of each, stacked
    errors: list[float] = []

    def paint_batch(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        pairs = zip(batch["drawing"], batch["colors"], strict=True)
        images = (
            np.stack(
                [
                    paint.render_avatar(generator.predict_layers(drawing), colors, size)
                    for drawing, colors in pairs
                ]
            )
            / 255
        )
        rows = np.concatenate([batch["drawing"][..., :3], images, batch["image"]], axis=1)
        columns.extend(np.rint(255 * rows).astype("uint8"))
        errors.extend(255 * np.abs(images - batch["image"]).mean((1, 2, 3)))
        return images.astype("float32")

    note("drawing")
    held_out, unrelated = (
        AvatarBank(draw_data_set("sketches", args.count, seed, size=size)) for seed in SEEDS
    )
    note("painting and comparing")
    scores = task.measure_scores(paint_batch, held_out, unrelated, args.count, Progress())
    if args.sheet:
        args.sheet.write_bytes(image_io.encode_png(grids.make_grid(np.stack(columns[:MAX_ON_SHEET]), 16)))
    figures: dict[str, object] = {"off, levels of 255": float(np.mean(errors)), **scores}
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
