"""Feature visualization as a task: from settings to a PNG with its recipe, which is cached."""

from __future__ import annotations

import json
import time
from pathlib import Path

from studio.core import paths, recipes
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.weights import pretrained
from studio.dream.settings import ChannelSettings

FOLDER = "channels"  # of STUDIO_HOME
RENDER_VERSION = 1  # version of the rendering; increase it when the same settings give another image


def run(settings: ChannelSettings, inputs: Inputs, progress: Progress) -> Result:
    """Visualizes a channel, or returns the cached image without Keras.

    Raises:
        StudioError, Cancelled: like `studio.dream.channels.visualize.visualize`.
    """
    start_time, name = time.monotonic(), settings.target.backbone
    file = cache_path(settings, pretrained.get_digest(name))
    if cached := _read_cached_image(file):
        data, recipe = cached
        seconds = time.monotonic() - start_time
        return Result((_store_image(data, settings),), {"seconds": seconds, "steps": 0}, recipe)
    from studio.dream.channels.visualize import visualize

    visualization = visualize(settings, progress)
    if visualization.stopped_early:
        settings = settings.model_copy(update={"steps": visualization.figures["steps"]})
    recipe = recipes.make("dream.channel", settings, inputs, visualization.weights)
    data = image_io.encode_png(visualization.image, recipe)
    paths.write(cache_path(settings, visualization.weights[name]), data)
    return Result((_store_image(data, settings),), visualization.figures, recipe, visualization.stopped_early)


def cache_path(settings: ChannelSettings, weights_sha256: str) -> Path:
    """Returns the path of the cached image of these settings.

    Args:
        weights_sha256: SHA-256 of the weights, which change the image.
    """
    backbone = settings.target.backbone  # never "auto", so that "auto" and the name share an image
    key_data = settings.model_dump() | {
        "backbone": backbone,
        "training": weights_sha256,
        "drawing": RENDER_VERSION,
    }
    key = paths.digest(json.dumps(key_data, sort_keys=True).encode())
    return paths.ensure_folder(FOLDER) / f"{backbone}-{_channel_name(settings)}-{key[:16]}.png"


def _channel_name(settings: ChannelSettings) -> str:
    return f"{settings.layer}-{settings.channel}"


def _read_cached_image(file: Path) -> tuple[bytes, recipes.Recipe] | None:
    """Returns a cached image and its recipe; None if there is none, or it is damaged."""
    try:
        data = file.read_bytes()
        image_io.read(data)
        return data, recipes.read(data)
    except (OSError, StudioError):
        return None


def _store_image(data: bytes, settings: ChannelSettings) -> File:
    return File.store(data, "image", f"{_channel_name(settings)}.png")
