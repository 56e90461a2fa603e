"""Draws the pictures that the pages ship: `python -m pages.parts.draw_pictures`.

Thumbnails of all samples, what VGG16 sees of one, and the tiles of the home page; it takes some minutes and
the weights. Run it after a sample or a painting changed; its output is committed, so that no page waits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pages.parts.layers import LAYERS, PHOTO
from pages.parts.samples import SHIPPED, square
from pages.parts.tiles import TILES, Tile
from studio.core import backbones, images, samples, tasks
from studio.style import paintings
from studio.style.settings import TransferSettings

TILE = TransferSettings(mode="draft", size=512)
LONGEST = 480  # px of a tile
SEEN = 224  # px of the photo that the network looks at
CHANNELS = 5


def main() -> None:
    """Writes one WebP a sample photo, a painting and a tile."""
    SHIPPED.mkdir(exist_ok=True)
    for name in samples.photos():
        (SHIPPED / f"photo-{name}.webp").write_bytes(square(samples.photo(name)))
    for name in paintings.paintings():
        (SHIPPED / f"style-{name}.webp").write_bytes(square(paintings.draw(name)))
    _draw_layers()
    for tile in TILES:
        _save(_made(tile), SHIPPED / tile.file)


def _draw_layers() -> None:
    """One strip a layer: the channels that answer most strongly to a photo, brightest first."""
    pixels = images.fit(samples.photo(PHOTO), SEEN)
    features = backbones.load("vgg16").features(tuple(LAYERS))(images.to_01(pixels))
    for layer in LAYERS:
        maps = np.asarray(features[layer])[0]
        strongest = np.argsort(maps.std(axis=(0, 1)))[::-1][:CHANNELS]
        strip = np.concatenate([_map(maps[:, :, channel], pixels.shape[:2]) for channel in strongest], axis=1)
        _save(Image.fromarray(strip), SHIPPED / f"layer-{layer}.webp")


def _map(activation: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`(h, w) float32` -> `(height, width) uint8`; each activation stays a square, as coarse as it is."""
    bright = np.clip(activation / np.percentile(activation, 99.5), 0, 1)
    height, width = size
    grey = Image.fromarray((255 * bright).astype("uint8"))
    return np.asarray(grey.resize((width, height), Image.Resampling.NEAREST))


def _save(picture: Image.Image, path: Path) -> None:
    picture.save(path, "WEBP", quality=82, method=6)


def _made(tile: Tile) -> Image.Image:
    drawn = {"content": samples.photo(tile.inputs["content"]), "style": paintings.draw(tile.inputs["style"])}
    inputs = {
        slot: [tasks.File.keep(images.encode_png(pixels), "picture", f"{slot}.png")]
        for slot, pixels in drawn.items()
    }
    result = tasks.run(tile.task, TILE, inputs)
    picture = Image.fromarray(images.read(result.files[0].read()))
    picture.thumbnail((LONGEST, LONGEST))
    return picture


if __name__ == "__main__":
    main()
