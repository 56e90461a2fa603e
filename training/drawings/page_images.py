"""Draws the images that the pages ship: `python -m training.drawings.page_images [KIND ...]`.

Thumbnails of all samples and dream presets, activations of VGG16 for a photo, and the tiles of the home page;
it takes some minutes and needs the weights. Run it after a sample, a painting or a preset changed, for all
kinds or some of photos, styles, layers, looks, sets, sketches and tiles; its output is committed, so that no
page waits. The images of README and of the docs come from `python -m training.drawings.doc_images`.
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
from pages.sketch.under_the_hood import AVATARS
from studio.core import data, tasks
from studio.core.data import sample_sets
from studio.core.imaging import image_io, paintings, sample_photos
from studio.core.objectives import backbones
from studio.core.settings import Settings
from studio.dream.ascend import ascend
from studio.dream.presets import DREAM_PRESETS
from studio.dream.settings import DreamSettings
from studio.enhance.settings import EnhanceSettings
from studio.sketch.settings import KINDS as KINDS_DRAWN
from studio.sketch.settings import Kind
from studio.text.settings import WriteSettings
from training.drawings import text_tiles
from training.drawings.sketches import doodles, views
from training.drawings.sketches.doodles import Hand
from training.drawings.sketches.lots import Lot, draw_lot

TEXT = {"chars": 240, "prompt": "Alice looked", "temperature": 0.5, "seed": 1}
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
DOODLE = 79  # number of a training avatar
WHOLE = (25, 4, 12, 45, 68, 40, 86, 59, 79, 8)  # numbers of training avatars whose faces are drawn completely
SMALL = 128  # px, side of an avatar that is sketched several times
DREAM_PHOTO = "rocket"  # much sky, where each preset shows well
LOOK: dict[str, Any] = {"size": 224, "octaves": 3, "steps": 14}
SKY = 0.72  # share of the height that is shown, from the top
LONGEST = 480  # px, longer side of a tile
EYE = (83, 62, 160, 107)  # px, the upscaled crop: left, top, width and height
SEEN = 224  # px, side of the network's input
CHANNELS = 5


def main(kinds: Sequence[str] = ()) -> None:
    """Writes one WebP per image of these kinds, or of all if none is named."""
    SHIPPED.mkdir(exist_ok=True)
    for kind in kinds or KINDS:
        KINDS[kind]()


def _draw_photos() -> None:
    for name in sample_photos.list_photos():
        (SHIPPED / f"photo-{name}.webp").write_bytes(square(sample_photos.read_photo(name)))


def _draw_styles() -> None:
    for name in paintings.list_paintings():
        (SHIPPED / f"style-{name}.webp").write_bytes(square(paintings.read_painting(name)))


def _draw_looks() -> None:
    photo = sample_photos.read_photo(DREAM_PHOTO)
    for look in DREAM_PRESETS:
        dreamed = ascend(photo, DreamSettings(look=look, **LOOK))
        sky = dreamed.image[: round(SKY * dreamed.image.shape[0])]
        (SHIPPED / f"look-{look}.webp").write_bytes(square(sky))


def _draw_sets() -> None:
    """Draws four images of each sample set, by class in turn; and icons for other sources."""
    for name in sample_sets.list_names():
        dataset = data.load_dataset(sample_sets.store(sample_sets.PREFIX + name), THUMBNAIL // 2)
        labels = np.zeros(len(dataset.images), int) if dataset.labels is None else dataset.labels
        rows_by_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        four = [
            dataset.images[rows_by_class[n % len(rows_by_class)][n // len(rows_by_class)]] for n in range(4)
        ]
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
    """Draws example sketches by a steady hand, and training data of an avatar network."""
    lots = [draw_lot(0, n, 0.0) for n in WHOLE]
    for kind in KINDS_DRAWN:
        sketches = [_sketch(lot, kind, number) for number, lot in enumerate(lots)]
        _save_lossless(np.concatenate(sketches, axis=1), SHIPPED / f"sketch-{kind}.webp")
    sheets = [_avatar_sheet(seed) for seed in range(AVATARS)]
    _save_lossless(np.concatenate(sheets), SHIPPED / "sketch-hands.webp")


def _sketch(lot: Lot, kind: Kind, number: int) -> np.ndarray:
    if kind == "light":
        face = views.parts(lot.scene.shapes(), SIDE).any(-1, keepdims=True)
        return np.repeat(np.where(face, image_io.to_gray(lot.scene.image(SIDE)), 0), 3, axis=2).astype(
            "uint8"
        )
    return doodles.drawing(lot, kind, SIDE, np.random.default_rng(number), Hand(wobble=0.1, width=1.5))


def _avatar_sheet(seed: int) -> np.ndarray:
    """Draws an avatar by day, by night, as an outline and as parts; below, sketches by four hands."""
    lot = draw_lot(seed, 0, 0.0)
    scene, shapes = lot.scene, lot.scene.shapes()
    images = [scene.image(SMALL), scene.image(SMALL, night=True)]
    images += [views.outline(shapes, SMALL), views.parts(shapes, SMALL)]
    rngs = [np.random.default_rng((seed, n)) for n in range(len(images))]
    sketches = [doodles.drawing(lot, "outline", SMALL, rng) for rng in rngs]
    return np.concatenate([np.concatenate(row, axis=1) for row in (images, sketches)])


def _save_lossless(image: np.ndarray, path: Path) -> None:
    Image.fromarray(image).save(path, "WEBP", lossless=True, quality=100, method=6)


def _draw_tiles() -> None:
    for tile in TILES:
        _save(_render_text(tile) if tile.task == "text.write" else _render_tile(tile), SHIPPED / tile.file)


def _draw_layers() -> None:
    """Draws one strip per layer: the channels with the strongest activations for a photo."""
    pixels = image_io.fit(sample_photos.read_photo(PHOTO), SEEN)
    features = backbones.load("vgg16").features(tuple(LAYERS))(image_io.to_01(pixels))
    for layer in LAYERS:
        maps = np.asarray(features[layer])[0]
        strongest = np.argsort(maps.std(axis=(0, 1)))[::-1][:CHANNELS]
        strip = np.concatenate([_map(maps[:, :, channel], pixels.shape[:2]) for channel in strongest], axis=1)
        _save(Image.fromarray(strip), SHIPPED / f"layer-{layer}.webp")


def _map(activation: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales `(h, w) float32` to `(height, width) uint8` by nearest neighbor, to show positions."""
    bright = np.clip(activation / np.percentile(activation, 99.5), 0, 1)
    height, width = size
    gray = Image.fromarray((255 * bright).astype("uint8"))
    return np.asarray(gray.resize((width, height), Image.Resampling.NEAREST))


