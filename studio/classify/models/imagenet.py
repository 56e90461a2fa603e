"""ResNet50 with its own classifier: a thousand things that it knows without any training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.classify.models import imagenet_labels, trained
from studio.classify.models.classifier import Classifier, cached_classifier
from studio.classify.settings import IMAGENET, LEANS, MAPS
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.weights import pretrained

if TYPE_CHECKING:
    import keras

BACKBONE = "resnet50"
SIZE = 224  # px, which it learned with


def open(progress: Progress | None = None) -> Classifier:
    """ResNet50's own classifier, its weights and labels fetched if need be; kept in memory for the next time.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    whole = pretrained.load(BACKBONE, progress)
    return cached_classifier(IMAGENET, whole.digest, lambda: _opened(whole, progress))


def _opened(whole: pretrained.Loaded, progress: Progress | None) -> Classifier:
    names = _apart(imagenet_labels.names(progress))
    backbone = backbones.load(BACKBONE, progress)
    network = trained.assemble(backbone, SIZE, _top, "imagenet_resnet50")
    entered = trained.prepared(network, backbone)
    network.layers[-1].set_weights(_choice(whole.model).get_weights())
    maps = network.get_layer(MAPS[BACKBONE]).output
    side, lean = (SIZE, SIZE), LEANS[BACKBONE]
    return Classifier(IMAGENET, whole.digest, names, side, network, maps, lean=lean, prepared=entered)


def cached() -> bool:
    """Whether it can be opened without fetching anything."""
    return all(pretrained.status(name).cached for name in (BACKBONE, "imagenet-labels"))


def _choice(whole: keras.Model) -> keras.layers.Dense:
    return whole.get_layer("predictions")


def _top(maps):
    import keras

    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    return keras.layers.Dense(imagenet_labels.COUNT, activation="softmax", name="probabilities")(pooled)


def _apart(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same names, but each of a kind: two things are called crane, and two maillot."""
    return tuple(name if names.index(name) == n else f"{name} (2)" for n, name in enumerate(names))
