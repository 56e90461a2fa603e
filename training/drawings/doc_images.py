"""Draws the images of README and the documents: `python -m training.drawings.doc_images [NAME ...]`.

It takes some minutes and needs the weights. Its output is committed; each image is named after its file in
`docs/images`. No research-only model is used.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pages.form.samples import SHIPPED
from studio.core import tasks
from studio.core.imaging import image_io, paintings, sample_photos
from studio.core.imaging.grids import make_grid
from studio.faces.settings import FacesSettings
from studio.style.house import known_styles

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "images"
HOUSE_PHOTO, CELL = "astronaut", 300  # px, side of each result in the image of the house styles
LEAD = ("chelsea", "brush_strokes")  # photo and painting at the top of README
HEIGHT, GAP = 302, 8  # px of a row, and between its images
DREAMED, LOOKS = "rocket", ("dogs", "palaces", "spirals")
LEARNED, STEPS = "chelsea", (10, 60, 300, 1500)
MAPS = (("block4_conv2", 356), ("block5_conv3", 328))  # of eyes, and of a face
UPSCALED, PART, TIMES = "astronaut", np.s_[:300, 80:380], 3
NOISY, LEVEL = "coffee", 25  # levels of noise added to a photo
BLOCKY, QUALITY = "chelsea", 12
WALL = 25  # images of each generator
ALONE = (11, 15)  # of them
CARTOONS, CARTOON_SEED = 8, 3  # of a row


def main(names: Sequence[str] = ()) -> None:
    """Writes these images as WebP, or all if none is named."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name in names or IMAGES:
        IMAGES[name](DOCS / f"{name}.webp")


