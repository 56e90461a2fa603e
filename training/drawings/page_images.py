"""Draws the images that the pages ship: `python -m training.drawings.page_images [KIND ...]`.

Thumbnails of all samples and dream presets, activations of VGG16 for a photo, and the tiles of the home page;
it takes some minutes and needs the weights. Run it after a sample, a painting or a preset changed, for all
kinds or some of photos, styles, layers, looks, sets, sketches, tiles and chain; its output is committed, so
that no page waits. The images of README and of the docs come from `python -m training.drawings.doc_images`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from pages.chain.input_form import EXAMPLE
from pages.form.drawing_canvas import SIDE
from pages.form.samples import IMAGE_FOLDER, THUMBNAIL_SIDE, encode_square
from pages.home.tiles import TILES, Tile
from pages.home.under_the_hood import LAYERS, PHOTO
from pages.sketch.under_the_hood import AVATARS
from studio.colorize.settings import QUICK_NETWORK
from studio.core import data, recipes, tasks
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
from training.drawings.sketches.partial_avatars import PartialAvatar, choose_avatar

TEXT_SETTINGS = {"chars": 240, "prompt": "Alice looked", "temperature": 0.5, "seed": 1}
TILE_SETTINGS: dict[str, dict[str, Any]] = {
    "style.transfer": {"size": 512},
    "dream.ascend": {"size": 512},
    "classify.explain": {"view": "over"},
    "playground.train": {"size": 480, "steps": 400},
    "lab.imagine": {"keep": "nothing", "n": 6, "seed": 1},
    "enhance.enlarge": {"scale": 3},
    "sketch.paint": {"seed": 3},
    "colorize.apply": {},
    "restore.apply": {"scale": 1},
    "faces.draw": {"preset": "faces-dcgan", "n": 12, "truncation": 0.9, "seed": 3},
}
DOODLE_AVATAR = 79  # number of a training avatar
# Numbers of training avatars whose faces are drawn completely.
COMPLETE_AVATARS = (25, 4, 12, 45, 68, 40, 86, 59, 79, 8)
SKETCH_SIDE = 128  # px, side of an avatar that is sketched several times
DREAM_PHOTO = "rocket"  # much sky, where each preset shows well
PRESET_SETTINGS: dict[str, Any] = {"size": 224, "octaves": 3, "steps": 14}
SKY_SHARE = 0.72  # share of the height that is shown, from the top
MAX_TILE_SIDE = 480  # px, longer side of a tile
UPSCALED_CROP = (83, 62, 160, 107)  # px, the upscaled crop: left, top, width and height
NETWORK_SIDE = 224  # px, side of the network's input
CHANNELS = 5


def main(kinds: Sequence[str] = ()) -> None:
    """Writes one WebP per image of these kinds, or of all if none is named."""
    IMAGE_FOLDER.mkdir(exist_ok=True)
    for kind in kinds or KINDS:
        KINDS[kind]()


def _write_photos() -> None:
    versions = (*sample_photos.list_gray_names(), *sample_photos.list_old_names())
    for name in (*sample_photos.list_photos(), *versions):
        (IMAGE_FOLDER / f"photo-{name}.webp").write_bytes(encode_square(_load_pixels(name)))


def _write_styles() -> None:
    for name in paintings.list_paintings():
        (IMAGE_FOLDER / f"style-{name}.webp").write_bytes(encode_square(paintings.read_painting(name)))


def _write_presets() -> None:
    photo = sample_photos.read_photo(DREAM_PHOTO)
    for preset in DREAM_PRESETS:
        dream = ascend(photo, DreamSettings(look=preset, **PRESET_SETTINGS))
        sky = dream.image[: round(SKY_SHARE * dream.image.shape[0])]
        (IMAGE_FOLDER / f"look-{preset}.webp").write_bytes(encode_square(sky))


def _write_sets() -> None:
    """Writes four images of each sample set, of its classes in turn, and icons for other sources."""
    for name in sample_sets.list_names():
        dataset = data.load_dataset(sample_sets.store(sample_sets.PREFIX + name), THUMBNAIL_SIDE // 2)
        labels = np.zeros(len(dataset.images), int) if dataset.labels is None else dataset.labels
        rows_by_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        tiles = [
            dataset.images[rows_by_class[n % len(rows_by_class)][n // len(rows_by_class)]] for n in range(4)
        ]
        rows = [np.concatenate(tiles[n : n + 2], axis=1) for n in (0, 2)]
        _save(Image.fromarray(np.concatenate(rows)), IMAGE_FOLDER / f"set-{name}.webp")
    _save(_draw_folders_icon(), IMAGE_FOLDER / "set-own.webp")
    _save(_draw_frames_icon(), IMAGE_FOLDER / "set-gallery.webp")
    _save(_draw_camera_icon(), IMAGE_FOLDER / "set-by-hand.webp")
    _save(_draw_shelf_icon(), IMAGE_FOLDER / "set-by-name.webp")


def _draw_folders_icon() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE), "#eeece4")
    draw = ImageDraw.Draw(image)
    for top, ink in ((30, "#a63d57"), (58, "#c2781e"), (86, "#3046b0")):
        draw.rounded_rectangle((30, top, 74, top + 30), 6, ink)
        draw.rounded_rectangle((30, top + 10, 130, top + 50), 6, ink, "#eeece4", 2)
    return image


def _draw_frames_icon() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE), "#eeece4")
    draw = ImageDraw.Draw(image)
    for left, top, right, bottom, ink in (
        (24, 28, 84, 84, "#3046b0"),
        (94, 28, 136, 70, "#c2781e"),
        (24, 94, 66, 134, "#a63d57"),
        (76, 94, 136, 134, "#3c7a5a"),
    ):
        draw.rectangle((left, top, right, bottom), ink, "#22252b", 3)
    return image


def _draw_camera_icon() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE), "#eeece4")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((56, 40, 104, 66), 8, "#3046b0")
    draw.rounded_rectangle((26, 54, 134, 124), 12, "#3046b0")
    draw.ellipse((54, 63, 106, 115), "#eeece4")
    draw.ellipse((64, 73, 96, 105), "#a63d57")
    draw.ellipse((114, 62, 124, 72), "#c2781e")
    return image


def _draw_shelf_icon() -> Image.Image:
    image = Image.new("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE), "#eeece4")
    draw = ImageDraw.Draw(image)
    for top, ink in ((98, "#3046b0"), (66, "#c2781e"), (34, "#a63d57")):
        draw.rounded_rectangle((36, top, 124, top + 26), 6, ink)
        draw.rectangle((48, top + 11, 84, top + 15), "#eeece4")
    return image


def _write_sketches() -> None:
    """Writes example sketches by a steady hand, and training data of an avatar network."""
    avatars = [choose_avatar(0, n, 0.0) for n in COMPLETE_AVATARS]
    for kind in KINDS_DRAWN:
        sketches = [_draw_sketch(avatar, kind, number) for number, avatar in enumerate(avatars)]
        _save_lossless(np.concatenate(sketches, axis=1), IMAGE_FOLDER / f"sketch-{kind}.webp")
    sheets = [_draw_avatar_sheet(seed) for seed in range(AVATARS)]
    _save_lossless(np.concatenate(sheets), IMAGE_FOLDER / "sketch-hands.webp")


def _draw_sketch(avatar: PartialAvatar, kind: Kind, number: int) -> np.ndarray:
    if kind == "light":
        face = views.draw_parts(avatar.scene.trace_shapes(), SIDE).any(-1, keepdims=True)
        gray = np.where(face, image_io.to_gray(avatar.scene.render(SIDE)), 0).astype("uint8")
        return np.repeat(gray, 3, axis=2)
    return doodles.draw(avatar, kind, SIDE, np.random.default_rng(number), Hand(wobble=0.1, width=1.5))


def _draw_avatar_sheet(seed: int) -> np.ndarray:
    """Draws an avatar by day, by night, as an outline and as parts; below, sketches by four hands."""
    avatar = choose_avatar(seed, 0, 0.0)
    scene, shapes = avatar.scene, avatar.scene.trace_shapes()
    images = [scene.render(SKETCH_SIDE), scene.render(SKETCH_SIDE, night=True)]
    images += [views.draw_outline(shapes, SKETCH_SIDE), views.draw_parts(shapes, SKETCH_SIDE)]
    rngs = [np.random.default_rng((seed, n)) for n in range(len(images))]
    sketches = [doodles.draw(avatar, "outline", SKETCH_SIDE, rng) for rng in rngs]
    return np.concatenate([np.concatenate(row, axis=1) for row in (images, sketches)])


def _save_lossless(image: np.ndarray, path: Path) -> None:
    Image.fromarray(image).save(path, "WEBP", lossless=True, quality=100, method=6)


def _write_tiles() -> None:
    for tile in TILES:
        _save(
            _render_text(tile) if tile.task == "text.write" else _render_tile(tile),
            IMAGE_FOLDER / tile.file_name,
        )


def _write_layers() -> None:
    """Writes one strip per layer: the channels with the strongest activations for a photo."""
    pixels = image_io.fit(sample_photos.read_photo(PHOTO), NETWORK_SIDE)
    features = backbones.load("vgg16").build_extractor(tuple(LAYERS))(image_io.to_01(pixels))
    for layer in LAYERS:
        maps = np.asarray(features[layer])[0]
        strongest = np.argsort(maps.std(axis=(0, 1)))[::-1][:CHANNELS]
        strip = np.concatenate(
            [_render_map(maps[:, :, channel], pixels.shape[:2]) for channel in strongest], axis=1
        )
        _save(Image.fromarray(strip), IMAGE_FOLDER / f"layer-{layer}.webp")


def _render_map(activation: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales `(h, w) float32` to `(height, width) uint8` by nearest neighbor, to show positions."""
    bright = np.clip(activation / np.percentile(activation, 99.5), 0, 1)
    height, width = size
    gray = Image.fromarray((255 * bright).astype("uint8"))
    return np.asarray(gray.resize((width, height), Image.Resampling.NEAREST))


