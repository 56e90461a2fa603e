"""How long a dream will take, from the pixels it works through and what this machine took before."""

from __future__ import annotations

import json
from pathlib import Path

from studio.core import backbones, images, paths
from studio.core.tasks import Inputs
from studio.dream.loop import overlap
from studio.dream.octaves import octave_sizes
from studio.dream.settings import DreamSettings

FRAME_OCTAVES = 2  # of every frame of a zoom but the first
USUAL = {"vgg16": 4.2, "resnet50": 1.2, "inceptionv3": 1.2}  # seconds a megapixel-pass, on two cores
LEAST = 0.5  # megapixel-passes; below, other things take longer than the network
SLOWEST = 1000.0  # seconds a megapixel-pass; beyond, the record is wrong


def seconds(settings: DreamSettings, height: int, width: int) -> float:
    """About how long a dream or a zoom film takes here. Loads no Keras.

    Args:
        height, width: of the picture as it is; the dream is as large as the settings say.

    Raises:
        InvalidInput: if the settings name layers that there are not.
    """
    return megapixel_passes(settings, height, width) * _speeds()[settings.wanted.backbone]


def of(settings: DreamSettings, inputs: Inputs) -> float:
    """As `seconds`, of a task's inputs."""
    return seconds(settings, *images.read(inputs["content"][0].read()).shape[:2])


def learn(settings: DreamSettings, height: int, width: int, seconds: float) -> None:
    """Keeps what a dream took that was not stopped, for the next estimate; older ones count for half."""
    work = megapixel_passes(settings, height, width)
    if work < LEAST or settings.most_steps is not None:
        return
    name, speeds = settings.wanted.backbone, _kept()
    measured = min(max(seconds / work, 1e-6), SLOWEST)
    speeds[name] = (speeds.get(name, measured) + measured) / 2
    paths.write(_path(), json.dumps(speeds).encode())


def megapixel_passes(settings: DreamSettings, height: int, width: int) -> float:
    """The pixels that go through the network forward and back, in millions."""
    first, frame = costs(settings, height, width)
    return first + frame * further(settings)


def costs(settings: DreamSettings, height: int, width: int) -> tuple[float, float]:
    """The megapixel-passes of a whole dream, and of one more frame of a zoom."""
    scale, least = settings.size / max(height, width), backbones.spec(settings.wanted.backbone).least
    size = max(1, round(height * scale)), max(1, round(width * scale))

    def cost(octaves: int, steps: int) -> float:
        sizes = octave_sizes(*size, octaves, settings.octave_scale, least)
        return steps * sum(height * width for height, width in sizes) / 1e6

    return cost(settings.octaves, settings.steps), cost(FRAME_OCTAVES, settings.zoom_steps)


def further(settings: DreamSettings) -> int:
    """How many frames a zoom makes after its first; some more than it shows."""
    return settings.zoom + overlap(settings.zoom) - 1 if settings.zoom else 0


def _speeds() -> dict[str, float]:
    return USUAL | _kept()


def _kept() -> dict[str, float]:
    """What was measured here; nothing if there is no record, or a damaged one."""
    try:
        found = json.loads(_path().read_bytes())
        return {name: float(found[name]) for name in USUAL if 0 < float(found.get(name, 0)) <= SLOWEST}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _path() -> Path:
    return paths.folder("cache") / "dream-speed.json"
