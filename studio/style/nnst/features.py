"""The matched features: VGG16's first ten convolutions, concatenated at a quarter of the image size."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from studio.core.imaging import tiling
from studio.core.objectives.backbones import Backbone, find_spec
from studio.core.objectives.gradients import compile_function
from studio.core.progress import Progress
from studio.style.nnst.schedule import MAX_WHOLE_SIDE

if TYPE_CHECKING:
    import keras

LAYERS = tuple(name for name in find_spec("vgg16").layers if "conv" in name)[:10]
CHANNELS = tuple(find_spec("vgg16").layers[name] for name in LAYERS)
DEPTH = sum(CHANNELS)  # 2,688
STRIDE = 4  # px of the image per position
SIDE_MULTIPLE = 8  # px: sides must be multiples of it, so that every layer divides evenly
TILE = 512  # px, side of a tile without its halo
HALO = 64  # px, a multiple of SIDE_MULTIPLE above the receptive field radius of conv4_3, resized (57 px)
_MIN_SIDE = 32  # px: smaller images are mirrored, so that the deepest layer has a few positions


def pad(images_01: np.ndarray) -> np.ndarray:
    """Mirrors an image at the right and bottom until its sides suit the network."""
    missing = [
        max(_MIN_SIDE, -(-side // SIDE_MULTIPLE) * SIDE_MULTIPLE) - side for side in images_01.shape[1:3]
    ]
    return np.pad(images_01, ((0, 0), *((0, count) for count in missing), (0, 0)), mode="symmetric")


def crop(images_01: np.ndarray) -> np.ndarray:
    """Crops a painting at the right and bottom until its sides suit the network, without mirroring."""
    height, width = (max(_MIN_SIDE, side // SIDE_MULTIPLE * SIDE_MULTIPLE) for side in images_01.shape[1:3])
    return pad(images_01[:, :height, :width])


def build_extractor(backbone: Backbone) -> keras.Model:
    """Returns a model from `(1, H, W, 3) float32 in [0, 1]` to ten maps `(1, H / 4, W / 4, C) float32`.

    Each layer is resized bilinearly, as in the paper. The layers are not concatenated or divided by their
    number of channels here, because each float32 copy of 2,688 channels takes 180 MB at 512 px.
    """
    return _extend_trunk(backbone.build_extractor(LAYERS))


@lru_cache(maxsize=4)
def _extend_trunk(trunk: keras.Model) -> keras.Model:
    """Adds layers that resize the activations. Returns one model for each trunk."""
    import keras

    maps = [_resize_layer(trunk.output[name], find_spec("vgg16").strides[name]) for name in LAYERS]
    return keras.Model(trunk.input, [keras.layers.Activation("linear", dtype="float32")(m) for m in maps])


def _resize_layer(features, stride: int):
    """Resizes a layer to `STRIDE`. Bilinear sampling at a quarter averages the middle 4 of 16 values."""
    from keras import layers

    if stride == 1:
        features = layers.Cropping2D(1)(features)
        return layers.AveragePooling2D(2, strides=4)(features)
    if stride == 2:
        return layers.AveragePooling2D(2)(features)
    if stride == 8:  # Keras' own bilinear layer needs sizes that are known when the graph is compiled
        return layers.AveragePooling2D(3, strides=1, padding="same")(layers.UpSampling2D(2)(features))
    return features


def split_tiles(height: int, width: int) -> list[tiling.Tile]:
    """Returns the tiles of an image: one up to `MAX_WHOLE_SIDE` px; beyond that, tiles bound memory."""
    is_whole = max(height, width) <= MAX_WHOLE_SIDE
    return tiling.cut_tiles(height, width, MAX_WHOLE_SIDE if is_whole else TILE, 0 if is_whole else HALO)


def inner_slices(tile: tiling.Tile) -> tuple[slice, slice]:
    """Returns the rows and columns of a tile's feature map without its overlap."""
    return tile.rows.inner_slice(STRIDE), tile.columns.inner_slice(STRIDE)


def window_slices(tile: tiling.Tile) -> tuple[slice, slice]:
    """Returns the rows and columns of the image's feature map that a tile covers with its overlap."""
    windows = tile.rows.window, tile.columns.window
    rows, columns = (slice(window.start // STRIDE, window.stop // STRIDE) for window in windows)
    return rows, columns


def map_slices(tile: tiling.Tile) -> tuple[slice, slice]:
    """Returns the rows and columns of the image's feature map that a tile fills."""
    return tile.rows.own_slice(STRIDE), tile.columns.own_slice(STRIDE)


def extract(backbone: Backbone, images_01: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """Extracts the features of an image of any size.

    Args:
        images_01: `(1, H, W, 3) float32 in [0, 1]`; sides are multiples of `SIDE_MULTIPLE`.

    Returns:
        `(H / 4, W / 4, 2688) float16`, which takes half the memory of float32. Each vector has unit length,
        so no value is too small for 16 bits.

    Raises:
        Cancelled: before a tile, if the user stopped the job.
    """
    height, width = images_01.shape[1:3]
    features_map = np.empty((height // STRIDE, width // STRIDE, DEPTH), "float16")
    compute = _compile_unit_extractor(build_extractor(backbone))
    for tile in split_tiles(height, width):
        if progress is not None:
            progress.check()
        features = np.asarray(compute(images_01[:, tile.rows.window, tile.columns.window]))[0]
        rows, columns = inner_slices(tile)
        features_map[map_slices(tile)] = features[rows, columns]
    return features_map


def layer_slices() -> list[slice]:
    """Returns the slice of each layer in the 2,688 channels."""
    ends = np.cumsum(CHANNELS)
    return [slice(int(end) - count, int(end)) for end, count in zip(ends, CHANNELS, strict=True)]


@lru_cache(maxsize=4)
def _compile_unit_extractor(model: keras.Model) -> Callable:
    """Compiles a function from images to features of unit length, in float16."""

    def compute(images_01):
        from keras import ops

        maps = model(images_01)
        norm = feature_norm(maps) + 1e-8
        units = [features / (count * norm) for features, count in zip(maps, CHANNELS, strict=True)]
        return ops.concatenate([ops.cast(unit, "float16") for unit in units], axis=-1)

    return compile_function(compute)


def feature_norm(maps):
    """Returns the lengths of the concatenated features, each layer divided by its number of channels.

    Args:
        maps: of `build_extractor`.

    Returns:
        `(1, h, w, 1) float32`.
    """
    from keras import ops

    lengths = [vector_norm(features) / count for features, count in zip(maps, CHANNELS, strict=True)]
    return ops.sqrt(sum(ops.square(length) for length in lengths))


def vector_norm(vectors):
    """Returns the lengths along the last axis, which is kept. The gradient is finite at 0."""
    from keras import ops

    return ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + 1e-12)
