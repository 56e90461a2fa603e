"""The sheet that comes with the studio: images of what 64 channels of each backbone like best."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from studio.core.objectives import backbones

FOLDER = Path(__file__).parent / "sheets"
SIDE = 112  # px of an image
COLUMNS = 8


@dataclass(frozen=True)
class Shown:
    """One channel of the sheet.

    Attributes:
        layer, channel: as in `LAYER:CHANNEL`.
        backbone: its name.
        place: where on the sheet, row by row from 0.
    """

    layer: str
    channel: int
    backbone: str
    place: int

    def image(self) -> bytes:
        """What the channel likes best: a WebP of SIDE px."""
        return _image(self.backbone, self.place)


@lru_cache(maxsize=len(backbones.BACKBONES))
def shipped(backbone: str) -> tuple[Shown, ...]:
    """The channels of a backbone on its sheet, by layer from the image inwards. Loads no Keras.

    Raises:
        InvalidInput: if there is no such backbone.
    """
    backbones.spec(backbone)
    names = json.loads(names_of(backbone).read_text(encoding="utf-8"))
    return tuple(Shown(layer, channel, backbone, place) for place, (layer, channel) in enumerate(names))


def names_of(backbone: str) -> Path:
    """The file with the layers and channels of a sheet, in the order of its images."""
    return FOLDER / f"{backbone}.json"


def mosaic_of(backbone: str) -> Path:
    """The file with the images of a sheet, COLUMNS side by side."""
    return FOLDER / f"{backbone}.webp"


@lru_cache(maxsize=64 * len(backbones.BACKBONES))
def _image(backbone: str, place: int) -> bytes:
    left, top = place % COLUMNS * SIDE, place // COLUMNS * SIDE
    buffer = io.BytesIO()
    _mosaic(backbone).crop((left, top, left + SIDE, top + SIDE)).save(buffer, "WEBP", quality=90, method=0)
    return buffer.getvalue()


@lru_cache(maxsize=len(backbones.BACKBONES))
def _mosaic(backbone: str) -> Image.Image:
    image = Image.open(mosaic_of(backbone), formats=("WEBP",))
    image.load()
    return image
