"""A network that colors, ready to work on images of any size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from studio.colorize import bins, color_hints, inputs, lab, models, odds, upsample
from studio.colorize.settings import VIVIDNESS
from studio.core.imaging import image_io
from studio.core.litert import network
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.core.progress import Progress

SIDE = 112  # px, about, of what the network sees, if it is a square
_HELD: dict[str, Colorizer] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 2
_SIZES = 6  # of images, for which a network is held


@dataclass(frozen=True)
class How:
    """How to color.

    Attributes:
        vividness: 0 to 1, see `studio.colorize.odds.vivid`.
        variant: 0 for the likeliest colors, else a number of others.
        likeness: how much the examples count, 0 to 1.
        examples: photos whose colors are liked, `(h, w, 3) uint8`.
        color_hints: colors that a user painted, `(h, w, 4) uint8`, clear where none are; None for none.
    """

    vividness: float = VIVIDNESS
    variant: int = 0
    likeness: float = 0.5
    examples: Sequence[np.ndarray] = field(default=(), repr=False)
    color_hints: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What the network says of an image.

    Attributes:
        logits: of the colors, leaning as was asked, `(h, w, bins) float32`.
        colors: a* and b* that come of them, `(h, w, 2) float32`.
    """

    logits: np.ndarray
    colors: np.ndarray


class Colorizer:
    """A network that colors.

    Args:
        preset: what it is loaded from.

    Raises:
        InvalidInput: if it is no such network, or its files are not whole.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset)
        log_prior = loading.place("prior", 0, 0), (len(bins.centers()),)
        self._prior = bins.softmax(*loading.arrays(preset.weights(), [log_prior]))
        self._network = network.load(preset, sizes=_SIZES)

    def color(
        self, image: np.ndarray, how: How, progress: Progress | None = None
    ) -> tuple[np.ndarray, Answer]:
        """Colors an image by its lightness alone, which stays as it is.

        Args:
            image: `(H, W, 3) uint8`, or `(H, W, 4)` with transparency, which is kept.
            how: to color it.
            progress: told of every strip.

        Returns:
            `(H, W, 3 or 4) uint8`, and what the network answered.

        Raises:
            Cancelled: if a user stopped it: half of an image is of no use.
        """
        progress, made = progress or Progress(), image.copy()
        rgb = np.ascontiguousarray(image[..., :3])
        answer = self.answer(rgb, how)
        guide = image_io.fit(rgb, min(upsample.GUIDED, max(rgb.shape[:2])))
        line = upsample.lines(answer.colors, lab.lightness(guide))
        for rows, part in upsample.colored(rgb, line):
            progress.report(rows.start, len(image))
            made[rows, :, :3] = part
        progress.report(len(image), len(image))
        return made, answer

    def answer(self, image: np.ndarray, how: How) -> Answer:
        """What the network says of an image, `(H, W, 3) uint8`, at a quarter of the size that it sees."""
        height, width = _sides(*image.shape[:2])
        light = lab.lightness(image_io.resize(image, height, width))
        hints, where = color_hints.hint_maps(how.color_hints, height, width)
        (logits,) = self._network(inputs.stack(light, hints, where)[None])
        n = models.OUTPUT_STRIDE
        small = light.reshape(height // n, n, -1, n).mean((1, 3))
        leaning = odds.by_chance(how.variant)
        for photo in how.examples:
            shrunk = image_io.fit(photo, min(SIDE, max(photo.shape[:2])))
            leaning = leaning + how.likeness / len(how.examples) * odds.of_example(shrunk, self._prior)
        vivid = odds.vivid(logits[0], self._prior, self.settings.rebalance, how.vividness)
        leant = odds.leant(vivid, small, leaning)
        return Answer(leant, odds.annealed_mean(leant))


def _sides(height: int, width: int) -> tuple[int, int]:
    """What an image is shrunk to: about SIDE * SIDE px, sides multiples of what the network takes."""
    scale = SIDE / math.sqrt(height * width)
    rounded = (max(2, round(side * scale / models.TIMES)) * models.TIMES for side in (height, width))
    down, right = rounded
    return down, right


def open(preset: Preset) -> Colorizer:
    """The colorizer of a preset; kept in memory for the next time. Raises as `Colorizer`."""
    return get_or_make(_HELD, preset.key, lambda: Colorizer(preset), _MOST_HELD)
