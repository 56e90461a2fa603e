"""The endless zoom: each frame is a dream of the last, drawn nearer and turned; its end is its beginning."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.imaging import image_io
from studio.core.imaging.animations import Video
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.dream.ascend import Climb, fitted
from studio.dream.estimate import FRAME_OCTAVES, costs, further
from studio.dream.seamless_loop import Loop
from studio.dream.settings import DreamSettings

SHARPNESS = 0.15  # against the blur of drawing nearer: how much of a frame's fine detail is added to itself
FINE = 1.0  # px, what counts as fine detail


@dataclass(frozen=True)
class Zoomed:
    """A zoom video.

    Attributes:
        video: the bytes of its file, of the kind that the settings name; empty if it ended before two frames.
        frames: of the loop, fewer than asked for if it ended early.
        image: the dream that it zooms into, `(H, W, 3) uint8`.
        figures: seconds, frames, steps, and `image_steps`, those of `image`.
        weights: SHA-256 of the weights that took part, by name.
        stopped_early: whether a user cancelled, and this is as far as it got.
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
) -> Zoomed:
    """Lets a network dream into an image, and on and on into its own dream, as a video that has no end.

    Args:
        content, guide: as in `studio.dream.ascend.ascend`.
        settings: `zoom` is how many frames; `most_steps` ends it before them, with the last whole one.
        progress: told of every step, counted in frames; the first counts for as many as it costs.

    Raises:
        StudioError: as `ascend`.
        Cancelled: if a user stopped it before the first step.
    """
    progress = progress or Progress()
    wanted = settings.wanted
    image = fitted(content, settings, backbones.spec(wanted.backbone))
    backbone = backbones.load(wanted.backbone, progress)
    began = time.monotonic()
    climb = Climb(backbone, settings, image, guide, progress)
    tell = _teller(settings, image, progress)
    first = climb.through(image, settings.octaves, settings.steps, tell(0))
    image_steps = climb.steps
    with Video(settings.video, settings.fps) as video:
        loop = Loop(video.add)
        for frame in _frames(first, climb, settings, tell):
            loop.add(image_io.to_uint8(frame))
        frames = loop.close()
        data = video.finish() if frames > 1 or frames == settings.zoom else b""
    figures = {
        "seconds": time.monotonic() - began,
        "frames": frames,
        "steps": climb.steps,
        "image_steps": image_steps,
    }
    weights = {wanted.backbone: backbone.digest}
    return Zoomed(data, frames, image_io.to_uint8(first), figures, weights, climb.stopped_early)


Tell = Callable[[float, float, dict[str, float], np.ndarray], None]


def _teller(settings: DreamSettings, image: np.ndarray, progress: Progress) -> Callable[[int], Tell]:
    """What tells the progress of each frame, by its number."""
    whole, one = costs(settings, *image.shape[1:3])
    first = max(1, round(whole / one))
    total = first + further(settings)

    def of_frame(number: int) -> Tell:
        begun, length = (first + number - 1, 1) if number else (0, first)

        def tell(done: float, steps: float, metrics: dict[str, float], image_01: np.ndarray) -> None:
            at = int(begun + length * done / steps + 1e-6)
            progress.report(at, total, metrics, lambda: image_io.to_uint8(image_01))

        return tell

    return of_frame


def _frames(
    image_01: np.ndarray, climb: Climb, settings: DreamSettings, tell: Callable[[int], Tell]
) -> Iterator[np.ndarray]:
    """Yields all whole frames, `(1, H, W, 3) float32 in [0, 1]`, the first dream being the first."""
    colors = _colors(image_01)
    for number in range(1, further(settings) + 2):
        if climb.stopped_early or climb.steps >= (settings.most_steps or np.inf):
            return
        yield image_01
        if number <= further(settings):
            near = with_colors(nearer(image_01, settings.zoom_scale, settings.zoom_turn), *colors)
            image_01 = climb.through(near, FRAME_OCTAVES, settings.zoom_steps, tell(number))


def nearer(images_01: np.ndarray, scale: float, turn: float) -> np.ndarray:
    """Draws an image nearer and turns it about its middle; what lies beyond its edges is its mirror image.

    Args:
        images_01: `(1, H, W, 3) float32`.
        scale: how much larger everything becomes.
        turn: degrees, against the clock.

    Returns:
        `(1, H, W, 3) float32`, with its fine detail as strong as before; may leave [0, 1] a little.
    """
    from scipy import ndimage

    cos, sin = np.cos(np.radians(turn)) / scale, np.sin(np.radians(turn)) / scale
    back = np.array([[cos, sin], [-sin, cos]])  # from a place (row, column) to where its color comes from
    middle = (np.array(images_01.shape[1:3]) - 1) / 2
    origin = middle - back @ middle
    bands = [
        ndimage.affine_transform(images_01[0, :, :, band], back, origin, order=3, mode="mirror")
        for band in range(3)
    ]
    drawn = np.stack(bands, axis=-1)[None]
    blurred = ndimage.gaussian_filter(drawn, (0, FINE, FINE, 0), mode="mirror")
    return drawn + SHARPNESS * (drawn - blurred)


def _colors(images_01: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and spread of each color."""
    return images_01.mean((0, 1, 2)), images_01.std((0, 1, 2))


def with_colors(images_01: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Gives an image a mean and spread of each color, so that a long zoom neither fades nor runs away.

    Args:
        images_01: `(1, H, W, 3) float32`.
        mean, spread: `(3,)`.

    Returns:
        `(1, H, W, 3) float32 in [0, 1]`.
    """
    own_mean, own_spread = _colors(images_01)
    return np.clip((images_01 - own_mean) / (own_spread + 1e-6) * spread + mean, 0.0, 1.0)
