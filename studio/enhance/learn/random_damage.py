"""Damages photos for training a denoiser: noise, JPEG compression, and both."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from studio.enhance import bicubic
from studio.enhance.damage import Damage
from studio.enhance.planes import LIGHT, fold, make_network_input, to_planes

MARGIN = 8  # px around a crop, because JPEG blocks can start anywhere and must not be cut at the border
# Crops are this many times larger before downscaling: photos from files have noise and blocks of their own,
# which a network must not learn as the truth.
CROP_FACTORS = (1.25, 1.5, 2.0)
MAX_NOISE = 55.0  # levels of noise
MAX_COMPRESSED_NOISE = 30.0  # levels of noise before compression
QUALITIES = (5, 95)
LIGHT_OF_WHITE_NOISE = 0.669  # deviation of Y if R, G and B have independent noise of 1
COLOR_OF_WHITE_NOISE = 0.641  # mean deviation of Cb and Cr
_SUBSAMPLING_420 = 2  # 4:2:0, in Pillow


def make_batch(
    photos: np.ndarray, rows: np.ndarray, window: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Returns training crops, see `studio.enhance.learn.learner.CleaningLearner`.

    Args:
        photos: `(n, side, side, 3) uint8`, of at least `min_photo_side(window)` px.
        rows: row of the photo of each crop.
        window: side of a crop in px, even.
        rng: chooses position, flip, rotation and damage.
    """
    inner = slice(MARGIN, MARGIN + window)
    arrays: dict[str, list[np.ndarray]] = {"input": [], "residual": []}
    for row in rows:
        truth = _crop_window(photos[row], window + 2 * MARGIN, rng)
        damaged, damage = damage_at_random(truth, rng)
        damaged_planes, true_planes = (
            to_planes(damaged[inner, inner] / 255),
            to_planes(truth[inner, inner] / 255),
        )
        arrays["input"].append(make_network_input(damaged_planes, damage.light, damage.color, damage.quality))
        arrays["residual"].append(fold(true_planes - damaged_planes))
    return {name: np.stack(crops) for name, crops in arrays.items()}


def min_photo_side(window: int) -> int:
    """Returns the smallest side in px of photos for crops of a size."""
    return round((window + 2 * MARGIN) * CROP_FACTORS[-1])


def _crop_window(photo: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Crops a photo with random flips and rotations, half of them gray: `(side, side, 3) float32`."""
    crop_side = round(side * rng.choice(CROP_FACTORS))
    down, right = rng.integers(0, len(photo) - crop_side + 1, 2)
    downscaled = shrink(
        photo[down : down + crop_side, right : right + crop_side], side, gray=rng.random() < 0.5
    )
    turned = np.rot90(downscaled, int(rng.integers(4)))
    return turned.transpose(1, 0, 2) if rng.random() < 0.5 else turned


def shrink(photo: np.ndarray, side: int, gray: bool) -> np.ndarray:
    """Downscales `(H, W, 3) uint8` to `(side, side, 3) float32`, rounded to levels."""
    small = bicubic.resize(np.moveaxis(photo.astype("float32"), 2, 0), side, side)
    if gray:
        small = np.repeat(np.tensordot(LIGHT, small, 1)[None], 3, axis=0)
    return np.rint(np.clip(np.moveaxis(small, 0, 2), 0, 255))


def damage_at_random(truth: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, Damage]:
    """Damages an image at random.

    Args:
        truth: `(H, W, 3) float32`, levels; gray images stay gray.

    Returns:
        The damaged image, of the same shape, and its damage.
    """
    draw, is_gray = rng.random(), not np.ptp(truth, axis=2).any()
    quality = float(rng.integers(QUALITIES[0], QUALITIES[1] + 1))
    if draw < 0.5:
        return add_noise(truth, MAX_NOISE * rng.random(), is_gray, rng)
    if draw < 0.8:
        return compress(truth, quality, is_gray, rng.random() < 0.5), Damage(quality=quality)
    noise = MAX_COMPRESSED_NOISE * rng.random() ** 2
    damaged, damage = add_noise(truth, noise, is_gray, rng)
    damaged = compress(damaged, max(quality, 30), is_gray, rng.random() < 0.5)
    return damaged, Damage(damage.light, damage.color, max(quality, 30))


def add_noise(
    truth: np.ndarray, level: float, is_gray: bool, rng: np.random.Generator
) -> tuple[np.ndarray, Damage]:
    """Adds Gaussian noise, partly shared by the colors; rounds and clips half of the results.

    Args:
        truth: `(H, W, 3) float32`, levels.
        level: standard deviation of each color, in levels.
        is_gray: whether all noise is shared by the colors.
    """
    share = 0.0 if is_gray else 1.0 if rng.random() < 0.5 else rng.random()
    shared_noise = rng.standard_normal((*truth.shape[:2], 1), "float32")
    own_noise = rng.standard_normal(truth.shape, "float32") if share else np.float32(0)
    noisy = truth + np.float32(level) * (
        np.sqrt(1 - share) * shared_noise + np.sqrt(share) * own_noise
    ).astype("float32")
    if rng.random() < 0.5:
        noisy = np.rint(np.clip(noisy, 0, 255))
    light, color = np.sqrt(1 - share + share * LIGHT_OF_WHITE_NOISE**2), np.sqrt(share) * COLOR_OF_WHITE_NOISE
    return noisy, Damage(level * float(light), level * float(color))


def compress(truth: np.ndarray, quality: float, is_gray: bool, is_subsampled: bool) -> np.ndarray:
    """Saves an image as a JPEG and reads it back: `(H, W, 3) float32`, levels."""
    levels = np.rint(np.clip(truth, 0, 255)).astype("uint8")
    image = Image.fromarray(np.ascontiguousarray(levels[..., 0]) if is_gray else levels)
    buffer = io.BytesIO()
    options = {} if is_gray else {"subsampling": _SUBSAMPLING_420 if is_subsampled else 0}
    image.save(buffer, "JPEG", quality=int(quality), **options)
    with Image.open(buffer) as file:
        return np.asarray(file.convert("RGB"), "float32")
