"""What the layers of a network make of a photo; kept for the last two, so that only another takes a pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from studio.core.files import File
from studio.core.imaging import image_io
from studio.core.models.recently_used import get_or_make
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.xray import residual

PHOTO = ""  # among the maps, the photo itself as the network is given it
_MOST = 2  # of up to 120 MB each
_SEEN: dict[str, Seen] = {}


@dataclass(frozen=True)
class Seen:
    """What a network makes of a photo.

    Attributes:
        photo: `(H, W, 3) uint8`, as the network saw it.
        maps: of each layer of its spec and of PHOTO, `(h, w, C) float32`.
        answer: `(1000,)` of ResNet50, None of others.
        shares: of ResNet50, see `studio.xray.residual.Passed`.
        weights: SHA-256 of the weights that took part, by name.
    """

    photo: np.ndarray
    maps: Mapping[str, np.ndarray]
    answer: np.ndarray | None
    shares: Mapping[str, float]
    weights: dict[str, str]


def seen(
    photo: File, backbone: str, size: int, off: Collection[str] = (), progress: Progress | None = None
) -> Seen:
    """What a network makes of a photo, computed now unless this process still holds it.

    Args:
        size: the longer side in px at which the network looks.
        off: residual branches that are left out.

    Raises:
        StudioError: if the photo cannot be read, or the weights cannot be had.
    """
    known = backbones.load(backbone, progress)
    name = f"{photo.digest} {known.digest} {size}"
    found = get_or_make(_SEEN, name, lambda: _look(photo, known, size, progress), _MOST)
    return _without(found, off, progress) if off else found


def shown_at(photo: File, backbone: str, size: int) -> np.ndarray:
    """The photo as a network looks at it, `(H, W, 3) uint8`: no side is smaller than the network takes."""
    small = image_io.fit(image_io.read(photo.read(), photo.name), size)
    least = backbones.spec(backbone).least
    height, width = (max(side, least) for side in small.shape[:2])
    return small if small.shape[:2] == (height, width) else image_io.resize(small, height, width)


def _look(photo: File, known: backbones.Backbone, size: int, progress: Progress | None) -> Seen:
    image = shown_at(photo, known.spec.name, size)
    images_01, weights = image_io.to_01(image), {known.spec.name: known.digest}
    given = np.asarray(known.spec.preprocessing(images_01))
    if known.spec.name == "resnet50":
        whole = pretrained.load("resnet50", progress, known.digest).model
        passed = residual.through(whole, given)
        maps = {PHOTO: given[0], **passed.maps}
        return Seen(image, maps, passed.answer, passed.shares, weights)
    found = known.features(tuple(known.spec.layers))(images_01)
    maps = {PHOTO: given[0]} | {name: np.asarray(one)[0] for name, one in found.items()}
    return Seen(image, maps, None, {}, weights)


def _without(found: Seen, off: Collection[str], progress: Progress | None) -> Seen:
    """The same without some branches; what comes before the first of them is as it was."""
    whole = pretrained.load("resnet50", progress, found.weights["resnet50"]).model
    passed = residual.without(whole, found.maps, off)
    return Seen(found.photo, {**found.maps, **passed.maps}, passed.answer, passed.shares, found.weights)
