"""Draws the images that the pages ship: `python -m training.drawings.page_images [KIND ...]`.

Thumbnails of all samples and looks, what VGG16 sees of a photo, and the tiles of the home page; it takes some
minutes and the weights. Run it after a sample, a painting or a look changed, for all kinds or just some of
photos, styles, layers, looks, sets, sketches and tiles; its output is committed, so that no page waits. The
images of README and of the documents come from `python -m training.drawings.doc_images`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from pages.form.drawing_canvas import SIDE
from pages.form.samples import SHIPPED, THUMBNAIL, square
from pages.home.tiles import TILES, Tile
from pages.home.under_the_hood import LAYERS, PHOTO
from pages.sketch.under_the_hood import HANDS
from studio.core import data, tasks
from studio.core.data import sample_sets
from studio.core.imaging import image_io, paintings, sample_photos
from studio.core.objectives import backbones
from studio.core.settings import Settings
from studio.dream.ascend import ascend
from studio.dream.looks import LOOKS
from studio.dream.settings import DreamSettings
from studio.enhance.settings import EnhanceSettings
from studio.sketch.settings import KINDS as KINDS_DRAWN
from studio.sketch.settings import Kind
from studio.text.settings import WriteSettings
from training.drawings import text_tiles
from training.drawings.sketches import doodles, views
from training.drawings.sketches.doodles import Hand
from training.drawings.sketches.lots import Lot, draw_lot

TOLD = {"chars": 240, "prompt": "Alice looked", "temperature": 0.5, "seed": 1}
TILE: dict[str, dict[str, Any]] = {
    "style.transfer": {"size": 512},
    "dream.ascend": {"size": 512},
    "classify.explain": {"view": "over"},
    "playground.train": {"size": 480, "steps": 400},
    "lab.imagine": {"keep": "nothing", "n": 6, "seed": 1},
    "enhance.enlarge": {"scale": 3},
    "sketch.paint": {"seed": 3},
    "colorize.apply": {},
    "faces.draw": {"preset": "faces-dcgan", "n": 12, "truncation": 0.9, "seed": 3},
}
DOODLE = 79  # of the avatars that a training learns from
WHOLE = (25, 4, 12, 45, 68, 40, 86, 59, 79, 8)  # of them, faces that are drawn whole
SMALL = 128  # px of an avatar that is drawn by several hands
LOOKED_AT = "rocket"  # much sky, in which each look has room of its own
LOOK: dict[str, Any] = {"size": 224, "octaves": 3, "steps": 14}
SKY = 0.72  # of its height, from the top: what is shown
LONGEST = 480  # px of a tile
EYE = (83, 62, 160, 107)  # px of the photo that is enlarged: left, top, width and height
SEEN = 224  # px of the photo that the network looks at
CHANNELS = 5


def main(kinds: Sequence[str] = ()) -> None:
    """Writes one WebP an image of these kinds; of all, when none is named."""
    SHIPPED.mkdir(exist_ok=True)
    for kind in kinds or KINDS:
        KINDS[kind]()


def _draw_photos() -> None:
    for name in sample_photos.photos():
        (SHIPPED / f"photo-{name}.webp").write_bytes(square(sample_photos.photo(name)))


def _draw_styles() -> None:
    for name in paintings.paintings():
        (SHIPPED / f"style-{name}.webp").write_bytes(square(paintings.painting(name)))


def _draw_looks() -> None:
    photo = sample_photos.photo(LOOKED_AT)
    for look in LOOKS:
        dreamed = ascend(photo, DreamSettings(look=look, **LOOK))
        seen = dreamed.image[: round(SKY * dreamed.image.shape[0])]
        (SHIPPED / f"look-{look}.webp").write_bytes(square(seen))


def _draw_sets() -> None:
    """Four images of each sample set, of its classes in turn; and folders, for a user's own."""
    for name in sample_sets.names():
        found = data.load_dataset(sample_sets.reference(sample_sets.PREFIX + name), THUMBNAIL // 2)
        labels = np.zeros(len(found.images), int) if found.labels is None else found.labels
        of = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        four = [found.images[of[n % len(of)][n // len(of)]] for n in range(4)]
        rows = [np.concatenate(four[n : n + 2], axis=1) for n in (0, 2)]
        _save(Image.fromarray(np.concatenate(rows)), SHIPPED / f"set-{name}.webp")
    _save(_folders(), SHIPPED / "set-own.webp")
    _save(_frames(), SHIPPED / "set-gallery.webp")
    _save(_camera(), SHIPPED / "set-by-hand.webp")
    _save(_shelf(), SHIPPED / "set-by-name.webp")


def _folders() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL, THUMBNAIL), "#eeece4")
    draw = ImageDraw.Draw(image)
    for top, ink in ((30, "#a63d57"), (58, "#c2781e"), (86, "#3046b0")):
        draw.rounded_rectangle((30, top, 74, top + 30), 6, ink)
        draw.rounded_rectangle((30, top + 10, 130, top + 50), 6, ink, "#eeece4", 2)
    return image


def _frames() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL, THUMBNAIL), "#eeece4")
    draw = ImageDraw.Draw(image)
    for left, top, right, bottom, ink in (
        (24, 28, 84, 84, "#3046b0"),
        (94, 28, 136, 70, "#c2781e"),
        (24, 94, 66, 134, "#a63d57"),
        (76, 94, 136, 134, "#3c7a5a"),
    ):
        draw.rectangle((left, top, right, bottom), ink, "#22252b", 3)
    return image


