"""Draws the pictures that the pages ship: `python -m pages.parts.draw_pictures [KIND ...]`.

Thumbnails of all samples and looks, what VGG16 sees of a photo, and the tiles of the home page; it takes some
minutes and the weights. Run it after a sample, a painting or a look changed, for all kinds or just some of
photos, styles, layers, looks and tiles; its output is committed, so that no page waits.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pages.parts import sample_texts, stand_ins
from pages.parts.layers import LAYERS, PHOTO
from pages.parts.samples import SHIPPED, square
from pages.parts.tiles import TILES, Tile
from studio.core import backbones, images, samples, tasks
from studio.dream.ascend import ascend
from studio.dream.looks import LOOKS
from studio.dream.settings import DreamSettings
from studio.style import paintings
from studio.text.settings import TrainTextSettings

LESSON = TrainTextSettings(
    units=64, embedding=16, dropout=0.1, streams=8, sequence=48, learning_rate=0.01, epochs=24, seed=1
)
TOLD = {"chars": 240, "prompt": "One morning"}
TILE = {"style.transfer": {"mode": "draft", "size": 512}, "dream.ascend": {"size": 512}}
LOOKED_AT = "rocket"  # much sky, in which each look has room of its own
LOOK = {"size": 224, "octaves": 3, "steps": 14}
SKY = 0.72  # of its height, from the top: what is shown
LONGEST = 480  # px of a tile
SEEN = 224  # px of the photo that the network looks at
CHANNELS = 5


def main(kinds: Sequence[str] = ()) -> None:
    """Writes one WebP a picture of these kinds; of all, when none is named."""
    SHIPPED.mkdir(exist_ok=True)
    for kind in kinds or KINDS:
        KINDS[kind]()


def _draw_photos() -> None:
    for name in samples.photos():
        (SHIPPED / f"photo-{name}.webp").write_bytes(square(samples.photo(name)))


def _draw_styles() -> None:
    for name in paintings.paintings():
        (SHIPPED / f"style-{name}.webp").write_bytes(square(paintings.draw(name)))


def _draw_looks() -> None:
    photo = samples.photo(LOOKED_AT)
    for look in LOOKS:
        dreamt = ascend(photo, DreamSettings(look=look, **LOOK))
        seen = dreamt.image[: round(SKY * dreamt.image.shape[0])]
        (SHIPPED / f"look-{look}.webp").write_bytes(square(seen))


def _draw_tiles() -> None:
    for tile in TILES:
        _save(_told() if tile.task == "text.write" else _made(tile), SHIPPED / tile.file)


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
    inputs = {
        slot: [tasks.File.keep(images.encode_png(_pixels(name)), "picture", f"{slot}.png")]
        for slot, name in tile.inputs.items()
    }
    settings = tasks.get(tile.task).settings.parse(TILE[tile.task] | tile.settings)
    result = tasks.run(tile.task, settings, inputs)
    picture = Image.fromarray(images.read(result.files[0].read()))
    picture.thumbnail((LONGEST, LONGEST))
    return picture


def _told() -> Image.Image:
    """A tale by a small voice that learnt from the sample text, with its surprise."""
    model = tasks.run("text.train", LESSON, {"text": [sample_texts.file()]}).files[0]
    settings = tasks.get("text.write").settings.parse(TOLD)
    result = tasks.run("text.write", settings, {"model": [model]})
    written = result.files[0].read().decode()[len(settings.prompt) :]
    return stand_ins.marked(settings.prompt, written, result.figures["nats"])


def _pixels(name: str) -> np.ndarray:
    return samples.photo(name) if name in samples.photos() else paintings.draw(name)


KINDS = {
    "photos": _draw_photos,
    "styles": _draw_styles,
    "layers": _draw_layers,
    "looks": _draw_looks,
    "tiles": _draw_tiles,
}

if __name__ == "__main__":
    main(sys.argv[1:])
