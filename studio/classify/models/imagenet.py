"""ResNet50 with its own classifier for ImageNet's 1,000 classes."""

from __future__ import annotations

from studio.classify.models import imagenet_labels, trained
from studio.classify.models.classifier import Classifier, get_or_make_classifier
from studio.classify.settings import IMAGENET, MAP_LAYERS, MAP_OFFSETS
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.weights import pretrained

BACKBONE = "resnet50"
SIZE = 224  # px, as in training


def load(progress: Progress | None = None) -> Classifier:
    """Returns ResNet50's own classifier; downloads weights and labels if needed; cached in memory.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    resnet = pretrained.load(BACKBONE, progress)
    return get_or_make_classifier(IMAGENET, resnet.digest, lambda: _build_classifier(resnet, progress))


def _build_classifier(resnet: pretrained.LoadedNetwork, progress: Progress | None) -> Classifier:
    names = _number_duplicates(imagenet_labels.load_names(progress))
    backbone = backbones.load(BACKBONE, progress)
    network = trained.assemble(backbone, SIZE, _add_head, "imagenet_resnet50")
    network.layers[-1].set_weights(resnet.model.get_layer("predictions").get_weights())
    return Classifier(
        IMAGENET,
        resnet.digest,
        names,
        (SIZE, SIZE),
        network,
        network.get_layer(MAP_LAYERS[BACKBONE]).output,
        map_offset=MAP_OFFSETS[BACKBONE],
        preprocessed_images=trained.find_preprocessed_images(network, backbone),
    )


def is_cached() -> bool:
    """Tells whether it can be opened without a download."""
    return all(pretrained.get_status(name).cached for name in (BACKBONE, "imagenet-labels"))


def _add_head(maps):
    """Adds ResNet50's own head to activations `(B, h, w, C)`; returns probabilities `(B, 1000)`."""
    import keras

    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    return keras.layers.Dense(imagenet_labels.COUNT, activation="softmax", name="probabilities")(pooled)


def _number_duplicates(names: tuple[str, ...]) -> tuple[str, ...]:
    """Numbers duplicate names: two classes are called crane, and two maillot."""
    return tuple(name if names.index(name) == n else f"{name} (2)" for n, name in enumerate(names))
