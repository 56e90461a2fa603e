"""The endless zoom: each frame is a dream of the last one, magnified and rotated; the video loops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.imaging import image_io
from studio.core.imaging.video_encoder import VideoEncoder
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.dream.ascend import Ascent, fit_content
from studio.dream.estimate import FRAME_OCTAVES, count_frame_passes, count_further_frames
from studio.dream.seamless_loop import Loop
from studio.dream.settings import DreamSettings

SHARPNESS = 0.15  # factor of the fine detail added to a frame, against the blur of magnification
FINE_SIGMA = 1.0  # px, sigma that separates fine detail


@dataclass(frozen=True)
class ZoomVideo:
    """A zoom video.

    Attributes:
        video: bytes of the file in the format of the settings; empty if it ended before two frames.
        frames: number of frames in the loop; fewer than set if it ended early.
        image: the first dream, `(H, W, 3) uint8`.
        figures: seconds, frames, steps, and `image_steps`, the steps of `image`.
        weights: SHA-256 of the weights used, by name.
        stopped_early: whether the user stopped it and this is the result so far.
    """

    video: bytes
    frames: int
    image: np.ndarray
    figures: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    stopped_early: bool = False


def zoom(
    content: np.ndarray,
    settings: DreamSettings,
    guide: np.ndarray | None = None,
    progress: Progress | None = None,
) -> ZoomVideo:
    """Makes an endless zoom into dreams of an image, as a looping video.

    Args:
        content, guide: as in `studio.dream.ascend.ascend`.
        settings: `zoom` is the number of frames; `most_steps` ends it earlier, after a complete frame.
        progress: receives every step, counted in frames; the first frame counts as its cost in frames.

    Raises:
        StudioError: like `ascend`.
        Cancelled: if the user stopped it before the first step.
    """
    progress = progress or Progress()
    target = settings.target
    image = fit_content(content, settings, backbones.find_spec(target.backbone))
    backbone = backbones.load(target.backbone, progress)
    start_time = time.monotonic()
    ascent = Ascent(backbone, settings, image, guide, progress)
    make_report = _split_progress(settings, image, progress)
    first_01 = ascent.run_octaves(image, settings.octaves, settings.steps, make_report(0))
    image_steps = ascent.steps
    with VideoEncoder(settings.video, settings.fps) as video:
        loop = Loop(video.add)
        for frame in _generate_frames(first_01, ascent, settings, make_report):
            loop.add(image_io.to_uint8(frame))
        frames = loop.close()
        video_bytes = video.finish() if frames > 1 or frames == settings.zoom else b""
    figures = {
        "seconds": time.monotonic() - start_time,
        "frames": frames,
        "steps": ascent.steps,
        "image_steps": image_steps,
    }
    weights = {target.backbone: backbone.digest}
    return ZoomVideo(video_bytes, frames, image_io.to_uint8(first_01), figures, weights, ascent.stopped_early)


StepReport = Callable[[float, float, dict[str, float], np.ndarray], None]


def _split_progress(
    settings: DreamSettings, image: np.ndarray, progress: Progress
) -> Callable[[int], StepReport]:
    """Returns a function from a frame's number, 0 for the first dream, to its progress callback."""
    first_cost, frame_cost = count_frame_passes(settings, *image.shape[1:3])
    first = max(1, round(first_cost / frame_cost))
    total = first + count_further_frames(settings)

    def make_report(number: int) -> StepReport:
        start, length = (first + number - 1, 1) if number else (0, first)

        def report(done: float, steps: float, metrics: dict[str, float], image_01: np.ndarray) -> None:
            frames = int(start + length * done / steps + 1e-6)
            progress.report(frames, total, metrics, lambda: image_io.to_uint8(image_01))

        return report

    return make_report


def _generate_frames(
    image_01: np.ndarray, ascent: Ascent, settings: DreamSettings, make_report: Callable[[int], StepReport]
) -> Iterator[np.ndarray]:
    """Yields all complete frames, `(1, H, W, 3) float32 in [0, 1]`, starting with the first dream."""
    colors = _compute_color_statistics(image_01)
    for number in range(1, count_further_frames(settings) + 2):
        if ascent.stopped_early or ascent.steps >= (settings.most_steps or np.inf):
            return
        yield image_01
        if number <= count_further_frames(settings):
            magnified = match_colors(magnify(image_01, settings.zoom_scale, settings.zoom_turn), *colors)
            image_01 = ascent.run_octaves(magnified, FRAME_OCTAVES, settings.zoom_steps, make_report(number))


def magnify(images_01: np.ndarray, scale: float, degrees: float) -> np.ndarray:
    """Magnifies an image and rotates it about its center, with mirrored borders.

    Args:
        images_01: `(1, H, W, 3) float32`.
        scale: magnification.
        degrees: degrees, counterclockwise.

    Returns:
        `(1, H, W, 3) float32`, with fine detail restored; may slightly exceed [0, 1].
    """
    from scipy import ndimage

    cos, sin = np.cos(np.radians(degrees)) / scale, np.sin(np.radians(degrees)) / scale
    inverse = np.array([[cos, sin], [-sin, cos]])  # maps output (row, column) to input
    center = (np.array(images_01.shape[1:3]) - 1) / 2
    origin = center - inverse @ center
    bands = [
        ndimage.affine_transform(images_01[0, :, :, band], inverse, origin, order=3, mode="mirror")
        for band in range(3)
    ]
    magnified = np.stack(bands, axis=-1)[None]
    blurred = ndimage.gaussian_filter(magnified, (0, FINE_SIGMA, FINE_SIGMA, 0), mode="mirror")
    return magnified + SHARPNESS * (magnified - blurred)


def _compute_color_statistics(images_01: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and standard deviation of each color channel."""
    return images_01.mean((0, 1, 2)), images_01.std((0, 1, 2))


def match_colors(images_01: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Gives an image a color mean and standard deviation, so that a long zoom neither fades nor saturates.

    Args:
        images_01: `(1, H, W, 3) float32`.
        mean, deviation: `(3,)`.

    Returns:
        `(1, H, W, 3) float32 in [0, 1]`.
    """
    own_mean, own_deviation = _compute_color_statistics(images_01)
    return np.clip((images_01 - own_mean) / (own_deviation + 1e-6) * deviation + mean, 0.0, 1.0)
