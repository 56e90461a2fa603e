"""Video: flicker of results with and without temporal consistency, and its time for each frame.

    python -m benchmarks.video [CLIP.mp4 ...] [--start SECONDS] [--frames 24] [--size 320] [--json]

CLIP is a video, best with a fixed camera; without one, the sample video is measured, which is a slow pan. A
change is the mean absolute difference of consecutive frames in levels of 255; the flicker is the change of
the result divided by that of the input at the same size. Sharpness is the mean absolute Laplacian, divided by
that of the results without temporal consistency. Each frame is rendered once and then blended.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from benchmarks.report import make_parser, note, print_figures
from studio.core import tasks
from studio.core.imaging import image_io, paintings, video_decoder
from studio.core.imaging.video_span import Span
from studio.core.tasks import File
from studio.style.house import known_styles
from studio.video import sample
from studio.video.settings import BLENDED_BANDS
from studio.video.temporal_consistency import TemporalBlender

FPS = 30
PAINTING = "woodcut"


def list_cases(size: int, styles: Sequence[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Returns what is measured: its name -> the task and its settings."""
    houses: dict[str, tuple[str, dict[str, Any]]] = {
        f"house {name}": ("style.transfer", {"house": [name], "size": size}) for name in styles
    }
    return houses | {
        "AdaIN": ("style.transfer", {"size": size}),
        "enhance": ("enhance.enlarge", {}),
        "colorize": ("colorize.apply", {}),
    }


def render(task: str, base: dict[str, Any], frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Returns the result of each frame, `(H, W, 3) uint8`."""
    settings, results = tasks.get(task).settings.from_plain(base), []
    painting = File.store(image_io.encode_png(paintings.read_painting(PAINTING)), "image", f"{PAINTING}.png")
    for frame in frames:
        with tasks.store_in_memory():
            inputs = {"content": [File.store(image_io.encode_png(frame), "image", "frame.png")]}
            if task == "style.transfer" and "house" not in base:
                inputs["style"] = [painting]
            results.append(image_io.read(tasks.run(task, settings, inputs).files[0].read()))
    return results


def measure_change(images: Sequence[np.ndarray]) -> float:
    """Returns the mean absolute difference of consecutive images, in levels of 255."""
    return float(np.mean([np.abs(b.astype(float) - a).mean() for a, b in pairwise(images)]))


def measure_sharpness(images: Sequence[np.ndarray]) -> float:
    """Returns the mean absolute Laplacian of images, in levels of 255."""
    return float(np.mean([np.abs(ndimage.laplace(image.mean(axis=-1))).mean() for image in images]))


def measure(task: str, base: dict[str, Any], frames: Sequence[np.ndarray]) -> dict[str, object]:
    """Measures the flicker of a task before and after blending."""
    if task == "colorize.apply":
        frames = [np.repeat(image_io.to_gray(frame), 3, axis=2) for frame in frames]
    began = time.perf_counter()
    results = render(task, base, frames)
    seconds = time.perf_counter() - began
    height, width = results[0].shape[:2]
    input_change = measure_change([image_io.resize(frame, height, width) for frame in frames])
    before = measure_change(results) / input_change
    figures: dict[str, object] = {"input change": input_change, "flicker": before}
    if band := BLENDED_BANDS.get(task):
        blender, began = TemporalBlender(1.0, band), time.process_time()
        blended = [blender.blend(*pair) for pair in zip(frames, results, strict=True)]
        blending_seconds = time.process_time() - began
        figures["flicker, blended"] = measure_change(blended) / input_change
        figures["sharpness, blended"] = measure_sharpness(blended) / measure_sharpness(results)
        figures["s of CPU to blend a frame"] = blending_seconds / len(frames)
    return figures | {"s to render a frame": seconds / len(frames)}


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the figures."""
    parser = make_parser(__doc__.splitlines()[0], "--frames 3 --size 96 --only AdaIN colorize")
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIP")
    parser.add_argument("--start", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--size", type=int, default=320, help="longer side of styled frames, in px")
    parser.add_argument("--only", nargs="+", help="what to measure, such as AdaIN")
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    for name, data in [(path.stem, path.read_bytes()) for path in args.clips] or [("sample", sample.draw())]:
        span = Span(args.start, args.start + args.frames / FPS * 2)
        frames = [*islice(video_decoder.decode(data, span=span), args.frames)]
        for case, (task, base) in list_cases(args.size, known_styles.list_styles()).items():
            if not args.only or case in args.only:
                measured = measure(task, base, frames)
                note(f"{name}, {case}: {measured}")
                figures |= {f"{name}, {case}: {key}": value for key, value in measured.items()}
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
