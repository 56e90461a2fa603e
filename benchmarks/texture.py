"""Texture: distortion and perceptual distance of bicubic, faithful and texture upscaling, and its cost.

    python -m benchmarks.texture [--json] [--sets set5 set14] [--most 3] [--side 256]

Images are downscaled 4 times by an antialiasing bicubic kernel and upscaled again. PSNR is of lightness,
LPIPS of colors, without a border of 4 px. Without the test data of STUDIO_TEST_DATA, sample photos are used.
Seconds, by the clock and of the processor, are of the first and of the second photo in this process; the peak
of memory is that of the process after both, before LPIPS is computed.
"""

from __future__ import annotations

import itertools
import resource
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.enhance import SETS, load_images
from benchmarks.report import make_parser, note, print_figures, time_once
from studio.core.imaging import image_io, sample_photos
from studio.core.metrics import lpips
from studio.core.models import presets
from studio.enhance import bicubic, enlarge
from studio.enhance.psnr import psnr
from studio.enhance.settings import SHIPPED_ENLARGER, TEXTURE_SCALE, TEXTURE_WEIGHTS
from studio.enhance.texture import upscale

METHODS = ("bicubic", "faithful", *TEXTURE_WEIGHTS)
_RESIZERS = {"small": bicubic.shrink, "large": bicubic.enlarge}


def resize(image: np.ndarray, direction: str) -> np.ndarray:
    """Resizes `(H, W, 3) uint8` by TEXTURE_SCALE with the bicubic kernel, "small" or "large"."""
    planes = _RESIZERS[direction](np.moveaxis(image.astype("float32"), 2, 0), TEXTURE_SCALE)
    return np.moveaxis(np.rint(np.clip(planes, 0, 255)).astype("uint8"), 0, 2)


def enlarge_by(method: str, small: np.ndarray) -> np.ndarray:
    """Upscales `(h, w, 3) uint8` by one of METHODS."""
    if method == "bicubic":
        return resize(small, "large")
    if method == "faithful":
        enlarger = enlarge.load_enlarger(presets.find(SHIPPED_ENLARGER))
        return enlarger.enlarge(small, enlarge.Options(TEXTURE_SCALE))
    return upscale.load(TEXTURE_WEIGHTS[method]).upscale(small)


def measure_quality(name: str, max_images: int | None) -> dict[str, object]:
    """Measures the mean PSNR and LPIPS of each method on a set."""
    rows = []
    for image in itertools.islice(load_images(name), max_images):
        height, width = (side // TEXTURE_SCALE * TEXTURE_SCALE for side in image.shape[:2])
        colors = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
        truth = np.ascontiguousarray(colors[:height, :width])
        results = [enlarge_by(method, resize(truth, "small")) for method in METHODS]
        rows.append([compare(truth, result) for result in results])
        note(f"{name}: {len(rows)} images")
    means = np.mean(rows, axis=0)
    return {
        f"{name} x4, {method}: PSNR in dB, LPIPS": f"{decibels:.2f}, {distance:.3f}"
        for method, (decibels, distance) in zip(METHODS, means, strict=True)
    }


def compare(truth: np.ndarray, result: np.ndarray) -> tuple[float, float]:
    """Returns PSNR and LPIPS of a result, `(H, W, 3) uint8`."""
    light = [image_io.to_gray(image)[..., 0].astype("float32") for image in (truth, result)]
    inner = slice(TEXTURE_SCALE, -TEXTURE_SCALE)
    crops = [image_io.to_01(image[inner, inner]) for image in (truth, result)]
    return psnr(*light, TEXTURE_SCALE), lpips.compute_distance(*crops)


def measure_cost(side: int) -> dict[str, object]:
    """Measures seconds and memory for a photo of `side` px."""
    photo, figures = image_io.resize(sample_photos.read_photo("chelsea"), side, side), {}
    for method, name in TEXTURE_WEIGHTS.items():
        network = upscale.load(name)
        for run in ("first", "second"):
            cpu_start = time.process_time()
            seconds = time_once(lambda: network.upscale(photo))  # noqa: B023
            cpu_seconds = time.process_time() - cpu_start
            figures[f"{method}, {side} px x4, {run}: s, processor s"] = f"{seconds:.1f}, {cpu_seconds:.1f}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return figures | {"peak memory of the process, GiB": f"{peak:.2f}"}


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--sets set5 --most 1 --side 32")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--most", type=int, help="images of each set; all by default")
    parser.add_argument("--side", type=int, default=256, help="of the photo that is timed")
    args = parser.parse_args(argv)
    figures = measure_cost(args.side)
    for name in args.sets:
        figures |= measure_quality(name, args.most)
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
