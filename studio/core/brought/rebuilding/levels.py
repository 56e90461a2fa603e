"""What numbers a network takes for the levels of a picture: 0 to 255, 0 to 1, or others.

No file says so. A network that scales by itself takes 0 to 255. One that was trained on 0 to 1 and gets 0 to
255 is certain of everything: asked about ordinary photos, more than three quarters of its answers are above
0.999. Of 28 published networks whose levels are known, 15 that take 0 to 1 gave shares of .83 to 1, and 13
that take 0 to 255 gave 0 to .67. Those on -1 to 1 are as certain; given their own levels, they tell photos
apart at least twice as well as given 0 to 1. What a normalisation has kept tells more than either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from studio.core.brought.rebuilding import kept_means
from studio.core.pictures import sample_photos

if TYPE_CHECKING:
    import keras

BYTES, UNIT, SIGNED, CAFFE, TORCH = "0-255", "0-1", "-1-1", "imagenet-caffe", "imagenet-torch"
CHOICES = (BYTES, UNIT, SIGNED, CAFFE, TORCH)
CERTAIN, MOST_CERTAIN = 0.999, 0.75
_FEW, _TIMES = 8, 2.0  # photos of which a normalisation is asked; times as well told apart by -1 to 1
_SCALES = frozenset(
    [
        "Rescaling",
        "Normalization",
        "TrueDivide",
        "Divide",
        "Multiply",
        "Subtract",
        "Add",
        "LayerNormalization",
        "Sub",
    ]
)
# Layers that networks of `keras.applications` have and others hardly do, and what they were trained on.
_BACKBONES = (
    ({"block1_conv1", "block5_conv3"}, "VGG", CAFFE),
    ({"conv1_conv", "conv2_block1_preact_bn"}, "ResNet V2", SIGNED),
    ({"conv1_conv", "conv2_block1_1_conv", "conv1_bn"}, "ResNet", CAFFE),
    ({"conv1", "bn_conv1", "res2a_branch2a"}, "ResNet", CAFFE),
    ({"conv2_block1_0_bn", "pool2_conv"}, "DenseNet", TORCH),
    ({"Conv1", "bn_Conv1", "expanded_conv_depthwise"}, "MobileNetV2", SIGNED),
    ({"conv_dw_1", "conv_pw_1"}, "MobileNet", SIGNED),
    ({"mixed0", "mixed10"}, "InceptionV3", SIGNED),
    ({"block2_sepconv1", "block14_sepconv2"}, "Xception", SIGNED),
)


class Found(NamedTuple):
    """The levels, why, and the share of certain answers at 0 to 255 (None where it was not asked)."""

    levels: str
    why: str
    certain: float | None = None


def found(
    network: keras.Model,
    teachable: bool,
    height: int,
    width: int,
    answers: Callable[[np.ndarray], np.ndarray],
    told: str = "",
) -> Found:
    """The levels that a network takes.

    Args:
        network: it.
        teachable: whether Teachable Machine made it.
        height, width: of its pictures, in px.
        answers: `(n, height, width, 3) float32`, levels from 0 to 255 -> `(n, k)` shares in [0, 1].
        told: what its file says; "" for nothing.
    """
    if told in CHOICES:
        return Found(told, "its metadata.json says so")
    if teachable:
        return Found(SIGNED, "Teachable Machine made it, whose networks all take -1 to 1")
    if scale := _scaled_by(network):
        return Found(BYTES, f"it scales them by itself ({scale})")
    seen = photos(height, width)
    names = {layer.name for layer in _steps(network)}
    backbone = next((one for one in _BACKBONES if one[0] <= names), None)
    kept = kept_means.levels(network, _steps(network), answers, _views(seen[:: len(seen) // _FEW]))
    # A backbone that was only borrowed has kept ImageNet's, whatever the rest was taught on.
    if kept and not (backbone and kept == backbone[2]):
        return Found(kept, f"the means that its first normalisation has kept are those of {kept}")
    rows = answers(seen)
    top = np.maximum(rows.max(axis=1), 1 - rows.min(axis=1) if rows.shape[1] <= 2 else 0)
    certain = float((top > CERTAIN).mean())
    told = f"given 0 to 255, it is certain of {certain:.0%} of ordinary photos"
    if certain > MOST_CERTAIN:
        doubt = f"; as a {backbone[1]} it may take {backbone[2]} instead" if backbone else ""
        apart, signed = (_told_apart(answers(view)) for view in (seen / 255, seen / 127.5 - 1))
        if signed >= _TIMES * apart:
            better = (
                f"it tells them apart {signed / max(apart, 1e-9):.1f} times as well given -1 to 1 as 0 to 1"
            )
            return Found(SIGNED, f"{told}, and {better}{doubt}", certain)
        return Found(UNIT, f"{told}, so it was trained on 0 to 1{doubt}", certain)
    if backbone:
        why = f"it has a {backbone[1]} that learnt on ImageNet's levels in that way, and {told}"
        return Found(backbone[2], why, certain)
    return Found(BYTES, f"{told}, so it was trained on 0 to 255", certain)


def _views(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Photos of levels from 0 to 255, as each of `CHOICES` has them."""
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return {
        BYTES: pictures,
        UNIT: pictures / 255,
        SIGNED: pictures / 127.5 - 1,
        CAFFE: pictures[..., ::-1] - np.array([103.939, 116.779, 123.68]),
        TORCH: (pictures / 255 - mean) / spread,
    }


def _told_apart(rows: np.ndarray) -> float:
    """How much answers differ by picture: their mutual information with the pictures, in nats."""
    rows = np.concatenate([1 - rows, rows], axis=1) if rows.shape[1] == 1 else rows
    rows = np.clip(rows, 1e-12, 1)
    rows = rows / rows.sum(axis=1, keepdims=True)
    mean = rows.mean(axis=0)
    return float((rows * np.log(rows)).sum(axis=1).mean() - (mean * np.log(mean)).sum())


def photos(height: int, width: int) -> np.ndarray:
    """Two dozen ordinary views: `(24, height, width, 3) float32`, levels from 0 to 255."""
    views = []
    for one in sample_photos.photos():
        picture = Image.fromarray(sample_photos.photo(one))
        wide, tall = picture.size
        boxes = [
            (0, 0, wide, tall),
            (wide // 8, 0, wide * 5 // 8, tall // 2),
            (wide // 3, tall // 3, wide, tall),
            (wide // 4, tall // 4, wide * 3 // 4, tall * 3 // 4),
        ]
        views += [picture.resize((width, height), Image.Resampling.BILINEAR, box) for box in boxes]
    return np.stack([np.asarray(view.convert("RGB"), "float32") for view in views])


def _scaled_by(network: keras.Model) -> str:
    """What scales the levels before the first layer that has learnt; "" for nothing."""
    for step in _steps(network):
        name = type(step).__name__
        if name in _SCALES:
            return name
        if name == "BatchNormalization":
            large = float(np.abs(np.asarray(step.moving_mean)).max()) > 2.0
            return name if large else ""
        if getattr(step, "weights", None):
            return ""
    return ""


def _steps(network: Any) -> Iterator[Any]:
    """Its layers and operations from the input on, and those of the networks in it."""
    for step in getattr(network, "operations", None) or network.layers:
        if hasattr(step, "layers"):
            yield from _steps(step)
        else:
            yield step
