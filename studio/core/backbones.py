"""Backbones as plain data (layers, channels, preprocessing); Keras is imported only to load one."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from studio.core import checkpoints, weights
from studio.core.errors import invalid
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

# How torchvision's training scaled its pictures, in RGB; the arrays of the package expect that.
_MEAN_01 = np.array([0.485, 0.456, 0.406])
_SCALE_01 = np.array([0.229, 0.224, 0.225])


@dataclass(frozen=True)
class Preprocessing:
    """How a network wants its pictures: `(255 * rgb_01 - mean) / divide`, then turned to BGR if so.

    Attributes:
        mean: in 0..255, RGB.
        divide: after the mean is taken off.
        bgr: whether the channels are then turned round.
    """

    mean: tuple[float, float, float]
    divide: float = 1.0
    bgr: bool = False

    def __call__(self, images_01):
        """`(B, H, W, 3) float32 in [0, 1]` RGB -> what the network takes."""
        from keras import ops

        pictures = (images_01 * 255.0 - np.array(self.mean, "float32")) / self.divide
        return ops.flip(pictures, axis=-1) if self.bgr else pictures


@dataclass(frozen=True)
class Spec:
    """A backbone as plain data.

    Attributes:
        layers: every layer worth naming, from the picture inwards, with its number of channels.
        strides: how many pixels of the picture one step in that layer is.
    """

    name: str
    title: str
    preprocessing: Preprocessing
    layers: Mapping[str, int]
    strides: Mapping[str, int]


def _vgg16() -> Spec:
    blocks = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
    layers, strides = {}, {}
    for block, (count, channels) in enumerate(blocks, start=1):
        for conv in range(1, count + 1):
            layers[f"block{block}_conv{conv}"] = channels
            strides[f"block{block}_conv{conv}"] = 2 ** (block - 1)
        layers[f"block{block}_pool"] = channels
        strides[f"block{block}_pool"] = 2**block
    preprocessing = Preprocessing(mean=(123.68, 116.779, 103.939), bgr=True)
    return Spec("vgg16", "VGG16", preprocessing, layers, strides)


BACKBONES: dict[str, Spec] = {"vgg16": _vgg16()}


def spec(name: str) -> Spec:
    """A backbone's data. Raises `InvalidInput` naming the known ones."""
    if name not in BACKBONES:
        raise invalid(
            "backbone",
            expected=f"one of {', '.join(BACKBONES)}",
            received=name,
            next_step="check the spelling",
        )
    return BACKBONES[name]


def check_layers(name: str, layers: Sequence[str]) -> None:
    """Raises `InvalidInput` if a backbone lacks a layer; the message names the closest. Loads no Keras."""
    known = spec(name).layers
    for layer in layers:
        if layer not in known:
            close = difflib.get_close_matches(layer, known, n=3) or list(known)
            raise invalid(
                f"layer of {name}",
                expected=f"for example {', '.join(close)}",
                received=layer,
                next_step="choose one of the backbone's layers",
            )


@dataclass(frozen=True)
class Backbone:
    """A loaded backbone.

    Attributes:
        spec: its plain data.
        model: the Keras model without its classifier; takes preprocessed pictures. Frozen.
        digest: names its training in recipes.
    """

    spec: Spec
    model: keras.Model
    digest: str
    _features: dict[tuple[str, ...], keras.Model] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def features(self, layers: Sequence[str]) -> keras.Model:
        """A network from pictures to activations; nothing beyond the deepest layer asked for is computed.

        Args:
            layers: names from `spec.layers`.

        Returns:
            A frozen model from `(B, H, W, 3) float32 in [0, 1]` RGB, of any size, to
            `{layer: (B, h, w, C) float32}`. The same one for the same layers.

        Raises:
            InvalidInput: if a layer is not known.
        """
        check_layers(self.spec.name, layers)
        key = tuple(layers)
        with self._lock:
            if key not in self._features:
                self._features[key] = self._build(key)
            return self._features[key]

    @cached_property
    def averaged(self) -> Backbone:
        """The same network with means where it took maxima over 2 by 2: gradients reach every pixel.

        Reference:
            Gatys et al. 2015, arXiv:1508.06576, who found it to look better too.
        """
        import keras

        def replaced(layer):
            if isinstance(layer, keras.layers.MaxPooling2D):
                return keras.layers.AveragePooling2D(layer.pool_size, layer.strides, name=layer.name)
            return type(layer).from_config(layer.get_config())

        model = keras.models.clone_model(self.model, clone_function=replaced)
        model.set_weights(self.model.get_weights())
        model.trainable = False
        return Backbone(self.spec, model, self.digest)

    def _build(self, layers: tuple[str, ...]) -> keras.Model:
        import keras

        outputs = {layer: self.model.get_layer(layer).output for layer in layers}
        trunk = keras.Model(self.model.input, outputs)
        images_01 = keras.Input((None, None, 3), name="images_01")
        extractor = keras.Model(images_01, trunk(self.spec.preprocessing(images_01)))
        extractor.trainable = False
        return extractor


_LOADED: dict[tuple[str, str], Backbone] = {}
_LOCK = threading.Lock()


def load(name: str, progress: Progress | None = None, digest: str | None = None) -> Backbone:
    """Loads a backbone, fetching its weights if need be; one copy a process.

    Args:
        name: one of `BACKBONES`.
        progress: told of the download.
        digest: the very training wanted, as a recipe names it; None takes what is here or first to be had.

    Raises:
        StudioError: as `weights.pull`.
    """
    known = spec(name)
    found = weights.load(name, progress, digest)
    with _LOCK:
        return _LOADED.setdefault((name, found.digest), Backbone(known, found.model, found.digest))


def vgg16(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """VGG16 without its classifier, for pictures as `vgg16.preprocess_input` makes them.

    Args:
        members: `{"vgg16.ckpt": bytes}` fills it; None leaves it unfilled.

    Reference:
        Simonyan and Zisserman 2014, arXiv:1409.1556.
    """
    import keras

    model = keras.applications.VGG16(include_top=False, weights=None)
    if members is not None:
        model.set_weights(fold(vgg16_arrays(members["vgg16.ckpt"])))
    return model


def vgg16_arrays(checkpoint: bytes) -> list[np.ndarray]:
    """Kernels (HWIO) and biases of the 13 convolutions in order, as they were trained."""
    arrays = checkpoints.numpy_pickle(checkpoint, "vgg16.ckpt")
    return [arrays[f"VGG16_0/Conv_{i}/{part}"] for i in range(13) for part in ("kernel", "bias")]


def fold(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Moves the input's scaling into the first convolution, so that Keras' own preprocessing fits.

    Trained for `x_t = (rgb_01 - mean) / scale`; Keras gives `x_k`, BGR in 0..255 minus other means. The two
    differ by a scale and a shift a channel, which a convolution can hold. Exact but for the picture's border,
    where padding with zeros now means a shift of less than half a grey level.

    Args:
        arrays: as `vgg16_arrays` gives them.
    """
    kernel, bias, *rest = arrays
    kernel = kernel.astype("float64")
    scale = 255.0 * _SCALE_01
    shift = (np.array(BACKBONES["vgg16"].preprocessing.mean) - 255.0 * _MEAN_01) / scale
    folded = (kernel / scale[:, None])[:, :, ::-1]
    shifted = bias + np.einsum("hwco,c->o", kernel, shift)
    return [folded.astype("float32"), shifted.astype("float32"), *rest]
