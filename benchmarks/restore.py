"""Restore: how much damage of old prints is found, how much of clean photos is marked, and processor time.

    python -m benchmarks.restore [--network NAME] [--repeats 3] [--json]

The prints are the old sample photos, on which the damage is drawn, so it is known; the clean photos are the
same without damage. None is training data. The margin around the damage does not count against precision.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy import ndimage

from benchmarks.report import make_parser, measure_seconds, print_figures
from studio.core.imaging import old_photos, sample_photos
from studio.core.models import presets
from studio.restore.detection import Detector, load_detector
from studio.restore.settings import SHIPPED_NETWORK

MARGIN = 4  # px around the drawn damage that may be marked


def measure_detection(detector: Detector, name: str) -> dict[str, float]:
    """Returns recall and precision on an old print, and the share of the clean photo that is marked."""
    photo = sample_photos.read_photo(name)
    old, damage = old_photos.draw_sample(photo)
    mask = detector.find(old)
    near = ndimage.binary_dilation(damage, iterations=MARGIN)
    return {
        "recall": float(mask[damage].mean()),
        "precision": float(near[mask].mean()) if mask.any() else 1.0,
        "clean photo marked": float(detector.find(photo).mean()),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--repeats 1")
    parser.add_argument("--network", default=SHIPPED_NETWORK)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args(argv)
    detector = load_detector(presets.find(args.network))
    figures: dict[str, object] = {}
    names = [sample_photos.original_name(name) for name in sample_photos.list_old_names()]
    scores = [measure_detection(detector, name) for name in names]
    for name, score in zip(names, scores, strict=True):
        figures |= {f"{name}, {what}": value for what, value in score.items()}
    figures |= {f"mean {what}": float(np.mean([score[what] for score in scores])) for what in scores[0]}
    photo = sample_photos.read_photo("astronaut")
    seconds = measure_seconds(partial(detector.find, photo), args.repeats, clock=time.process_time)
    figures["detection, processor time per megapixel, s"] = seconds * 1e6 / (photo.shape[0] * photo.shape[1])
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
