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

from pages.chain.input_form import EXAMPLE
from pages.form.samples import IMAGE_FOLDER
from studio.chain.settings import ChainSettings
from studio.core import tasks
from studio.core.imaging import image_io, paintings, sample_photos
from studio.core.imaging.grids import make_grid
from studio.faces.settings import FacesSettings
from studio.style.house import known_styles

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "images"
HOUSE_PHOTO, CELL = "astronaut", 300  # px, side of each result in the image of the house styles
README_PAIR = ("chelsea", "brush_strokes")  # photo and painting at the top of README
HEIGHT, GAP = 302, 8  # px of a row, and between its images
DREAM_PHOTO, DREAM_PRESETS = "rocket", ("dogs", "palaces", "spirals")
CAT_PHOTO, PLAYGROUND_STEPS = "chelsea", (10, 60, 300, 1500)
XRAY_CHANNELS = (("block4_conv2", 356), ("block5_conv3", 328))  # of eyes, and of a face
UPSCALING_PHOTO, UPSCALING_CROP, UPSCALING_FACTOR = "astronaut", np.s_[:300, 80:380], 3
NOISY_PHOTO, NOISE_LEVELS = "coffee", 25  # levels of noise added to a photo
COMPRESSED_PHOTO, JPEG_QUALITY = "chelsea", 12
GRAY_PHOTO = "astronaut_gray"
OLD_PHOTO, OLD_CUP = "astronaut_old", "coffee_old"
IMAGES_PER_MODEL = 25  # images of each generator
SINGLE_FACES = (11, 15)  # of them
CARTOONS_PER_ROW, CARTOON_SEED = 8, 3  # of a row


def main(names: Sequence[str] = ()) -> None:
    """Writes these images as WebP, or all if none is named."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name in names or IMAGES:
        IMAGES[name](DOCS / f"{name}.webp")


def _write_house_styles(path: Path) -> None:
    """Writes one photo in every house style, in two rows."""
    images = []
    for name in known_styles.list_styles():
        values = {"house": (name,), "size": 2 * CELL, "strength": 1}
        painted = Image.fromarray(_render("style.transfer", values, content=HOUSE_PHOTO))
        images.append(np.asarray(ImageOps.fit(painted, (CELL, CELL), centering=(0.5, 0.2))))
    half = -(-len(images) // 2)
    rows = [np.concatenate(images[n : n + half], axis=1) for n in (0, half)]
    _save(np.concatenate(rows), path)


def _write_readme_image(path: Path) -> None:
    """Writes a photo, a painting, and the photo in the style of the painting."""
    photo, painting = README_PAIR
    painted = _render("style.transfer", {"mode": "fine"}, content=photo, style=painting)
    _save_row([_load_pixels(photo), _load_pixels(painting), painted], path)


def _write_dream(path: Path) -> None:
    """Writes a photo, and its dreams with some presets."""
    dreams = [_render("dream.ascend", {"look": look}, content=DREAM_PHOTO) for look in DREAM_PRESETS]
    _save_row([_load_pixels(DREAM_PHOTO), *dreams], path)


def _write_upscaling(path: Path) -> None:
    """Writes a crop of a photo, downscaled and upscaled: bicubic, by the network, and the original."""
    photo = _load_pixels(UPSCALING_PHOTO)[UPSCALING_CROP]
    small = Image.fromarray(photo).resize([side // UPSCALING_FACTOR for side in photo.shape[1::-1]])
    settings: list[dict[str, object]] = [
        {"scale": UPSCALING_FACTOR, "sharpness": sharpness} for sharpness in (0, 1)
    ]
    _save_row(
        [*(_render("enhance.enlarge", values, content=np.asarray(small)) for values in settings), photo], path
    )


def _write_cleaned_photos(path: Path) -> None:
    """Writes crops of a noisy photo and of a strongly compressed one, before and after."""
    photo = _load_pixels(NOISY_PHOTO)[:300, 150:450]
    noise = NOISE_LEVELS * np.random.default_rng(0).standard_normal(photo.shape)
    noisy = np.clip(photo + noise, 0, 255).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(_load_pixels(COMPRESSED_PHOTO)[:200, 120:320]).save(buffer, "JPEG", quality=JPEG_QUALITY)
    blocky = image_io.read(buffer.getvalue())
    settings: dict[str, object] = {"scale": 1}
    cleaned = _render("enhance.enlarge", settings, content=noisy)
    settings = {"scale": 1, "denoise": 0, "jpeg_quality": JPEG_QUALITY}
    deblocked = _render("enhance.enlarge", settings, content=blocky)
    _save_row([noisy, cleaned, blocky, deblocked], path)


def _write_playground(path: Path) -> None:
    """Writes the output of the playground's network after more and more steps, and the photo."""
    outputs = [
        _render("playground.train", {"steps": steps, "size": 384}, content=CAT_PHOTO)
        for steps in PLAYGROUND_STEPS
    ]
    _save_row([*outputs, _load_pixels(CAT_PHOTO)], path, height=180)


def _write_xray(path: Path) -> None:
    """Writes a photo, and two maps of VGG16 over it."""
    settings = [{"show": "map", "layer": layer, "channel": channel} for layer, channel in XRAY_CHANNELS]
    _save_row(
        [_load_pixels(CAT_PHOTO), *(_render("xray.look", values, content=CAT_PHOTO) for values in settings)],
        path,
    )