def _save(image: Image.Image, path: Path) -> None:
    image.save(path, "WEBP", quality=82, method=6)


def _render_tile(tile: Tile) -> Image.Image:
    inputs = {
        slot: [tasks.File.keep(image_io.encode_png(_pixels(name)), "image", f"{slot}.png")]
        for slot, name in tile.inputs.items()
    }
    house = {"house": [tile.inputs["style"]]} if inputs.pop("style", []) else {}  # as on its page
    settings = tasks.get(tile.task).settings.parse({**TILE[tile.task], **tile.settings, **house})
    if isinstance(settings, EnhanceSettings):
        return _halves(settings, _pixels(tile.inputs["content"]))
    if tile.task == "sketch.paint":
        return _doodle(settings)
    result = tasks.run(tile.task, settings, inputs)
    image = Image.fromarray(image_io.read(result.files[0].read()))
    if tile.task == "classify.explain":
        image = ImageOps.fit(image, (min(image.size),) * 2)  # the crop that the network uses
    image.thumbnail((LONGEST, LONGEST))
    return image


def _doodle(settings: Settings) -> Image.Image:
    """Draws a face by an unsteady hand, next to the avatar painted from it."""
    lot = draw_lot(0, DOODLE, 0.0)
    unsteady = Hand(wobble=0.7, off=0.3, width=1.3)
    drawing = doodles.drawing(lot, "outline", LONGEST // 2, np.random.default_rng(1), unsteady)
    file = tasks.File.keep(image_io.encode_png(drawing), "image", "doodle.png")
    painted = image_io.read(tasks.run("sketch.paint", settings, {"content": [file]}).files[0].read())
    return Image.fromarray(np.concatenate([drawing, image_io.resize(painted, *drawing.shape[:2])], axis=1))


def _halves(settings: EnhanceSettings, photo: np.ndarray) -> Image.Image:
    """Draws a crop of a photo: pixels on the left, upscaled by the network on the right."""
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


def _render_text(tile: Tile) -> Image.Image:
    """Draws a sample of a language model with its negative log-likelihood."""
    settings = WriteSettings.parse({**TEXT, **tile.settings})
    result = tasks.run(tile.task, settings, {})
    text = result.files[0].read().decode()[len(settings.prompt) :]
    return text_tiles.draw_marked(settings.prompt, text, result.figures["nats"])


def _pixels(name: str) -> np.ndarray:
    return (
        sample_photos.read_photo(name)
        if name in sample_photos.list_photos()
        else paintings.read_painting(name)
    )


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