def _draw_house(path: Path) -> None:
    """Draws one photo in every house style, in two rows."""
    images = []
    for name in known_styles.list_styles():
        values = {"house": (name,), "size": 2 * CELL, "strength": 1}
        painted = Image.fromarray(_render("style.transfer", values, content=HOUSE_PHOTO))
        images.append(np.asarray(ImageOps.fit(painted, (CELL, CELL), centering=(0.5, 0.2))))
    half = -(-len(images) // 2)
    rows = [np.concatenate(images[n : n + half], axis=1) for n in (0, half)]
    _save(np.concatenate(rows), path)


def _draw_readme(path: Path) -> None:
    """Draws a photo, a painting, and the photo in the style of the painting."""
    photo, painting = LEAD
    painted = _render("style.transfer", {"mode": "fine"}, content=photo, style=painting)
    _row([_pixels(photo), _pixels(painting), painted], path)


def _draw_dream(path: Path) -> None:
    """Draws a photo, and its dreams with some presets."""
    dreamed = [_render("dream.ascend", {"look": look}, content=DREAMED) for look in LOOKS]
    _row([_pixels(DREAMED), *dreamed], path)


def _draw_enhance(path: Path) -> None:
    """Draws a crop of a photo, downscaled and upscaled: bicubic, by the network, and the original."""
    photo = _pixels(UPSCALED)[PART]
    small = Image.fromarray(photo).resize([side // TIMES for side in photo.shape[1::-1]])
    settings: list[dict[str, object]] = [{"scale": TIMES, "sharpness": sharpness} for sharpness in (0, 1)]
    _row([*(_render("enhance.enlarge", one, content=np.asarray(small)) for one in settings), photo], path)


def _draw_clean(path: Path) -> None:
    """Draws crops of a noisy photo and of a strongly compressed one, before and after."""
    photo = _pixels(NOISY)[:300, 150:450]
    noise = LEVEL * np.random.default_rng(0).standard_normal(photo.shape)
    noisy = np.clip(photo + noise, 0, 255).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(_pixels(BLOCKY)[:200, 120:320]).save(buffer, "JPEG", quality=QUALITY)
    blocky = image_io.read(buffer.getvalue())
    settings: dict[str, object] = {"scale": 1}
    cleaned = _render("enhance.enlarge", settings, content=noisy)
    settings = {"scale": 1, "denoise": 0, "jpeg_quality": QUALITY}
    deblocked = _render("enhance.enlarge", settings, content=blocky)
    _row([noisy, cleaned, blocky, deblocked], path)


def _draw_playground(path: Path) -> None:
    """Draws the output of the playground's network after more and more steps, and the photo."""
    learned = [_render("playground.train", {"steps": steps, "size": 384}, content=LEARNED) for steps in STEPS]
    _row([*learned, _pixels(LEARNED)], path, height=180)


def _draw_xray(path: Path) -> None:
    """Draws a photo, and two maps of VGG16 over it."""
    settings = [{"show": "map", "layer": layer, "channel": channel} for layer, channel in MAPS]
    _row([_pixels(LEARNED), *(_render("xray.look", one, content=LEARNED) for one in settings)], path)


def _draw_faces(path: Path) -> None:
    """Draws digits and cartoon faces of the shipped models."""
    settings = {"n": WALL, "seed": 4}
    grids = [
        _render("faces.draw", settings | {"preset": preset}) for preset in ("digits-vae", "avatars-dcgan")
    ]
    _row(grids, path)


def _draw_cartoons(path: Path) -> None:
    """Draws cartoon faces, in two rows."""
    settings = FacesSettings(preset="avatars-dcgan", n=2 * CARTOONS, seed=CARTOON_SEED, form="npz")
    data = tasks.run("faces.draw", settings, {}).files[0].read()
    with np.load(io.BytesIO(data)) as arrays:
        _save(make_grid(arrays["images"], columns=CARTOONS), path)


def _draw_face_alone(path: Path) -> None:
    """Draws two cartoon faces, each resized, and cleaned and upscaled."""
    settings = [{"face": face, "enhance": enhance} for face in ALONE for enhance in (False, True)]
    _row(
        [_render("faces.draw", {"preset": "avatars-dcgan", "n": 16, "seed": 5} | one) for one in settings],
        path,
    )


def _draw_teach(path: Path) -> None:
    """Draws a class activation map of ResNet50 for a cat."""
    _row([_render("classify.explain", {}, image=LEARNED)], path)


def _draw_text(path: Path) -> None:
    """Draws a sample of a language model with its negative log-likelihood, as on the home page."""
    shutil.copy(SHIPPED / "tile-text-write-alice.webp", path)


def _render(task: str, values: dict[str, object], **inputs: str | np.ndarray) -> np.ndarray:
    """Runs a task on samples or images and returns the resulting image."""
    files = {
        slot: [tasks.File.keep(image_io.encode_png(_pixels(one)), "image", f"{slot}.png")]
        for slot, one in inputs.items()
    }
    result = tasks.run(task, tasks.get(task).settings.parse(values), files)
    return image_io.read(result.files[0].read())


def _pixels(name: str | np.ndarray) -> np.ndarray:
    if isinstance(name, np.ndarray):
        return name
    return (
        sample_photos.read_photo(name)
        if name in sample_photos.list_photos()
        else paintings.read_painting(name)
    )


def _row(images: Sequence[np.ndarray], path: Path, height: int = HEIGHT) -> None:
    row = []
    for pixels in images:
        width = round(height * pixels.shape[1] / pixels.shape[0])
        row += [image_io.resize(pixels, height, width), np.full((height, GAP, 3), 255, "uint8")]
    _save(np.concatenate(row[:-1], axis=1), path)


def _save(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).save(path, "WEBP", quality=82, method=6)


IMAGES = {
    "house": _draw_house,
    "readme": _draw_readme,
    "dream": _draw_dream,
    "enhance": _draw_enhance,
    "clean": _draw_clean,
    "playground": _draw_playground,
    "x-ray": _draw_xray,
    "faces": _draw_faces,
    "cartoons": _draw_cartoons,
    "face-alone": _draw_face_alone,
    "classify": _draw_teach,
    "text": _draw_text,
}

if __name__ == "__main__":
    main(sys.argv[1:])
