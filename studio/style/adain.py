"""AdaIN: any style in one pass, by moving feature statistics between an encoder and a decoder.

Reference:
    Huang and Belongie 2017, arXiv:1703.06868.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from studio.core.imaging import tiling
from studio.core.progress import Progress
from studio.core.untrusted import checkpoints
from studio.core.weights import pretrained
from studio.style.scene import Scene

if TYPE_CHECKING:
    import keras

STRIDE = 8  # pixels of the image per position of the features
_MIN_SIDE = 2 * STRIDE  # px; the deepest layer cannot reflect anything smaller
_TILE_SIDE = 768  # px per side processed at once, which bounds memory
_TILE_OVERLAP = 32  # px, a multiple of STRIDE: the receptive field of both networks extends 30 px
_EPSILON = 1e-5

# Keys of the checkpoints with their channels; P halves, U doubles.
_ENCODER: tuple[tuple[int, int] | Literal["P"], ...] = ((2, 64), (5, 64), "P", (9, 128), (12, 128), "P")
_ENCODER += ((16, 256), (19, 256), (22, 256), (25, 256), "P", (29, 512))
_DECODER: tuple[tuple[int, int] | Literal["U"], ...] = ((1, 256), "U", (5, 256), (8, 256), (11, 256))
_DECODER += ((14, 128), "U", (18, 128), (21, 64), "U", (25, 64), (28, 3))


@dataclass(frozen=True)
class AdaIN:
    """The loaded networks.

    Attributes:
        encoder: `(B, H, W, 3) float32 in [0, 1]` -> `(B, h, w, 512)`, h = ceil(H / 8).
        decoder: `(B, h, w, 512)` -> `(B, 8 h, 8 w, 3)`, not clipped.
        digest: identifies the weights in recipes.
    """

    encoder: keras.Model
    decoder: keras.Model
    digest: str

    def encode(self, images_01):
        """Encodes `(B, H, W, 3) float32 in [0, 1]` of any size as `(B, h, w, 512)`, at least 2 by 2."""
        from keras import ops

        images_01 = ops.convert_to_tensor(images_01, dtype="float32")
        missing = [max(0, _MIN_SIDE - side) for side in images_01.shape[1:3]]
        for axis, count in enumerate(missing, start=1):
            if count:
                edge = ops.take(images_01, [-1 + images_01.shape[axis]], axis=axis)
                images_01 = ops.concatenate([images_01, ops.repeat(edge, count, axis=axis)], axis=axis)
        return _apply_in_tiles(self.encoder, images_01, 1, STRIDE)

    def decode(self, features, height: int, width: int):
        """Decodes `(B, h, w, 512)` to `(B, height, width, 3) float32 in [0, 1]`, cropped to that size."""
        from keras import ops

        images = _apply_in_tiles(self.decoder, features, STRIDE, 1)
        return ops.clip(images[:, :height, :width], 0.0, 1.0)


def _apply_in_tiles(network: Callable, maps: Any, input_stride: int, output_stride: int) -> Any:
    """Applies a network in seamless tiles, to bound memory.

    Args:
        network: maps `(B, *, *, *)` to `(B, *, *, *)`.
        maps: its input.
        input_stride, output_stride: pixels of the image per position of its input and output.
    """
    from keras import ops

    def apply_to_tile(tile: tiling.Tile):
        spans = tile.rows, tile.columns
        window = [slice(s.window_start // input_stride, -(-s.window.stop // input_stride)) for s in spans]
        own_slices = [
            slice(s.offset // output_stride, -(-(s.offset + s.length) // output_stride)) for s in spans
        ]
        return network(maps[:, window[0], window[1]])[:, own_slices[0], own_slices[1]]

    height, width = (input_stride * side for side in maps.shape[1:3])
    rows = groupby(tiling.cut_tiles(height, width, _TILE_SIDE, _TILE_OVERLAP), key=lambda tile: tile.rows)
    return ops.concatenate(
        [ops.concatenate([apply_to_tile(tile) for tile in row], axis=2) for _, row in rows], axis=1
    )


def load(progress: Progress | None = None, digest: str | None = None) -> AdaIN:
    """Loads both networks, downloading their weights if needed; one copy per process.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    weights = pretrained.load("adain", progress, digest)
    return AdaIN(weights.model.get_layer("encoder"), weights.model.get_layer("decoder"), weights.digest)


