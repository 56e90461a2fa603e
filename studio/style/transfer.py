"""Style transfer on plain arrays: the Python API."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.masks import selection, task_masks
from studio.core.models.presets import Preset
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.tasks import import_object
from studio.style import adain
from studio.style.house import known_styles
from studio.style.nnst.measure import measure_style_distance
from studio.style.nnst.optimize import optimize
from studio.style.nnst.schedule import first_look_size
from studio.style.scene import Scene
from studio.style.settings import TransferSettings

# Imported by name, because no capability imports another.
UPSCALE = "studio.enhance.enlarge:enlarge_to_size"
UPSCALE_WEIGHTS = "studio.enhance.enlarge:weight_digests"


@dataclass(frozen=True)
class TransferResult:
    """A stylized image.

    Attributes:
        image: `(H, W, 3) uint8`.
        figures: seconds; for an optimized result also the steps and the final loss.
        weights: SHA-256 of the weights used, by name.
        matches: for an optimized result, one `(h, w, 2) float32 in [0, 1]` per style: y and x of the position
            in the style that each position of the photo was matched to.
        stopped_early: whether the user stopped it and this is the best result so far.
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
) -> TransferResult:
    """Applies the style of one to four images, or house styles named in the settings, to an image.

    Args:
        content: `(H, W, 3) uint8`.
        styles: one to four such images of any size; none with house styles.
        settings: None for the defaults, which give an instant result.
        style_masks: none, or one `(h, w, 3) uint8` per style, white where the style applies; a style with a
            lower weight than another leaves more of the photo inside its mask. The settings can name
            selections instead.
        progress: draft and fine modes report the instant result first, then every step.
        network: network of the house styles; None for the one that the settings name.

    Raises:
        StudioError: if the inputs do not fit together or weights cannot be loaded.
        Cancelled: if the user stopped before there was a result.

    Reference:
        Huang and Belongie 2017, arXiv:1703.06868; Kolkin et al. 2022, arXiv:2203.13215; house styles:
        Dumoulin et al. 2017, arXiv:1610.07629.
    """
    settings, progress = settings or TransferSettings(), progress or Progress()
    prepared = task_masks.prepare(style_masks, settings, content, progress)
    faces, weights = None, prepared.weights
    if settings.preserve_faces:
        faces = selection.select(content, "face", allow_empty=True, progress=progress)
        weights = weights | selection.read_digests("face")
    scene = Scene(content, styles, prepared.arrays, settings, faces)
    result = _transfer(scene, progress, network)
    notes = {} if faces is None or faces.any() else {"notes": ["No face found, so none was preserved."]}
    return replace(result, figures=result.figures | notes, weights=result.weights | weights)


def _transfer(scene: Scene, progress: Progress, network: Preset | None) -> TransferResult:
    """Stylizes a scene; `network` is that of its house styles, see `transfer`."""
    settings = scene.settings
    if settings.house:
        return _apply_house_styles(scene, network or known_styles.find_network(settings, {}))
    if not settings.strength:  # skip the network, which would blur the photo
        return TransferResult(scene.finish(scene.resize_content(settings.size)), {"seconds": 0.0}, {})
    networks = adain.load(progress)
    start_time = time.monotonic()
    progress.report_stage("First look")
    # If the user stops here, the instant result is kept with its own recipe.
    first_image = scene.finish(adain.stylize(scene, networks, first_look_size(settings)), is_instant=True)
    first_look = TransferResult(
        first_image, {"seconds": time.monotonic() - start_time}, {"adain": networks.digest}
    )
    if not settings.optimizes:
        return first_look
    stopped_result = replace(first_look, stopped_early=True)
    try:
        progress.report(0, 0, preview=lambda: first_image, text="First look")
        vgg16 = backbones.load("vgg16", progress)
    except Cancelled:
        return stopped_result
    optimized = optimize(scene, vgg16, progress)
    if not optimized.steps:
        return stopped_result
    image, upscaler = _enlarge_to_full_size(scene, optimized.images_01)
    if optimized.cancelled and not _is_closer_to_styles(vgg16, image, first_image, scene):
        return stopped_result
    figures = {"seconds": time.monotonic() - start_time, "steps": optimized.steps, **optimized.losses}
    weights = {"vgg16": vgg16.digest, **upscaler}
    return TransferResult(image, figures, weights, optimized.matches, optimized.cancelled)


def _enlarge_to_full_size(scene: Scene, images_01: np.ndarray) -> tuple[np.ndarray, dict[str, str]]:
    """Returns a result, `(1, h, w, 3) float32`, at its full size, and the SHA-256 of the upscaler if used."""
    height, width = scene.shape_at(scene.settings.size)[1:3]
    if images_01.shape[1:3] == (height, width):
        return scene.finish(images_01), {}
    large = import_object(UPSCALE)(image_io.to_uint8(images_01), height, width)
    return scene.finish(image_io.to_01(large)), import_object(UPSCALE_WEIGHTS)()


def _is_closer_to_styles(vgg16: Backbone, image: np.ndarray, first_image: np.ndarray, scene: Scene) -> bool:
    """Tells whether an image, `(H, W, 3) uint8`, has a lower style distance than the first look.

    Structure is left out: it would always favor the less stylized image.
    """

    def measure_distance(result: np.ndarray) -> float:
        pairs = zip(scene.styles, scene.shares, strict=True)
        return sum(share * measure_style_distance(vgg16, result, style) for style, share in pairs)

    return measure_distance(image) < measure_distance(first_image)


def _apply_house_styles(scene: Scene, network: Preset) -> TransferResult:
    """Applies house styles in one pass of their network."""
    from studio.style.house import paint

    start_time = time.monotonic()
    indices, styler = known_styles.find_indices(network, scene.settings.house), paint.load_network(network)
    content_01, strength = scene.resize_content(scene.settings.size), scene.settings.strength
    if scene.masks:
        shares = scene.compute_shares(*content_01.shape[1:3])
        images = (styler.paint(content_01, [index], [1.0]) for index in indices)
        result = sum(share[..., None] * image for share, image in zip(shares, images, strict=True))
    else:
        result = styler.paint(content_01, indices, scene.shares)
    blend = content_01 + strength * (result - content_01)
    return TransferResult(
        scene.finish(blend), {"seconds": time.monotonic() - start_time}, {network.name: network.digest}
    )
