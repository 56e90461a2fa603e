"""Colorizes images of any size with a trained network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from studio.colorize import bins, color_hints, color_logits, hint_spread, inputs, lab, models, upsample
from studio.colorize.settings import VIVIDNESS
from studio.core.imaging import image_io
from studio.core.litert import network
from studio.core.models import loading
from studio.core.models.lru import load_cached
from studio.core.models.presets import Preset
from studio.core.progress import Progress

INPUT_SIDE = 112  # px, approximate side of the network's input, if square
_PREPARED_SIZES = 6  # input sizes that a network is prepared for


@dataclass(frozen=True)
class Options:
    """Options for colorizing.

    Attributes:
        vividness: 0 to 1, see `studio.colorize.color_logits.rebalance`.
        variant: 0 for the most probable colors; other numbers give other colorings.
        likeness: weight of the examples, 0 to 1.
        examples: photos whose colors to follow, `(h, w, 3) uint8`.
        color_hints: colors painted by the user, `(h, w, 4) uint8`, transparent elsewhere; None for none.
    """

    vividness: float = VIVIDNESS
    variant: int = 0
    likeness: float = 0.5
    examples: Sequence[np.ndarray] = field(default=(), repr=False)
    color_hints: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Prediction:
    """The network's prediction for an image.

    Attributes:
        logits: of the colors, adjusted by the options, `(h, w, bins) float32`.
        colors: resulting a* and b*, `(h, w, 2) float32`.
    """

    logits: np.ndarray
    colors: np.ndarray


class Colorizer:
    """A network for colorizing, loaded for inference.

    Args:
        preset: to load it from.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset)
        log_prior = loading.variable_path("prior", 0, 0), (len(bins.centers()),)
        self._prior = bins.softmax(*loading.read_arrays(preset.check_weights(), [log_prior]))
        self._network = network.load(preset, max_shapes=_PREPARED_SIZES)

    def colorize(
        self, image: np.ndarray, options: Options, progress: Progress | None = None
    ) -> tuple[np.ndarray, Prediction]:
        """Colorizes an image from its lightness, which is kept.

        Args:
            image: `(H, W, 3) uint8`, or `(H, W, 4)`, whose alpha channel is kept.
            options: of the coloring.
            progress: receives every strip.

        Returns:
            `(H, W, 3 or 4) uint8`, and the network's prediction.

        Raises:
            Cancelled: if the user stopped the job; no partial result is kept.
        """
        progress, result = progress or Progress(), image.copy()
        rgb = np.ascontiguousarray(image[..., :3])
        prediction = self.predict(rgb, options)
        guide = image_io.fit(rgb, min(upsample.GUIDE_SIDE, max(rgb.shape[:2])))
        line = upsample.fit_lines(prediction.colors, lab.lightness(guide))
        hints = spread_hints(rgb, options.color_hints)
        for rows, strip in upsample.colorize_strips(rgb, line, hints):
            progress.report(rows.start, len(image))
            result[rows, :, :3] = strip
        progress.report(len(image), len(image))
        return result, prediction

    def predict(self, image: np.ndarray, options: Options) -> Prediction:
        """Predicts the colors of an image, `(H, W, 3) uint8`, at a quarter of the network's input size.

        Color hints are not inputs here: the network would carry them far beyond their objects. See
        `studio.colorize.hint_spread`.
        """
        height, width = _choose_input_size(*image.shape[:2])
        lightness = lab.lightness(image_io.resize(image, height, width))
        no_hints = color_hints.make_hint_maps(None, height, width)
        (logits,) = self._network(inputs.stack(lightness, *no_hints)[None])
        stride = models.OUTPUT_STRIDE
        small_lightness = lightness.reshape(height // stride, stride, -1, stride).mean((1, 3))
        bias = color_logits.draw_variant_bias(options.variant)
        for photo in options.examples:
            example = image_io.fit(photo, min(INPUT_SIDE, max(photo.shape[:2])))
            example_bias = color_logits.compute_example_bias(example, self._prior)
            bias = bias + options.likeness / len(options.examples) * example_bias
        rebalanced = color_logits.rebalance(
            logits[0], self._prior, self.settings.rebalance, options.vividness
        )
        biased = color_logits.add_bias(rebalanced, small_lightness, bias)
        return Prediction(biased, color_logits.annealed_mean(biased))


def _choose_input_size(height: int, width: int) -> tuple[int, int]:
    """Returns the network's input size for an image: about INPUT_SIDE ** 2 px, multiples of SIDE_MULTIPLE."""
    scale = INPUT_SIDE / math.sqrt(height * width)
    multiple = models.SIDE_MULTIPLE
    rows, columns = (max(2, round(side * scale / multiple)) * multiple for side in (height, width))
    return rows, columns


def spread_hints(image: np.ndarray, layer: np.ndarray | None) -> hint_spread.Spread | None:
    """Spreads the color hints of a layer, `(h, w, 4) uint8`, over an image; None without any hints."""
    small = image_io.fit(image, min(hint_spread.SIDE, max(image.shape[:2])))
    hints, mask = color_hints.make_hint_maps(layer, *small.shape[:2])
    return hint_spread.spread(lab.lightness(small), hints, mask) if mask.any() else None


def load_colorizer(preset: Preset) -> Colorizer:
    """Loads the network of a preset, cached in memory. Raises like `Colorizer`."""
    return load_cached(Colorizer, preset)