def stylize(scene: Scene, networks: AdaIN, size: int) -> np.ndarray:
    """Stylizes a scene in one pass through an encoder and a decoder.

    Args:
        size: the longer side of the result in px.

    Returns:
        `(1, H, W, 3) float32 in [0, 1]`.
    """
    content_01 = scene.resize_content(size)
    features = _encode_with_cache(networks, content_01.tobytes(), content_01.shape)
    styles = [_encode_with_cache(networks, s.tobytes(), s.shape) for s in scene.resize_styles(size)]
    shares = scene.compute_shares(*features.shape[1:3])
    mixed = transfer_statistics(features, styles, shares, scene.settings.strength)
    return np.asarray(networks.decode(mixed, *content_01.shape[1:3]))


@lru_cache(maxsize=6)  # when only the strength changes, content and styles are not encoded again
def _encode_with_cache(networks: AdaIN, pixels: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(networks.encode(np.frombuffer(pixels, "float32").reshape(shape)))


def transfer_statistics(content, styles: Sequence, shares: Sequence, strength: float = 1.0):
    """Gives each channel of the content the mean and standard deviation of the styles.

    Args:
        content: `(B, h, w, C) float32`.
        styles: each `(B, *, *, C) float32`.
        shares: of the styles, numbers or `(h, w) float32` maps; they add to 1 at every position.
        strength: 0 leaves the content unchanged, 1 takes all statistics from the styles.

    Returns:
        `(B, h, w, C) float32`.
    """
    mean, deviation = _compute_statistics(content)
    normalized = (content - mean) / deviation
    mixed = 0.0
    for share, style in zip(shares, styles, strict=True):
        style_mean, style_deviation = _compute_statistics(style)
        mixed += np.asarray(share, "float32")[..., None] * (normalized * style_deviation + style_mean)
    return strength * mixed + (1.0 - strength) * content


def _compute_statistics(features):
    """Returns the mean and the unbiased standard deviation (as in training) per channel, `(B, 1, 1, C)`."""
    from keras import ops

    _, height, width, _ = ops.shape(features)
    count = ops.cast(height * width, features.dtype)
    mean = ops.mean(features, axis=(1, 2), keepdims=True)
    squares = ops.sum(ops.square(features - mean), axis=(1, 2), keepdims=True)
    variance = squares / ops.maximum(count - 1, 1)
    return mean, ops.sqrt(variance + _EPSILON)


def build_network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds both networks as one model, which one file stores: `[image, features] -> [features, image]`.

    Args:
        members: `{"vgg_normalized.pth": bytes, "decoder.pth": bytes}` to load; None for random weights.
    """
    import keras

    encoder, decoder = _build_encoder(), _build_decoder()
    if members is not None:
        _load_torch_weights(encoder, checkpoints.read_torch_legacy(members["vgg_normalized.pth"]))
        _load_torch_weights(decoder, checkpoints.read_torch_legacy(members["decoder.pth"]))
    image, features = keras.Input((None, None, 3)), keras.Input((None, None, 512))
    return keras.Model([image, features], [encoder(image), decoder(features)])


def _build_encoder() -> keras.Model:
    """Builds the encoder with random weights."""
    from keras import Input, Model, layers

    images_01 = Input((None, None, 3))
    maps = layers.Conv2D(3, 1, name="conv0")(images_01)  # holds the normalization
    for step in _ENCODER:
        maps = layers.MaxPooling2D(2, padding="same")(maps) if step == "P" else _apply_conv(maps, *step)
    return Model(images_01, maps, name="encoder")


def _build_decoder() -> keras.Model:
    """Builds the decoder with random weights."""
    from keras import Input, Model, layers

    features = Input((None, None, 512))
    maps = features
    for step in _DECODER:
        is_last = step == _DECODER[-1]
        maps = (
            layers.UpSampling2D(2)(maps)
            if step == "U"
            else _apply_conv(maps, *step, None if is_last else "relu")
        )
    return Model(features, maps, name="decoder")


def _apply_conv(maps, key: int, channels: int, activation: str | None = "relu"):
    from keras import layers, ops

    padded = ops.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    return layers.Conv2D(channels, 3, activation=activation, name=f"conv{key}")(padded)


def _load_torch_weights(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Loads PyTorch weights: kernels are OIHW there and HWIO in Keras."""
    for layer in model.layers:
        if layer.name.startswith("conv"):
            key = layer.name.removeprefix("conv")
            layer.set_weights([arrays[f"{key}.weight"].transpose(2, 3, 1, 0), arrays[f"{key}.bias"]])
