"""ResNet50 block by block, to switch residual branches off and measure their share.

Each block adds a branch of three convolutions to its input, which passes through a skip connection.

Reference:
    He et al. 2015, Deep Residual Learning for Image Recognition, arXiv:1512.03385. Switching off: Veit et al.
    2016, Residual Networks Behave Like Ensembles of Relatively Shallow Networks, arXiv:1605.06431.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.weights.networks.resnet50 import SPEC
from studio.xray.settings import BLOCKS

if TYPE_CHECKING:
    import keras

_STEM = ("conv1_pad", "conv1_conv", "conv1_bn", "conv1_relu", "pool1_pad", "pool1_pool")
_BRANCH = ("1_conv", "1_bn", "1_relu", "2_conv", "2_bn", "2_relu", "3_conv", "3_bn")
_SHORTCUT = ("0_conv", "0_bn")  # skip connection of a stage's first block, which downsamples


@dataclass(frozen=True)
class ForwardPass:
    """The results of ResNet50 or its last blocks for a photo.

    Attributes:
        maps: of each named layer, `(h, w, C) float32`.
        probabilities: `(1000,) float32`.
        norm_ratios: for each block, the norm of its branch divided by the norm of the skip connection; 0 if
            switched off.
    """

    maps: dict[str, np.ndarray]
    probabilities: np.ndarray
    norm_ratios: dict[str, float]


def forward(model: keras.Model, inputs: np.ndarray) -> ForwardPass:
    """Runs ResNet50 on a photo.

    Args:
        model: with its classifier.
        inputs: `(1, H, W, 3) float32`, preprocessed.
    """
    from keras import ops

    tensor, stem_maps = ops.convert_to_tensor(inputs), {}
    for name in _STEM:
        tensor = model.get_layer(name)(tensor)
        if name in SPEC.layers:
            stem_maps[name] = np.asarray(tensor)[0]
    blocks = _run_blocks(model, tensor, BLOCKS, ())
    return ForwardPass({**stem_maps, **blocks.maps}, blocks.probabilities, blocks.norm_ratios)


def forward_without(model: keras.Model, maps: Mapping[str, np.ndarray], off: Collection[str]) -> ForwardPass:
    """Runs ResNet50 with some branches off, from the first of these blocks on.

    Args:
        model: with its classifier.
        maps: of a full pass, as `forward` returns them.
        off: at least one block.
    """
    from keras import ops

    first = min(BLOCKS.index(block) for block in off)
    names = list(SPEC.layers)
    input_layer = names[names.index(f"{BLOCKS[first]}_out") - 1]
    return _run_blocks(model, ops.convert_to_tensor(maps[input_layer][None]), BLOCKS[first:], off)


def _run_blocks(model: keras.Model, tensor: Any, blocks: Sequence[str], off: Collection[str]) -> ForwardPass:
    """Runs some consecutive blocks and the classifier."""
    maps, norm_ratios = {}, {}
    for block in blocks:
        tensor, norm_ratios[block] = _run_block(model, block, tensor, block in off)
        maps[f"{block}_out"] = np.asarray(tensor)[0]
    probabilities = model.get_layer("predictions")(model.get_layer("avg_pool")(tensor))
    return ForwardPass(maps, np.asarray(probabilities)[0], norm_ratios)


def _run_block(model: keras.Model, block: str, inputs: Any, off: bool) -> tuple[Any, float]:
    """Returns the output of a block, and the norm ratio of its branch; 0 if the branch is off."""
    from keras import ops

    shortcut = inputs
    if block.endswith("_block1"):
        for suffix in _SHORTCUT:
            shortcut = model.get_layer(f"{block}_{suffix}")(shortcut)
    if off:
        return ops.relu(shortcut), 0.0
    branch = inputs
    for suffix in _BRANCH:
        branch = model.get_layer(f"{block}_{suffix}")(branch)
    norm_ratio = float(ops.sqrt(ops.sum(branch**2) / (ops.sum(shortcut**2) + 1e-9)))
    return ops.relu(shortcut + branch), norm_ratio
