"""The shipped sheets: feature visualizations of 64 channels of each backbone."""

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
class SheetTile:
    """One channel of the sheet.

    Attributes:
        layer, channel: as in `LAYER:CHANNEL`.
        backbone: its name.
        position: index on the sheet, row by row from 0.
    """

    layer: str
    channel: int
    backbone: str
    position: int

    def encode_webp(self) -> bytes:
        """Returns the feature visualization, a WebP of SIDE px."""
        return _crop_image(self.backbone, self.position)


@lru_cache(maxsize=len(backbones.BACKBONES))
def load_tiles(backbone: str) -> tuple[SheetTile, ...]:
    """Returns the channels on a backbone's sheet, from the first layers on. Loads no Keras.

    Raises:
        InvalidInput: for an unknown backbone.
    """
    backbones.find_spec(backbone)
    names = json.loads(names_path(backbone).read_text(encoding="utf-8"))
    return tuple(
        SheetTile(layer, channel, backbone, position) for position, (layer, channel) in enumerate(names)
    )


def names_path(backbone: str) -> Path:
    """Returns the file with the layers and channels of a sheet, in the order of its images."""
    return FOLDER / f"{backbone}.json"


def mosaic_path(backbone: str) -> Path:
    """Returns the file with the images of a sheet, COLUMNS side by side."""
    return FOLDER / f"{backbone}.webp"


@lru_cache(maxsize=64 * len(backbones.BACKBONES))
def _crop_image(backbone: str, position: int) -> bytes:
    """Cuts an image from a mosaic and returns it as WebP."""
    left, top = position % COLUMNS * SIDE, position // COLUMNS * SIDE
    buffer = io.BytesIO()
    _load_mosaic(backbone).crop((left, top, left + SIDE, top + SIDE)).save(
        buffer, "WEBP", quality=90, method=0
    )
    return buffer.getvalue()


@lru_cache(maxsize=len(backbones.BACKBONES))
def _load_mosaic(backbone: str) -> Image.Image:
    image = Image.open(mosaic_path(backbone), formats=("WEBP",))
    image.load()
    return image
