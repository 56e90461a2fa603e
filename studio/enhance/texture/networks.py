"""The networks of Real-ESRGAN, which upscale four times.

Both were trained with an adversarial loss on images that were blurred, downscaled, made noisy and compressed
at random (Wang et al. 2021, arXiv:2107.10833). The one for photos is RRDBNet, whose residual blocks are dense
(Wang et al. 2018, arXiv:1809.00219). The one for videos was trained on animation. It is a chain of
convolutions that ends with a sub-pixel convolution (Shi et al. 2016, arXiv:1609.05158).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.errors import InvalidInput
from studio.enhance.settings import TEXTURE_SCALE as SCALE
from studio.enhance.texture import ncnn

if TYPE_CHECKING:
    import keras

TRUNK, TAIL = "trunk", "tail"  # names of the two parts of a network
_CHANNELS = 64
_GROWTH = 32  # channels that each convolution of a dense block adds
_RESIDUAL_BLOCKS, _DENSE_BLOCKS = 23, 3  # residual blocks, and dense blocks in each of them
_RESIDUAL_SHARE = 0.2
_VIDEO_CONVS = 17  # convolutions before the last


def build_photo_network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds RealESRGAN_x4plus as one model, which one file stores: `[image, features] -> [features, image]`.

    Its layer "trunk" maps `(B, H, W, 3) float32 in [0, 1]` to `(B, H, W, 64)`, its layer "tail" these to
    `(B, 4 H, 4 W, 3)`, not clipped. They are apart because the tail needs far more memory, and can work in
    smaller tiles.

    Args:
        members: the `.param` and the `.bin` file by name; None for random weights.

    Raises:
        InvalidInput: if they are damaged, or those of another network.
    """
    from keras import Input, Model, layers

    image, features = Input((None, None, 3)), Input((None, None, _CHANNELS))
    maps = first = _apply_conv(image)
    for _ in range(_RESIDUAL_BLOCKS):
        block_input = maps
        for _ in range(_DENSE_BLOCKS):
            maps = _apply_dense_block(maps)
        maps = block_input + _RESIDUAL_SHARE * maps
    trunk = Model(image, first + _apply_conv(maps), name=TRUNK)
    maps = features
    for _ in range(2):
        maps = _apply_conv(layers.UpSampling2D(2)(maps), activation="leaky_relu")
    maps = _apply_conv(maps, activation="leaky_relu")
    tail = Model(features, _apply_conv(maps, 3), name=TAIL)
    return _join(trunk, tail, _read_arrays(members) if members else None)


def build_video_network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds realesr-animevideov3. Arguments, parts and errors are those of `build_photo_network`.

    Its features are the channels of sub-pixel convolution, `(B, H, W, 48)`, to which the image is added.
    """
    from keras import Input, Model, layers, ops

    image, features = Input((None, None, 3)), Input((None, None, 3 * SCALE**2))
    maps = image
    for _ in range(_VIDEO_CONVS):
        maps = layers.PReLU(shared_axes=[1, 2])(_apply_conv(maps))
    maps = _apply_conv(maps, 3 * SCALE**2) + ops.tile(image, (1, 1, 1, SCALE**2))
    trunk = Model(image, maps, name=TRUNK)
    tail = Model(features, ops.depth_to_space(features, SCALE), name=TAIL)
    if not members:
        return _join(trunk, tail, None)
    arrays = _read_arrays(members)
    return _join(trunk, tail, [*arrays[:-2], *map(_reorder_shuffled_channels, arrays[-2:])])


def _join(trunk: keras.Model, tail: keras.Model, arrays: list[np.ndarray] | None) -> keras.Model:
    """Returns both parts as one model; sets their weights, in the order of their layers, unless None."""
    from keras import Input, Model

    inputs = [Input(part.input_shape[1:]) for part in (trunk, tail)]
    model = Model(inputs, [trunk(inputs[0]), tail(inputs[1])])
    if arrays is not None:
        weights = [*trunk.weights, *tail.weights]
        if [array.size for array in arrays] != [int(np.prod(weight.shape)) for weight in weights]:
            raise InvalidInput("The ncnn files are those of another network. Fetch them again.")
        for weight, array in zip(weights, arrays, strict=True):
            weight.assign(array.reshape(weight.shape))
    return model


def _apply_conv(maps: Any, channels: int = _CHANNELS, activation: str | None = None) -> Any:
    from keras import layers

    return layers.Conv2D(channels, 3, padding="same", activation=activation)(maps)


def _apply_dense_block(maps: Any) -> Any:
    """Applies a residual dense block, `(B, H, W, 64)` -> `(B, H, W, 64)`."""
    from keras import layers

    features = maps
    for _ in range(4):
        new = _apply_conv(features, _GROWTH, "leaky_relu")  # with the slope 0.2, as in the paper
        features = layers.Concatenate()([features, new])
    return maps + _RESIDUAL_SHARE * _apply_conv(features)


def _read_arrays(members: Mapping[str, bytes]) -> list[np.ndarray]:
    """Reads the arrays of a network from its `.param` and its `.bin` file."""
    by_suffix = {name.rpartition(".")[2]: data for name, data in members.items()}
    return [array for layer in ncnn.read(by_suffix["param"], by_suffix["bin"]) for array in layer]


def _reorder_shuffled_channels(array: np.ndarray) -> np.ndarray:
    """Reorders the channels, which are the last axis, from PyTorch's pixel shuffle to depth-to-space."""
    colors_first = array.reshape(*array.shape[:-1], 3, SCALE**2)
    return np.ascontiguousarray(colors_first.swapaxes(-1, -2)).reshape(array.shape)
