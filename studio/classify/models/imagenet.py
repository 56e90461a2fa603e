"""ResNet50 with its own classifier for ImageNet's 1,000 classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.classify.models import imagenet_labels, trained
from studio.classify.models.classifier import Classifier, cached_classifier
from studio.classify.settings import IMAGENET, MAP_OFFSETS, MAPS
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.weights import pretrained

if TYPE_CHECKING:
    import keras

BACKBONE = "resnet50"
SIZE = 224  # px, as in training


def open(progress: Progress | None = None) -> Classifier:
    """Returns ResNet50's own classifier; downloads weights and labels if needed; cached in memory.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    resnet = pretrained.load(BACKBONE, progress)
    return cached_classifier(IMAGENET, resnet.digest, lambda: _build(resnet, progress))


def _build(resnet: pretrained.LoadedNetwork, progress: Progress | None) -> Classifier:
    names = _unique_names(imagenet_labels.names(progress))
    backbone = backbones.load(BACKBONE, progress)
    network = trained.assemble(backbone, SIZE, _top, "imagenet_resnet50")
    preprocessed = trained.preprocessed_images(network, backbone)
    network.layers[-1].set_weights(_choice(resnet.model).get_weights())
    maps = network.get_layer(MAPS[BACKBONE]).output
    side, map_offset = (SIZE, SIZE), MAP_OFFSETS[BACKBONE]
    return Classifier(
        IMAGENET, resnet.digest, names, side, network, maps, map_offset=map_offset, prepared=preprocessed
    )


def is_cached() -> bool:
    """Tells whether it can be opened without a download."""
    return all(pretrained.status(name).cached for name in (BACKBONE, "imagenet-labels"))


def _choice(resnet: keras.Model) -> keras.layers.Dense:
    return resnet.get_layer("predictions")


def _top(maps):
    import keras

    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    return keras.layers.Dense(imagenet_labels.COUNT, activation="softmax", name="probabilities")(pooled)


def _unique_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Numbers duplicate names: two classes are called crane, and two maillot."""
    return tuple(name if names.index(name) == n else f"{name} (2)" for n, name in enumerate(names))