def _save(image: Image.Image, path: Path) -> None:
    image.save(path, "WEBP", quality=82, method=6)


def _render_tile(tile: Tile) -> Image.Image:
    inputs = {
        slot: [tasks.File.store(image_io.encode_png(_load_pixels(name)), "image", f"{slot}.png")]
        for slot, name in tile.inputs.items()
    }
    house = {"house": [tile.inputs["style"]]} if inputs.pop("style", []) else {}  # as on its page
    settings = tasks.get(tile.task).settings.parse({**TILE_SETTINGS[tile.task], **tile.settings, **house})
    if isinstance(settings, EnhanceSettings):
        return _draw_halves(settings, _load_pixels(tile.inputs["content"]))
    if tile.task == "sketch.paint":
        return _draw_doodle(settings)
    result = tasks.run(tile.task, settings, inputs)
    image = Image.fromarray(image_io.read(result.files[0].read()))
    if tile.task == "restore.apply":
        image = _join_halves(_load_pixels(tile.inputs["content"]), np.asarray(image))
    if tile.task == "classify.explain":
        image = ImageOps.fit(image, (min(image.size),) * 2)  # the crop that the network uses
    image.thumbnail((MAX_TILE_SIDE, MAX_TILE_SIDE))
    return image


def _write_chain() -> None:
    """Writes a small PNG with the recipe of a restored and repainted photo, the example of Chain."""
    file = tasks.File.store(image_io.encode_png(_load_pixels("coffee_old")), "image", "coffee_old.png")
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("restore.apply", {"scale": 1, "colorizer": QUICK_NETWORK}),  # needs no download
        ("style.transfer", {"house": ["mosaic"]}),
    )
    for task, values in steps:
        file = tasks.run(task, tasks.get(task).settings.parse(values), {"content": [file]}).files[0]
    image, recipe = image_io.read(file.read()), recipes.read(file.read())
    small = image_io.fit(image, THUMBNAIL_SIDE)
    (IMAGE_FOLDER / EXAMPLE).write_bytes(image_io.encode_png(small, recipe))
    (IMAGE_FOLDER / EXAMPLE).with_suffix(".webp").write_bytes(encode_square(image))


