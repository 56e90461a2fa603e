"""What is learned: digits that the studio's own model draws, or doodles of a user, each in many variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.core import tasks
from studio.core.generators import latent
from studio.core.generators.latent import Generator
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.models.recently_used import get_or_make
from studio.core.tasks import File
from studio.lab.drawings import as_digit
from studio.lab.settings import SIDE

PRESET = "digits-vae"
LEARNED, OTHERS = 4000, 200
_AT_ONCE = 128
_SEED = 0  # of the digits: which they are does not depend on the seed of a training
_HELD: dict[str, Digits] = {}  # what a worker holds


@dataclass(frozen=True)
class Digits:
    """What a network is trained, and what it is tested on.

    Attributes:
        learned, others: `(n, PIXELS) float32` in [0, 1].
        weights: what drew them, as recipes name it.
    """

    learned: np.ndarray
    others: np.ndarray
    weights: dict[str, str]


def digits(doodles: Sequence[File] = ()) -> Digits:
    """The digits of the studio, or variants of doodles where there are any; kept in memory for the next time.

    Raises:
        InvalidInput: if a doodle is no image, or nothing is drawn on it.
    """
    if doodles:
        name = " ".join(file.digest for file in doodles)
        return get_or_make(_HELD, name, lambda: _variants(doodles), 4)
    preset = presets.find(PRESET)
    return get_or_make(_HELD, preset.key, lambda: _drawn(preset), 4)


def _drawn(preset: presets.Preset) -> Digits:
    generator: Generator = tasks.imported(tasks.get(preset.task).opens)(preset)
    points = latent.draw(generator, LEARNED + OTHERS, _SEED)
    parts = [generator.decode(points[at : at + _AT_ONCE])[..., 0] for at in range(0, len(points), _AT_ONCE)]
    made = np.concatenate(parts).reshape(len(points), -1).astype("float32") / 255
    return Digits(made[:LEARNED], made[LEARNED:], {preset.name: generator.digest})


def _variants(doodles: Sequence[File]) -> Digits:
    """Each doodle turned, moved and scaled a little, again and again, in an order that mixes them."""
    found = [as_digit(image_io.read(file.read(), file.name), file.name) for file in doodles]
    rng = np.random.default_rng(_SEED)
    made = np.stack([_varied(found[n % len(found)], rng) for n in range(LEARNED + OTHERS)])
    return Digits(made[:LEARNED], made[LEARNED:], {})


def _varied(drawing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle, scale = rng.normal() * 0.12, 1 + rng.normal() * 0.08
    across, down = rng.normal(size=2) * 1.2
    cos, sin, middle = np.cos(angle) / scale, np.sin(angle) / scale, SIDE / 2
    # From each place of the result to where it comes from, as Pillow wants it.
    turned = (
        *(cos, sin, middle - cos * (middle + across) - sin * (middle + down)),
        *(-sin, cos, middle + sin * (middle + across) - cos * (middle + down)),
    )
    image = Image.fromarray((drawing.reshape(SIDE, SIDE) * 255).astype("uint8"))
    made = image.transform((SIDE, SIDE), Image.Transform.AFFINE, turned, Image.Resampling.BILINEAR)
    return np.asarray(made, "float32").ravel() / 255
