"""Backbones as plain data (layers, channels, preprocessing); Keras is imported only to load one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from studio.core.errors import unknown
from studio.core.progress import Progress
from studio.core.training.precision import Precision, policy
from studio.core.weights import pretrained
from studio.core.weights.networks import inceptionv3, resnet50, vgg16
from studio.core.weights.networks.spec import Spec

if TYPE_CHECKING:
    import keras

BACKBONES: dict[str, Spec] = {found.name: found for found in (vgg16.SPEC, resnet50.SPEC, inceptionv3.SPEC)}


def spec(name: str) -> Spec:
    """A backbone's data. Raises `InvalidInput` naming the known ones."""
    if name not in BACKBONES:
        raise unknown("backbone", name, BACKBONES)
    return BACKBONES[name]


def check_layers(name: str, layers: Sequence[str]) -> None:
    """Raises `InvalidInput` if a backbone lacks a layer; the message names the closest. Loads no Keras."""
    known = spec(name).layers
    for layer in layers:
        if layer not in known:
            raise unknown(f"layer of {name}", layer, known)


@dataclass(frozen=True)
class Backbone:
    """A loaded backbone.

    Attributes:
        spec: its plain data.
        model: the Keras model without its classifier; takes preprocessed images. Frozen.
        digest: names its training in recipes.
    """

    spec: Spec
    model: keras.Model
    digest: str
    _features: dict[tuple[str, ...], keras.Model] = field(default_factory=dict, repr=False)
    _copies: dict[Precision, Backbone] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def features(self, layers: Sequence[str]) -> keras.Model:
        """A network from images to activations; nothing beyond the deepest layer asked for is computed.

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
                return keras.layers.AveragePooling2D(
                    layer.pool_size, layer.strides, layer.padding, name=layer.name
                )
            return type(layer).from_config(layer.get_config())

        return self._again(replaced)

    def computing(self, precision: Precision) -> Backbone:
        """The same network, that computes in such numbers: itself in float32, else a copy, kept."""
        if precision == "float32":
            return self
        dtype = {"dtype": policy(precision)}
        with self._lock:
            if precision not in self._copies:
                self._copies[precision] = self._again(
                    lambda layer: type(layer).from_config(layer.get_config() | dtype)
                )
            return self._copies[precision]

    def _again(self, made: Callable[[keras.Layer], keras.Layer]) -> Backbone:
        """A copy, each layer of which is made again."""
        import keras

        model = keras.models.clone_model(self.model, clone_function=made)
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
        StudioError: as `pretrained.pull`.
    """
    known = spec(name)
    found = pretrained.load(name, progress, digest)
    with _LOCK:
        if (name, found.digest) not in _LOADED:
            _LOADED[name, found.digest] = Backbone(known, _trunk(found.model, known.last), found.digest)
        return _LOADED[name, found.digest]


def _trunk(model: keras.Model, last: str) -> keras.Model:
    """A network up to its last layer of activations; what follows is a classifier."""
    import keras

    trunk = keras.Model(model.input, model.get_layer(last).output, name=model.name)
    trunk.trainable = False
    return trunk


def vgg16_sight(
    layers: Sequence[str], progress: Progress | None = None, precision: Precision = "float32"
) -> tuple[keras.Model, dict[str, str]]:
    """What VGG16 sees, as `Backbone.features` gives it, and its digest for a recipe.

    Args:
        layers: names of its layers.
        progress: told of the download.
        precision: numbers that it computes in.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    vgg16 = load("vgg16", progress)
    return vgg16.computing(precision).features(layers), {"vgg16": vgg16.digest}
