"""ResNet50 block by block, so that a residual branch can be switched off and its share measured.

Each block adds a branch of three convolutions to what it was given, which passes by over a bridge. Without
the branch only the bridge is left.

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
_BRIDGE = ("0_conv", "0_bn")  # of the first block of a stage, whose map becomes smaller


@dataclass(frozen=True)
class Passed:
    """A photo's way through ResNet50.

    Attributes:
        maps: of each layer that was passed, `(h, w, C) float32`.
        answer: `(1000,) float32`, how likely it finds each of its classes.
        shares: of each block that was passed, how much its branch added against what came over the bridge:
            the ratio of the lengths of both; 0 where it was switched off.
    """

    maps: dict[str, np.ndarray]
    answer: np.ndarray
    shares: dict[str, float]


def through(model: keras.Model, given: np.ndarray) -> Passed:
    """Sends a photo through ResNet50.

    Args:
        model: with its classifier.
        given: `(1, H, W, 3) float32`, preprocessed.
    """
    from keras import ops

    found, stem = ops.convert_to_tensor(given), {}
    for name in _STEM:
        found = _at(model, name, found)
        if name in SPEC.layers:
            stem[name] = np.asarray(found)[0]
    rest = _through_blocks(model, found, BLOCKS, ())
    return Passed({**stem, **rest.maps}, rest.answer, rest.shares)


def without(model: keras.Model, maps: Mapping[str, np.ndarray], off: Collection[str]) -> Passed:
    """The way on from the first branch that is switched off.

    Args:
        maps: of a whole way, as `through` gives them.
        off: at least one block.
    """
    from keras import ops

    first = min(BLOCKS.index(block) for block in off)
    names = list(SPEC.layers)
    before = names[names.index(f"{BLOCKS[first]}_out") - 1]
    return _through_blocks(model, ops.convert_to_tensor(maps[before][None]), BLOCKS[first:], off)


def _through_blocks(model: keras.Model, found: Any, blocks: Sequence[str], off: Collection[str]) -> Passed:
    maps, shares = {}, {}
    for block in blocks:
        found, shares[block] = _block(model, block, found, block in off)
        maps[f"{block}_out"] = np.asarray(found)[0]
    answer = model.get_layer("predictions")(model.get_layer("avg_pool")(found))
    return Passed(maps, np.asarray(answer)[0], shares)


def _block(model: keras.Model, block: str, given: Any, off: bool) -> tuple[Any, float]:
    from keras import ops

    bridge = given
    if _has(model, f"{block}_0_conv"):
        for part in _BRIDGE:
            bridge = _at(model, f"{block}_{part}", bridge)
    if off:
        return ops.relu(bridge), 0.0
    branch = given
    for part in _BRANCH:
        branch = _at(model, f"{block}_{part}", branch)
    share = float(ops.sqrt(ops.sum(branch**2) / (ops.sum(bridge**2) + 1e-9)))
    return ops.relu(bridge + branch), share


def _at(model: keras.Model, name: str, given: Any) -> Any:
    layer = model.get_layer(name)
    return layer(given, training=False) if name.endswith("_bn") else layer(given)


def _has(model: keras.Model, name: str) -> bool:
    return any(layer.name == name for layer in model.layers)