def _draw_doodle(settings: Settings) -> Image.Image:
    """Draws a face by an unsteady hand, next to the avatar painted from it."""
    avatar = choose_avatar(0, DOODLE_AVATAR, 0.0)
    unsteady = Hand(wobble=0.7, off=0.3, width=1.3)
    drawing = doodles.draw(avatar, "outline", MAX_TILE_SIDE // 2, np.random.default_rng(1), unsteady)
    file = tasks.File.store(image_io.encode_png(drawing), "image", "doodle.png")
    painted = image_io.read(tasks.run("sketch.paint", settings, {"content": [file]}).files[0].read())
    return Image.fromarray(np.concatenate([drawing, image_io.resize(painted, *drawing.shape[:2])], axis=1))


def _draw_halves(settings: EnhanceSettings, photo: np.ndarray) -> Image.Image:
    """Draws a crop of a photo: pixels on the left, upscaled by the network on the right."""
    left, top, width, height = UPSCALED_CROP
    part = photo[top : top + height, left : left + width]
    file = tasks.File.store(image_io.encode_png(part), "image", "part.png")
    result = tasks.run("enhance.enlarge", settings, {"content": [file]})
    before = np.repeat(np.repeat(part, int(settings.scale), axis=0), int(settings.scale), axis=1)
    return _join_halves(before, image_io.read(result.files[0].read()))


def _join_halves(before: np.ndarray, after: np.ndarray) -> Image.Image:
    """Draws the left half of one image and the right half of another of the same size."""
    middle = after.shape[1] // 2
    joined = np.concatenate([before[:, :middle], after[:, middle:]], axis=1)
    joined[:, middle : middle + 2] = 255
    return Image.fromarray(joined)


def _render_text(tile: Tile) -> Image.Image:
    """Draws a sample of a language model with its negative log-likelihood."""
    settings = WriteSettings.parse({**TEXT_SETTINGS, **tile.settings})
    result = tasks.run(tile.task, settings, {})
    text = result.files[0].read().decode()[len(settings.prompt) :]
    return text_tiles.draw_marked(settings.prompt, text, result.figures["nats"])


def _load_pixels(name: str) -> np.ndarray:
    if sample_photos.is_known(name):
        return image_io.read(sample_photos.read_file(name)[0])
    return paintings.read_painting(name)


KINDS = {
    "photos": _write_photos,
    "styles": _write_styles,
    "layers": _write_layers,
    "looks": _write_presets,
    "sets": _write_sets,
    "sketches": _write_sketches,
    "tiles": _write_tiles,
    "chain": _write_chain,
}

if __name__ == "__main__":
    main(sys.argv[1:])
