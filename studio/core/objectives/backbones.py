"""Backbones: their specification (layers, channels, preprocessing) and loading.

Only loading imports Keras.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from studio.core.errors import unknown
from studio.core.progress import Progress
from studio.core.training.precision import Precision, policy_name
from studio.core.weights import pretrained
from studio.core.weights.networks import efficientnet_lite0, inceptionv3, resnet50, vgg16
from studio.core.weights.networks.spec import Spec

if TYPE_CHECKING:
    import keras

_SPECS = (vgg16.SPEC, resnet50.SPEC, inceptionv3.SPEC, efficientnet_lite0.SPEC)
BACKBONES: dict[str, Spec] = {item.name: item for item in _SPECS}


def find_spec(name: str) -> Spec:
    """Finds the specification of a backbone. Raises `InvalidInput` if the name is not in `BACKBONES`."""
    if name not in BACKBONES:
        raise unknown("backbone", name, BACKBONES)
    return BACKBONES[name]


def check_layers(name: str, layers: Sequence[str]) -> None:
    """Raises `InvalidInput` if a backbone lacks a layer, and suggests the closest name.

    Does not import Keras.
    """
    known_layers = find_spec(name).layers
    for layer in layers:
        if layer not in known_layers:
            raise unknown(f"layer of {name}", layer, known_layers)


@dataclass(frozen=True)
class Backbone:
    """A loaded backbone.

    Attributes:
        spec: its specification.
        model: frozen Keras model without the classifier; takes preprocessed images.
        digest: SHA-256 of the weights, for recipes.
    """

    spec: Spec
    model: keras.Model
    digest: str
    _extractors: dict[tuple[str, ...], keras.Model] = field(default_factory=dict, repr=False)
    _copies: dict[Precision, Backbone] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def build_extractor(self, layers: Sequence[str]) -> keras.Model:
        """Builds a network from images to activations; it computes nothing beyond the deepest layer.

        Args:
            layers: names from `spec.layers`.

        Returns:
            A frozen model from `(B, H, W, 3) float32 in [0, 1]` RGB, of any size, to
            `{layer: (B, h, w, C) float32}`. It is cached by its layers.

        Raises:
            InvalidInput: if a layer is unknown.
        """
        check_layers(self.spec.name, layers)
        key = tuple(layers)
        with self._lock:
            if key not in self._extractors:
                self._extractors[key] = self._build_extractor(key)
            return self._extractors[key]

    @cached_property
    def average_pooling(self) -> Backbone:
        """A copy with average pooling instead of max pooling, so that gradients reach every pixel.

        Reference:
            Gatys et al. 2015, arXiv:1508.06576, who also report better-looking results.
        """
        import keras

        def convert_layer(layer):
            if isinstance(layer, keras.layers.MaxPooling2D):
                return keras.layers.AveragePooling2D(
                    layer.pool_size, layer.strides, layer.padding, name=layer.name
                )
            return type(layer).from_config(layer.get_config())

        return self.clone(convert_layer)

    def with_precision(self, precision: Precision) -> Backbone:
        """Returns the backbone itself for float32, or a cached copy that computes in another precision."""
        if precision == "float32":
            return self
        dtype = {"dtype": policy_name(precision)}
        with self._lock:
            if precision not in self._copies:
                self._copies[precision] = self.clone(
                    lambda layer: type(layer).from_config(layer.get_config() | dtype)
                )
            return self._copies[precision]

    def clone(self, clone_layer: Callable[[keras.Layer], keras.Layer]) -> Backbone:
        """Returns a copy whose layers `clone_layer` makes from the original ones."""
        import keras

        model = keras.models.clone_model(self.model, clone_function=clone_layer)
        model.set_weights(self.model.get_weights())
        model.trainable = False
        return Backbone(self.spec, model, self.digest)

    def _build_extractor(self, layers: tuple[str, ...]) -> keras.Model:
        import keras

        outputs = {layer: self.model.get_layer(layer).output for layer in layers}
        trunk = keras.Model(self.model.input, outputs)
        images_01 = keras.Input((None, None, 3), name="images_01")
        extractor = keras.Model(images_01, trunk(self.spec.preprocessing(images_01)))
        extractor.trainable = False
        return extractor


_BACKBONE_CACHE: dict[tuple[str, str], Backbone] = {}
_CACHE_LOCK = threading.Lock()


def load(name: str, progress: Progress | None = None, digest: str | None = None) -> Backbone:
    """Loads a backbone once per process; downloads its weights if necessary.

    Args:
        name: one of `BACKBONES`.
        progress: reports the download.
        digest: SHA-256 of the weights, as in a recipe; None takes the local weights, or else the default
            ones.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    backbone_spec = find_spec(name)
    pretrained_model = pretrained.load(name, progress, digest)
    with _CACHE_LOCK:
        if (name, pretrained_model.digest) not in _BACKBONE_CACHE:
            _BACKBONE_CACHE[name, pretrained_model.digest] = Backbone(
                backbone_spec,
                _remove_classifier(pretrained_model.model, backbone_spec.last_layer),
                pretrained_model.digest,
            )
        return _BACKBONE_CACHE[name, pretrained_model.digest]


def _remove_classifier(model: keras.Model, last: str) -> keras.Model:
    """Removes the classifier of a network, up to its last layer of activations."""
    import keras

    trunk = keras.Model(model.input, model.get_layer(last).output, name=model.name)
    trunk.trainable = False
    return trunk


def load_vgg16_features(
    layers: Sequence[str], progress: Progress | None = None, precision: Precision = "float32"
) -> tuple[keras.Model, dict[str, str]]:
    """Loads the feature extractor of VGG16 (see `Backbone.build_extractor`) and its SHA-256 for a recipe.

    Args:
        layers: names of its layers.
        progress: reports the download.
        precision: precision of its computation.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    vgg16 = load("vgg16", progress)
    return vgg16.with_precision(precision).build_extractor(layers), {"vgg16": vgg16.digest}
