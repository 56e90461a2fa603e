"""A network that colours, ready to work on pictures of any size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from studio.colour import bins, dabs, inputs, lab, models, odds, upsample
from studio.colour.settings import VIVIDNESS
from studio.core.litert import network
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.core.pictures import images
from studio.core.progress import Progress

SIDE = 112  # px, about, of what the network sees, if it is a square
_HELD: dict[str, Colourer] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 2
_SIZES = 6  # of pictures, for which a network is held


@dataclass(frozen=True)
class How:
    """How to colour.

    Attributes:
        vividness: 0 to 1, see `studio.colour.odds.vivid`.
        variant: 0 for the likeliest colours, else a number of others.
        likeness: how much the examples count, 0 to 1.
        examples: photos whose colours are liked, `(h, w, 3) uint8`.
        dabs: colours that a person painted, `(h, w, 4) uint8`, clear where none are; None for none.
    """

    vividness: float = VIVIDNESS
    variant: int = 0
    likeness: float = 0.5
    examples: Sequence[np.ndarray] = field(default=(), repr=False)
    dabs: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What the network says of a picture.

    Attributes:
        logits: of the colours, leaning as was asked, `(h, w, bins) float32`.
        colours: a* and b* that come of them, `(h, w, 2) float32`.
    """

    logits: np.ndarray
    colours: np.ndarray


class Colourer:
    """A network that colours.

    Args:
        preset: what it is loaded from.

    Raises:
        InvalidInput: if it is no such network, or its files are not whole.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset)
        log_prior = loading.place("prior", 0, 0), (len(bins.centres()),)
        self._prior = bins.softmax(*loading.arrays(preset.weights(), [log_prior]))
        self._network = network.load(preset, sizes=_SIZES)

    def colour(self, picture: np.ndarray, how: How, progress: Progress | None = None) -> np.ndarray:
        """Colours a picture by its lightness alone, which stays as it is.

        Args:
            picture: `(H, W, 3) uint8`, or `(H, W, 4)` with transparency, which is kept.
            how: to colour it.
            progress: told of every strip.

        Returns:
            `(H, W, 3 or 4) uint8`.

        Raises:
            Cancelled: if a person stopped it: half of a picture is of no use.
        """
        progress, made = progress or Progress(), picture.copy()
        rgb = np.ascontiguousarray(picture[..., :3])
        answer = self.answer(rgb, how)
        guide = images.fit(rgb, min(upsample.GUIDED, max(rgb.shape[:2])))
        line = upsample.lines(answer.colours, lab.lightness(guide))
        for rows, part in upsample.coloured(rgb, line):
            progress.report(rows.start, len(picture))
            made[rows, :, :3] = part
        progress.report(len(picture), len(picture))
        return made

    def answer(self, picture: np.ndarray, how: How) -> Answer:
        """What the network says of a picture, `(H, W, 3) uint8`, at a quarter of the size that it sees."""
        height, width = _sides(*picture.shape[:2])
        light = lab.lightness(images.resize(picture, height, width))
        told, where = dabs.told(how.dabs, height, width)
        (logits,) = self._network(inputs.stack(light, told, where)[None])
        n = models.SMALLER
        small = light.reshape(height // n, n, -1, n).mean((1, 3))
        leaning = odds.by_chance(how.variant)
        for photo in how.examples:
            shrunk = images.fit(photo, min(SIDE, max(photo.shape[:2])))
            leaning = leaning + how.likeness / len(how.examples) * odds.of_example(shrunk, self._prior)
        vivid = odds.vivid(logits[0], self._prior, self.settings.rebalance, how.vividness)
        leant = odds.leant(vivid, small, leaning)
        return Answer(leant, odds.annealed_mean(leant))


def _sides(height: int, width: int) -> tuple[int, int]:
    """What a picture is shrunk to: about SIDE * SIDE px, sides multiples of what the network takes."""
    scale = SIDE / math.sqrt(height * width)
    rounded = (max(2, round(side * scale / models.TIMES)) * models.TIMES for side in (height, width))
    down, right = rounded
    return down, right


def open(preset: Preset) -> Colourer:
    """The colourer of a preset; kept in memory for the next time. Raises as `Colourer`."""
    return get_or_make(_HELD, preset.key, lambda: Colourer(preset), _MOST_HELD)
