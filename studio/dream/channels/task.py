"""The image of a channel as a task: nothing in, a PNG with its recipe out, drawn once and kept."""

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
DRAWING = 1  # counts up whenever the same settings draw another image


def run(settings: ChannelSettings, inputs: Inputs, progress: Progress) -> Result:
    """Draws what a channel likes best, or takes the image that was drawn before; that needs no Keras.

    Raises:
        StudioError, Cancelled: as `studio.dream.channels.visualize.visualize`.
    """
    began, name = time.monotonic(), settings.wanted.backbone
    file = place(settings, pretrained.expected_digest(name))
    if found := _drawn_before(file):
        data, recipe = found
        seconds = time.monotonic() - began
        return Result((_kept(data, settings),), {"seconds": seconds, "steps": 0}, recipe)
    from studio.dream.channels.visualize import visualize

    drawn = visualize(settings, progress)
    if drawn.stopped_early:
        settings = settings.model_copy(update={"steps": drawn.figures["steps"]})
    recipe = recipes.make("dream.channel", settings, inputs, drawn.weights)
    data = image_io.encode_png(drawn.image, recipe)
    paths.write(place(settings, drawn.weights[name]), data)
    return Result((_kept(data, settings),), drawn.figures, recipe, drawn.stopped_early)


def place(settings: ChannelSettings, training: str) -> Path:
    """Where the image of these settings is, or will be.

    Args:
        training: the digest of the weights; another training run likes other images.
    """
    backbone = settings.wanted.backbone  # never "auto", so that both ways of asking find it
    asked = settings.model_dump() | {"backbone": backbone, "training": training, "drawing": DRAWING}
    key = paths.digest(json.dumps(asked, sort_keys=True).encode())
    return paths.folder(FOLDER) / f"{backbone}-{_name(settings)}-{key[:16]}.png"


def _name(settings: ChannelSettings) -> str:
    return f"{settings.layer}-{settings.channel}"


def _drawn_before(file: Path) -> tuple[bytes, recipes.Recipe] | None:
    """A kept image and its recipe; None if there is none, or it is damaged."""
    try:
        data = file.read_bytes()
        image_io.read(data)
        return data, recipes.read(data)
    except (OSError, StudioError):
        return None


def _kept(data: bytes, settings: ChannelSettings) -> File:
    return File.keep(data, "image", f"{_name(settings)}.png")
