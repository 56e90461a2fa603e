"""The activations of a network for a photo; the last two are cached."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from studio.core.files import File
from studio.core.imaging import image_io
from studio.core.models.lru import get_or_make
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.xray import residual

INPUT_KEY = ""  # key of the network's preprocessed input among the maps
_MAX_CACHED = 2  # of up to 120 MB each
_CACHE: dict[str, Activations] = {}


@dataclass(frozen=True)
class Activations:
    """The activations of a network for a photo.

    Attributes:
        photo: `(H, W, 3) uint8`, the resized photo.
        maps: feature maps by layer, and the preprocessed input by INPUT_KEY, `(h, w, C) float32`.
        probabilities: `(1000,)` with ResNet50, otherwise None.
        norm_ratios: with ResNet50, see `studio.xray.residual.ForwardPass`.
        weights: SHA-256 of the weights, by name.
    """

    photo: np.ndarray
    maps: Mapping[str, np.ndarray]
    probabilities: np.ndarray | None
    norm_ratios: Mapping[str, float]
    weights: dict[str, str]


def compute(
    photo: File, backbone: str, size: int, off: Collection[str] = (), progress: Progress | None = None
) -> Activations:
    """Returns the activations for a photo, from memory or newly computed.

    Args:
        photo: an image file.
        backbone: name of the network.
        size: longer side of the input in px.
        off: residual branches to switch off.
        progress: receives downloads of weights.

    Raises:
        StudioError: if the photo cannot be read, or the weights cannot be loaded.
    """
    network = backbones.load(backbone, progress)
    key = f"{photo.digest} {network.digest} {size}"
    activations = get_or_make(_CACHE, key, lambda: _run_network(photo, network, size, progress), _MAX_CACHED)
    return _ablate(activations, off, progress) if off else activations


def resize_photo(photo: File, backbone: str, size: int) -> np.ndarray:
    """Returns the resized photo, `(H, W, 3) uint8`; no side is below the network's minimum."""
    small = image_io.fit(image_io.read(photo.read(), photo.name), size)
    min_side = backbones.find_spec(backbone).min_side
    height, width = (max(side, min_side) for side in small.shape[:2])
    return small if small.shape[:2] == (height, width) else image_io.resize(small, height, width)


def _run_network(
    photo: File, network: backbones.Backbone, size: int, progress: Progress | None
) -> Activations:
    """Runs a network on a photo; ResNet50 block by block, with its classifier."""
    image = resize_photo(photo, network.spec.name, size)
    images_01, weights = image_io.to_01(image), {network.spec.name: network.digest}
    inputs = np.asarray(network.spec.preprocessing(images_01))
    if network.spec.name == "resnet50":
        model = pretrained.load("resnet50", progress, network.digest).model
        forward_pass = residual.forward(model, inputs)
        maps = {INPUT_KEY: inputs[0], **forward_pass.maps}
        return Activations(image, maps, forward_pass.probabilities, forward_pass.norm_ratios, weights)
    features = network.build_extractor(tuple(network.spec.layers))(images_01)
    maps = {INPUT_KEY: inputs[0]} | {
        name: np.asarray(feature_map)[0] for name, feature_map in features.items()
    }
    return Activations(image, maps, None, {}, weights)


def _ablate(activations: Activations, off: Collection[str], progress: Progress | None) -> Activations:
    """Returns the activations without some branches; those before the first branch are reused."""
    model = pretrained.load("resnet50", progress, activations.weights["resnet50"]).model
    forward_pass = residual.forward_without(model, activations.maps, off)
    return Activations(
        activations.photo,
        {**activations.maps, **forward_pass.maps},
        forward_pass.probabilities,
        forward_pass.norm_ratios,
        activations.weights,
    )
