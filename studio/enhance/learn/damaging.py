"""Damages photos as cameras and files do, for a network to learn to clean: noise, JPEG, and both."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from studio.enhance import bicubic
from studio.enhance.damage import Damage
from studio.enhance.planes import LIGHT, folded, planes, shown

MARGIN = 8  # px around a window: the blocks of JPEG begin anywhere, and none is cut at its border
CLOSER = (1.25, 1.5, 2.0)  # so many times larger a window is before it is shrunk to its size: photos from a
# file have noise and blocks of their own, which must not be learned as the truth
MOST_NOISE = 55.0  # levels
MOST_IN_FILES = 30.0  # of noise in what is then compressed
QUALITIES = (5, 95)
LIGHT_OF_WHITE = 0.669  # deviation of Y where R, G and B have noise of 1 each of their own
COLOR_OF_WHITE = 0.641  # that of Cb and Cr, in the mean
_SUBSAMPLED = 2  # 4:2:0, as Pillow numbers it


def batch(
    photos: np.ndarray, rows: np.ndarray, window: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Windows to learn from, see `studio.enhance.learn.learner.CleaningLearner`.

    Args:
        photos: `(n, side, side, 3) uint8`, of at least `needed(window)` px.
        rows: one of them for each window.
        window: a side, in px, even.
        rng: decides where, how each is turned, and what happens to it.
    """
    inner = slice(MARGIN, MARGIN + window)
    found: dict[str, list[np.ndarray]] = {"shown": [], "lacks": []}
    for row in rows:
        truth = _window(photos[row], window + 2 * MARGIN, rng)
        damaged, damage = damaged_by_chance(truth, rng)
        seen, true = planes(damaged[inner, inner] / 255), planes(truth[inner, inner] / 255)
        found["shown"].append(shown(seen, damage.light, damage.color, damage.quality))
        found["lacks"].append(folded(true - seen))
    return {name: np.stack(each) for name, each in found.items()}


def needed(window: int) -> int:
    """The least side of photos, in px, for windows of a size."""
    return round((window + 2 * MARGIN) * CLOSER[-1])


def _window(photo: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """A part of a photo, turned and mirrored by chance, half of them gray: `(side, side, 3) float32`."""
    wide = round(side * rng.choice(CLOSER))
    down, right = rng.integers(0, len(photo) - wide + 1, 2)
    small = shrunk(photo[down : down + wide, right : right + wide], side, gray=rng.random() < 0.5)
    part = np.rot90(small, int(rng.integers(4)))
    return part.transpose(1, 0, 2) if rng.random() < 0.5 else part


def shrunk(photo: np.ndarray, side: int, gray: bool) -> np.ndarray:
    """`(H, W, 3) uint8` -> `(side, side, 3) float32`, whole levels."""
    small = bicubic.resized(np.moveaxis(photo.astype("float32"), 2, 0), side, side)
    if gray:
        small = np.repeat(np.tensordot(LIGHT, small, 1)[None], 3, axis=0)
    return np.rint(np.clip(np.moveaxis(small, 0, 2), 0, 255))


def damaged_by_chance(truth: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, Damage]:
    """Damages an image.

    Args:
        truth: `(H, W, 3) float32`, levels; what is gray stays gray.

    Returns:
        The damaged one, alike, and what a network is told of it.
    """
    chance, gray = rng.random(), not np.ptp(truth, axis=2).any()
    quality = float(rng.integers(QUALITIES[0], QUALITIES[1] + 1))
    if chance < 0.5:
        return noisy(truth, MOST_NOISE * rng.random(), gray, rng)
    if chance < 0.8:
        return compressed(truth, quality, gray, rng.random() < 0.5), Damage(quality=quality)
    noise = MOST_IN_FILES * rng.random() ** 2
    seen, damage = noisy(truth, noise, gray, rng)
    seen = compressed(seen, max(quality, 30), gray, rng.random() < 0.5)
    return seen, Damage(damage.light, damage.color, max(quality, 30))


def noisy(truth: np.ndarray, level: float, gray: bool, rng: np.random.Generator) -> tuple[np.ndarray, Damage]:
    """Adds Gaussian noise, in part the same to all three colors; half of the results are what a file holds.

    Args:
        truth: `(H, W, 3) float32`, levels.
        level: standard deviation of each color, in levels.
        gray: whether all of it is the same to all colors.
    """
    share = 0.0 if gray else 1.0 if rng.random() < 0.5 else rng.random()
    alike = rng.standard_normal((*truth.shape[:2], 1), "float32")
    own = rng.standard_normal(truth.shape, "float32") if share else np.float32(0)
    seen = truth + np.float32(level) * (np.sqrt(1 - share) * alike + np.sqrt(share) * own).astype("float32")
    if rng.random() < 0.5:
        seen = np.rint(np.clip(seen, 0, 255))
    light, color = np.sqrt(1 - share + share * LIGHT_OF_WHITE**2), np.sqrt(share) * COLOR_OF_WHITE
    return seen, Damage(level * float(light), level * float(color))


def compressed(truth: np.ndarray, quality: float, gray: bool, subsampled: bool) -> np.ndarray:
    """Saves an image as a JPEG and reads it again: `(H, W, 3) float32`, levels."""
    levels = np.rint(np.clip(truth, 0, 255)).astype("uint8")
    image = Image.fromarray(np.ascontiguousarray(levels[..., 0]) if gray else levels)
    buffer = io.BytesIO()
    options = {} if gray else {"subsampling": _SUBSAMPLED if subsampled else 0}
    image.save(buffer, "JPEG", quality=int(quality), **options)
    with Image.open(buffer) as read:
        return np.asarray(read.convert("RGB"), "float32")
