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
DRAWING = 1  # version of the rendering; increase it when the same settings give another image


def run(settings: ChannelSettings, inputs: Inputs, progress: Progress) -> Result:
    """Visualizes a channel, or returns the cached image without Keras.

    Raises:
        StudioError, Cancelled: like `studio.dream.channels.visualize.visualize`.
    """
    began, name = time.monotonic(), settings.target.backbone
    file = cache_path(settings, pretrained.expected_digest(name))
    if cached := _read_cached(file):
        data, recipe = cached
        seconds = time.monotonic() - began
        return Result((_store(data, settings),), {"seconds": seconds, "steps": 0}, recipe)
    from studio.dream.channels.visualize import visualize

    visualization = visualize(settings, progress)
    if visualization.stopped_early:
        settings = settings.model_copy(update={"steps": visualization.figures["steps"]})
    recipe = recipes.make("dream.channel", settings, inputs, visualization.weights)
    data = image_io.encode_png(visualization.image, recipe)
    paths.write(cache_path(settings, visualization.weights[name]), data)
    return Result((_store(data, settings),), visualization.figures, recipe, visualization.stopped_early)


def cache_path(settings: ChannelSettings, training: str) -> Path:
    """Returns the path of the cached image of these settings.

    Args:
        training: SHA-256 of the weights, which change the image.
    """
    backbone = settings.target.backbone  # never "auto", so that "auto" and the name share an image
    key_data = settings.model_dump() | {"backbone": backbone, "training": training, "drawing": DRAWING}
    key = paths.digest(json.dumps(key_data, sort_keys=True).encode())
    return paths.folder(FOLDER) / f"{backbone}-{_name(settings)}-{key[:16]}.png"


def _name(settings: ChannelSettings) -> str:
    return f"{settings.layer}-{settings.channel}"


def _read_cached(file: Path) -> tuple[bytes, recipes.Recipe] | None:
    """Returns a cached image and its recipe; None if there is none, or it is damaged."""
    try:
        data = file.read_bytes()
        image_io.read(data)
        return data, recipes.read(data)
    except (OSError, StudioError):
        return None


def _store(data: bytes, settings: ChannelSettings) -> File:
    return File.keep(data, "image", f"{_name(settings)}.png")