def _camera() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL, THUMBNAIL), "#eeece4")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((56, 40, 104, 66), 8, "#3046b0")
    draw.rounded_rectangle((26, 54, 134, 124), 12, "#3046b0")
    draw.ellipse((54, 63, 106, 115), "#eeece4")
    draw.ellipse((64, 73, 96, 105), "#a63d57")
    draw.ellipse((114, 62, 124, 72), "#c2781e")
    return image


def _shelf() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL, THUMBNAIL), "#eeece4")
    draw = ImageDraw.Draw(image)
    for top, ink in ((98, "#3046b0"), (66, "#c2781e"), (34, "#a63d57")):
        draw.rounded_rectangle((36, top, 124, top + 26), 6, ink)
        draw.rectangle((48, top + 11, 84, top + 15), "#eeece4")
    return image


def _draw_sketches() -> None:
    """Faces to begin with, as a careful person would draw them; and what a network of avatars learns from."""
    lots = [draw_lot(0, n, 0.0) for n in WHOLE]
    for kind in KINDS_DRAWN:
        drawn = [_sketch(lot, kind, number) for number, lot in enumerate(lots)]
        _save_lossless(np.concatenate(drawn, axis=1), SHIPPED / f"sketch-{kind}.webp")
    hands = [_hands(seed) for seed in range(HANDS)]
    _save_lossless(np.concatenate(hands), SHIPPED / "sketch-hands.webp")


def _sketch(lot: Lot, kind: Kind, number: int) -> np.ndarray:
    if kind == "light":
        face = views.parts(lot.scene.shapes(), SIDE).any(-1, keepdims=True)
        return np.repeat(np.where(face, image_io.gray(lot.scene.image(SIDE)), 0), 3, axis=2).astype("uint8")
    return doodles.drawing(lot, kind, SIDE, np.random.default_rng(number), Hand(wobble=0.1, width=1.5))


def _hands(seed: int) -> np.ndarray:
    """An avatar by day, by night, as an outline and as parts; below as four unsteady hands have drawn it."""
    lot = draw_lot(seed, 0, 0.0)
    scene, shapes = lot.scene, lot.scene.shapes()
    ways = [scene.image(SMALL), scene.image(SMALL, night=True)]
    ways += [views.outline(shapes, SMALL), views.parts(shapes, SMALL)]
    rngs = [np.random.default_rng((seed, n)) for n in range(len(ways))]
    drawn = [doodles.drawing(lot, "outline", SMALL, rng) for rng in rngs]
    return np.concatenate([np.concatenate(row, axis=1) for row in (ways, drawn)])


def _save_lossless(image: np.ndarray, path: Path) -> None:
    Image.fromarray(image).save(path, "WEBP", lossless=True, quality=100, method=6)


def _draw_tiles() -> None:
    for tile in TILES:
        _save(_told(tile) if tile.task == "text.write" else _made(tile), SHIPPED / tile.file)


