"""What numbers a network takes for the levels of a picture: 0 to 255, 0 to 1, or others.

No file says so. A network that scales by itself takes 0 to 255. Otherwise, in this order:

1. A normalisation has kept the mean and the spread of what it learnt from: those of the right levels fit.
2. A network that learnt ends with logits of about 1 to 10, whatever its levels. Given levels 255 times too
   large, or too small, so are they. Of 0 to 255 and 0 to 1, that is right whose logits are nearer `USUAL`.
3. Of 0 to 1 and -1 to 1, which are alike in size, the right one tells ordinary photos apart better.
   Few people use -1 to 1, so that it has to do so twice as well.

How often that is right is in `benchmarks/README.md`. Where the evidence is weak, the reason says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from studio.core.brought.rebuilding import building, kept_means, logits
from studio.core.pictures import sample_photos

if TYPE_CHECKING:
    import keras

BYTES, UNIT, SIGNED, CAFFE, TORCH = "0-255", "0-1", "-1-1", "imagenet-caffe", "imagenet-torch"
CHOICES = (BYTES, UNIT, SIGNED, CAFFE, TORCH)
CERTAIN = 0.999
USUAL = 3.3  # size of logits, between those that networks of 0 to 1 and of 0 to 255 give on the whole
TIMES = 2.0  # as well as 0 to 1 has -1 to 1 to tell photos apart, which few people use
_FEW = 8  # photos of which a normalisation is asked
_CLEAR_SIZE, _CLEAR_TIMES = 1.6, 1.6  # times off a threshold, within which it is a close call
_CLOSE = "; this is a close call, so compare the levels on a picture of yours"
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
    shares: Callable[[np.ndarray], np.ndarray],
    told: str = "",
    grey: bool = False,
) -> Found:
    """The levels that a network takes.

    Args:
        network: it.
        teachable: whether Teachable Machine made it.
        height, width: of its pictures, in px.
        answers: `(n, height, width, 3) float32`, levels from 0 to 255 -> `(n, k)` logits.
        shares: `(n, k)` logits -> the shares in [0, 1] that they stand for.
        told: what its file says; "" for nothing.
        grey: whether it takes no colours, so that ImageNet's ways are none for it.
    """
    if told in CHOICES:
        return Found(told, "its metadata.json says so")
    if teachable:
        return Found(SIGNED, "Teachable Machine made it, whose networks all take -1 to 1")
    if scale := _scaled_by(network):
        return Found(BYTES, f"it scales them by itself ({scale})")
    seen = photos(height, width)
    names = {layer.name for layer in building.steps(network)}
    backbone = next((one for one in _BACKBONES if one[0] <= names), None)
    views = _views(seen[:: len(seen) // _FEW], grey)
    kept = kept_means.levels(network, building.steps(network), answers, views, rare=(CAFFE, TORCH))
    # A backbone that was only borrowed has kept ImageNet's, whatever the rest was taught on.
    if kept and not (backbone and kept.levels == backbone[2]):
        close = "" if kept.clear else _CLOSE
        return Found(
            kept.levels, f"the means that its first normalisation has kept are those of {kept.levels}{close}"
        )
    return _by_answers(seen, answers, shares, backbone)


def _by_answers(
    seen: np.ndarray,
    answers: Callable[[np.ndarray], np.ndarray],
    shares: Callable[[np.ndarray], np.ndarray],
    backbone: tuple[set[str], str, str] | None,
) -> Found:
    """Which levels make answers of a usual size, and then, which tell photos apart."""
    rows = {BYTES: answers(seen), UNIT: answers(seen / 255)}
    sure = shares(rows[BYTES])
    top = np.maximum(sure.max(axis=1), 1 - sure.min(axis=1) if sure.shape[1] <= 2 else 0)
    certain = float((top > CERTAIN).mean())
    large, small = (max(logits.size(rows[name]), 1e-9) for name in (BYTES, UNIT))
    off = np.sqrt(large * small) / USUAL
    why = f"its logits are about {_short(large)} given 0 to 255 and {_short(small)} given 0 to 1, "
    doubt = f"; as a {backbone[1]} it may take {backbone[2]} instead" if backbone else ""
    close = "" if max(off, 1 / off) > _CLEAR_SIZE else _CLOSE
    if off <= 1 and backbone:
        told = f"it has a {backbone[1]} that learnt on ImageNet's levels in that way, and {why}not too large"
        return Found(backbone[2], told + close, certain)
    if off <= 1:
        return Found(BYTES, f"{why}and those of trained networks about 1 to 10{close}", certain)
    apart, signed = (logits.told_apart(shares(one)) for one in (rows[UNIT], answers(seen / 127.5 - 1)))
    times = max(signed, 1e-9) / max(apart, 1e-9)
    close = close or ("" if max(times / TIMES, TIMES / times) > _CLEAR_TIMES else _CLOSE)
    if times >= TIMES:
        told = f"{why}too large for 0 to 255, and it tells photos apart {_short(times)} times as well"
        return Found(SIGNED, f"{told} given -1 to 1 as 0 to 1{doubt}{close}", certain)
    return Found(UNIT, f"{why}and those of trained networks about 1 to 10{doubt}{close}", certain)


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _views(pictures: np.ndarray, grey: bool = False) -> dict[str, np.ndarray]:
    """Photos of levels from 0 to 255, as each of `CHOICES` has them; without ImageNet's ways if `grey`."""
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    views = {BYTES: pictures, UNIT: pictures / 255, SIGNED: pictures / 127.5 - 1}
    if grey:
        return views
    return views | {
        CAFFE: pictures[..., ::-1] - np.array([103.939, 116.779, 123.68]),
        TORCH: (pictures / 255 - mean) / spread,
    }


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
    for step in building.steps(network):
        name = type(step).__name__
        if name in _SCALES:
            return name
        if name == "BatchNormalization":
            large = float(np.abs(np.asarray(step.moving_mean)).max()) > 2.0
            return name if large else ""
        if getattr(step, "weights", None):
            return ""
    return ""