def _write_faces(path: Path) -> None:
    """Writes digits and cartoon faces of the shipped models."""
    settings = {"n": IMAGES_PER_MODEL, "seed": 4}
    grids = [
        _render("faces.draw", settings | {"preset": preset}) for preset in ("digits-vae", "avatars-dcgan")
    ]
    _save_row(grids, path)


def _write_cartoons(path: Path) -> None:
    """Writes cartoon faces, in two rows."""
    settings = FacesSettings(preset="avatars-dcgan", n=2 * CARTOONS_PER_ROW, seed=CARTOON_SEED, form="npz")
    data = tasks.run("faces.draw", settings, {}).files[0].read()
    with np.load(io.BytesIO(data)) as arrays:
        _save(make_grid(arrays["images"], columns=CARTOONS_PER_ROW), path)


def _write_face_alone(path: Path) -> None:
    """Writes two cartoon faces, each resized, and cleaned and upscaled."""
    settings = [{"face": face, "enhance": enhance} for face in SINGLE_FACES for enhance in (False, True)]
    _save_row(
        [
            _render("faces.draw", {"preset": "avatars-dcgan", "n": 16, "seed": 5} | values)
            for values in settings
        ],
        path,
    )


def _write_activation_map(path: Path) -> None:
    """Writes a class activation map of ResNet50 for a cat."""
    _save_row([_render("classify.explain", {}, image=CAT_PHOTO)], path)


def _write_text(path: Path) -> None:
    """Writes a sample of a language model with its negative log-likelihood, as on the home page."""
    shutil.copy(IMAGE_FOLDER / "tile-text-write-alice.webp", path)


def _write_colorized_photo(path: Path) -> None:
    """Writes a gray photo, and its colored version."""
    _save_row([_load_pixels(GRAY_PHOTO), _render("colorize.apply", {}, content=GRAY_PHOTO)], path)


def _write_restored_photo(path: Path) -> None:
    """Writes an old print, the damage that is found in it, and the restored photo."""
    mask = _render("restore.apply", {"mask_only": True}, content=OLD_PHOTO)
    restored = _render("restore.apply", {"scale": 1}, content=OLD_PHOTO)
    _save_row([_load_pixels(OLD_PHOTO), mask, restored], path)


def _write_chain(path: Path) -> None:
    """Writes two old prints, each with the result of the chain that is the example of its page."""
    like = tasks.File.store((IMAGE_FOLDER / EXAMPLE).read_bytes(), "image", EXAMPLE)
    images = []
    for name in (OLD_CUP, OLD_PHOTO):
        content = tasks.File.store(image_io.encode_png(_load_pixels(name)), "image", f"{name}.png")
        result = tasks.run("chain.apply", ChainSettings(), {"content": [content], "like": [like]})
        images += [_load_pixels(name), image_io.read(result.files[0].read())]
    _save_row(images, path)


def _write_sketch(path: Path) -> None:
    """Writes a drawing and its avatar, as on the home page."""
    shutil.copy(IMAGE_FOLDER / "tile-sketch-paint.webp", path)


def _write_lab(path: Path) -> None:
    """Writes digits sampled from a Boltzmann machine, as on the home page."""
    shutil.copy(IMAGE_FOLDER / "tile-lab-imagine.webp", path)


def _render(task: str, values: dict[str, object], **inputs: str | np.ndarray) -> np.ndarray:
    """Runs a task on samples or images and returns the resulting image."""
    files = {
        slot: [tasks.File.store(image_io.encode_png(_load_pixels(image)), "image", f"{slot}.png")]
        for slot, image in inputs.items()
    }
    result = tasks.run(task, tasks.get(task).settings.parse(values), files)
    return image_io.read(result.files[0].read())


def _load_pixels(name: str | np.ndarray) -> np.ndarray:
    if isinstance(name, np.ndarray):
        return name
    if sample_photos.is_known(name):
        return image_io.read(sample_photos.read_file(name)[0])
    return paintings.read_painting(name)


def _save_row(images: Sequence[np.ndarray], path: Path, height: int = HEIGHT) -> None:
    row = []
    for pixels in images:
        width = round(height * pixels.shape[1] / pixels.shape[0])
        row += [image_io.resize(pixels, height, width), np.full((height, GAP, 3), 255, "uint8")]
    _save(np.concatenate(row[:-1], axis=1), path)


def _save(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).save(path, "WEBP", quality=82, method=6)


IMAGES = {
    "house": _write_house_styles,
    "readme": _write_readme_image,
    "dream": _write_dream,
    "enhance": _write_upscaling,
    "clean": _write_cleaned_photos,
    "playground": _write_playground,
    "x-ray": _write_xray,
    "faces": _write_faces,
    "cartoons": _write_cartoons,
    "face-alone": _write_face_alone,
    "classify": _write_activation_map,
    "text": _write_text,
    "colorize": _write_colorized_photo,
    "restore": _write_restored_photo,
    "chain": _write_chain,
    "sketch": _write_sketch,
    "lab": _write_lab,
}

if __name__ == "__main__":
    main(sys.argv[1:])
