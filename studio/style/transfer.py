"""Style transfer on plain arrays: the Python face of this capability."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.models.presets import Preset
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.tasks import imported
from studio.style import adain, instant, masks
from studio.style.house import known_styles
from studio.style.nnst.measure import style_distance
from studio.style.nnst.optimize import optimize
from studio.style.nnst.schedule import first_look
from studio.style.scene import Scene
from studio.style.settings import TransferSettings

# By name: no capability imports another.
ENLARGED, ENLARGED_BY = "studio.enhance.enlarge:to_size", "studio.enhance.enlarge:weights"


@dataclass(frozen=True)
class Painted:
    """A painted image.

    Attributes:
        image: `(H, W, 3) uint8`.
        figures: seconds; of an optimized one also the steps and the final loss.
        matches: of an optimized one, for each style `(h, w, 2) float32 in [0, 1]`: y and x in the style of
            the place that each place of the photo was matched to.
        weights: SHA-256 of the weights that took part, by name.
        stopped_early: whether a user cancelled, and this is the best so far.
    """

    image: np.ndarray
    figures: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    matches: list[np.ndarray] = field(default_factory=list)
    stopped_early: bool = False


def transfer(
    content: np.ndarray,
    styles: Sequence[np.ndarray] = (),
    settings: TransferSettings | None = None,
    style_masks: Sequence[np.ndarray] = (),
    progress: Progress | None = None,
    network: Preset | None = None,
) -> Painted:
    """Paints an image in the look of one to four others, or in house styles that the settings name.

    Args:
        content: `(H, W, 3) uint8`.
        styles: one to four such images, each of its own size; none with house styles.
        settings: None for the defaults, which give an instant result.
        style_masks: none, or one `(h, w, 3) uint8` a style, white where it goes; a style of less weight than
            another then leaves more of the photo in its place.
        progress: a draft or fine one shows the instant result first, then grows from it.
        network: that knows the house styles; None for the one that the settings name.

    Raises:
        StudioError: for inputs that do not go together, or weights that cannot be had.
        Cancelled: if a user stopped it before there was anything to show.

    Reference:
        Huang and Belongie 2017, arXiv:1703.06868; Kolkin et al. 2022, arXiv:2203.13215; house styles:
        Dumoulin et al. 2017, arXiv:1610.07629.
    """
    settings, progress = settings or TransferSettings(), progress or Progress()
    scene = Scene(content, styles, style_masks, settings)
    if settings.house:
        return _by_house(scene, network or known_styles.network_of(settings, {}))
    if not settings.strength:  # the network would blur it
        return Painted(scene.finished(scene.content_01(settings.size)), {"seconds": 0.0}, {})
    networks = adain.load(progress)
    began = time.monotonic()
    progress.stage("First look")
    # Stopping here leaves the instant result with a recipe of its own.
    plain = Scene(content, styles, style_masks, settings.model_copy(update={"mode": "instant"}))
    first_image = plain.finished(instant.paint(plain, networks, first_look(settings)))
    weights = {"adain": networks.digest}
    if not settings.optimizes:
        return Painted(first_image, {"seconds": time.monotonic() - began}, weights)
    try:
        progress.report(0, 0, preview=lambda: first_image, text="First look")
        vgg16 = backbones.load("vgg16", progress)
    except Cancelled:  # the first look is the best so far
        return Painted(first_image, {"seconds": time.monotonic() - began}, weights, [], True)
    best = optimize(scene, vgg16, progress)
    image, enlarged_by = _at_full_size(scene, best.images_01) if best.steps else (first_image, {})
    if best.cancelled and not (best.steps and _is_closer(vgg16, image, first_image, scene)):
        return Painted(first_image, {"seconds": time.monotonic() - began}, weights, [], True)
    figures = {"seconds": time.monotonic() - began, "steps": best.steps, **best.losses}
    weights = {"vgg16": vgg16.digest, **enlarged_by}
    return Painted(image, figures, weights, best.matches, best.cancelled)


def _at_full_size(scene: Scene, images_01: np.ndarray) -> tuple[np.ndarray, dict[str, str]]:
    """A result, `(1, h, w, 3) float32`, enlarged if need be, and the weights that enlarged it."""
    height, width = scene.shape(scene.settings.size)[1:3]
    if images_01.shape[1:3] == (height, width):
        return scene.finished(images_01), {}
    large = imported(ENLARGED)(image_io.to_uint8(images_01), height, width)
    return scene.finished(image_io.to_01(large)), imported(ENLARGED_BY)()


def _is_closer(vgg16: Backbone, image: np.ndarray, first: np.ndarray, scene: Scene) -> bool:
    """Whether an image, `(H, W, 3) uint8`, has less style distance than the first look.

    Structure does not count: of a result and the same one less painted, it would prefer the latter.
    """

    def distance(result: np.ndarray) -> float:
        each = zip(scene.styles, scene.shares, strict=True)
        return sum(share * style_distance(vgg16, result, style) for style, share in each)

    return distance(image) < distance(first)


def _by_house(scene: Scene, network: Preset) -> Painted:
    """Paints in house styles, in one pass of the network that knows them."""
    from studio.style.house import paint

    began = time.monotonic()
    places, painter = known_styles.indices(network, scene.settings.house), paint.open(network)
    content_01, strength = scene.content_01(scene.settings.size), scene.settings.strength
    if scene.masks:
        shares = masks.shares(scene.masks_at(*content_01.shape[1:3]))
        each = (painter.paint(content_01, [place], [1.0]) for place in places)
        painted = sum(share * one for share, one in zip(shares, each, strict=True))
    else:
        painted = painter.paint(content_01, places, scene.shares)
    mixed = content_01 + strength * (painted - content_01)
    return Painted(
        scene.finished(mixed), {"seconds": time.monotonic() - began}, {network.name: network.digest}
    )