def _draw_layers() -> None:
    """One strip a layer: the channels that answer most strongly to a photo, brightest first."""
    pixels = image_io.fit(sample_photos.photo(PHOTO), SEEN)
    features = backbones.load("vgg16").features(tuple(LAYERS))(image_io.to_01(pixels))
    for layer in LAYERS:
        maps = np.asarray(features[layer])[0]
        strongest = np.argsort(maps.std(axis=(0, 1)))[::-1][:CHANNELS]
        strip = np.concatenate([_map(maps[:, :, channel], pixels.shape[:2]) for channel in strongest], axis=1)
        _save(Image.fromarray(strip), SHIPPED / f"layer-{layer}.webp")


def _map(activation: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`(h, w) float32` -> `(height, width) uint8`; each activation stays a square, as coarse as it is."""
    bright = np.clip(activation / np.percentile(activation, 99.5), 0, 1)
    height, width = size
    gray = Image.fromarray((255 * bright).astype("uint8"))
    return np.asarray(gray.resize((width, height), Image.Resampling.NEAREST))


def _save(image: Image.Image, path: Path) -> None:
    image.save(path, "WEBP", quality=82, method=6)


def _made(tile: Tile) -> Image.Image:
    inputs = {
        slot: [tasks.File.keep(image_io.encode_png(_pixels(name)), "image", f"{slot}.png")]
        for slot, name in tile.inputs.items()
    }
    house = {"house": [tile.inputs["style"]]} if inputs.pop("style", []) else {}  # as its page paints it
    settings = tasks.get(tile.task).settings.parse({**TILE[tile.task], **tile.settings, **house})
    if isinstance(settings, EnhanceSettings):
        return _halves(settings, _pixels(tile.inputs["content"]))
    if tile.task == "sketch.paint":
        return _doodle(settings)
    result = tasks.run(tile.task, settings, inputs)
    image = Image.fromarray(image_io.read(result.files[0].read()))
    if tile.task == "classify.explain":
        image = ImageOps.fit(image, (min(image.size),) * 2)  # which is all that it looks at
    image.thumbnail((LONGEST, LONGEST))
    return image


def _doodle(settings: Settings) -> Image.Image:
    """A drawing by an unsteady hand, and next to it what is painted of it."""
    lot = draw_lot(0, DOODLE, 0.0)
    unsteady = Hand(wobble=0.7, off=0.3, width=1.3)
    drawn = doodles.drawing(lot, "outline", LONGEST // 2, np.random.default_rng(1), unsteady)
    file = tasks.File.keep(image_io.encode_png(drawn), "image", "doodle.png")
    made = image_io.read(tasks.run("sketch.paint", settings, {"content": [file]}).files[0].read())
    return Image.fromarray(np.concatenate([drawn, image_io.resize(made, *drawn.shape[:2])], axis=1))


def _halves(settings: EnhanceSettings, photo: np.ndarray) -> Image.Image:
    """A part of a photo, on the left as its pixels are, on the right enlarged by the network."""
    left, top, width, height = EYE
    part = photo[top : top + height, left : left + width]
    file = tasks.File.keep(image_io.encode_png(part), "image", "part.png")
    result = tasks.run("enhance.enlarge", settings, {"content": [file]})
    enlarged = image_io.read(result.files[0].read()).copy()
    before = np.repeat(np.repeat(part, settings.scale, axis=0), settings.scale, axis=1)
    middle = enlarged.shape[1] // 2
    enlarged[:, :middle] = before[:, :middle]
    enlarged[:, middle : middle + 2] = 255
    return Image.fromarray(enlarged)


def _told(tile: Tile) -> Image.Image:
    """What a language model writes, with its negative log-likelihood."""
    settings = WriteSettings.parse({**TOLD, **tile.settings})
    result = tasks.run(tile.task, settings, {})
    written = result.files[0].read().decode()[len(settings.prompt) :]
    return text_tiles.marked(settings.prompt, written, result.figures["nats"])


def _pixels(name: str) -> np.ndarray:
    return sample_photos.photo(name) if name in sample_photos.photos() else paintings.painting(name)


KINDS = {
    "photos": _draw_photos,
    "styles": _draw_styles,
    "layers": _draw_layers,
    "looks": _draw_looks,
    "sets": _draw_sets,
    "sketches": _draw_sketches,
    "tiles": _draw_tiles,
}

if __name__ == "__main__":
    main(sys.argv[1:])
