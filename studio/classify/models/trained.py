"""Loads trained classifiers from their preset folders; cached in memory.

A folder stores only what was trained: the head and, after fine-tuning, the backbone's top. A classifier
trained on another classifier stores the whole network: see `whole_network`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.classify.models import crop, rejection, whole_network
from studio.classify.models.classifier import Classifier, get_or_make_classifier
from studio.classify.settings import MAP_LAYERS, MAP_OFFSETS, PREPROCESSING, TrainClassifierSettings
from studio.core.errors import StudioError, invalid
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.objectives import backbones

if TYPE_CHECKING:
    import keras

TASK = "classify.train"
MULTI_LABEL = "multi_label"  # in a folder's settings.json: whether an image can have any number of labels
ACTIVATIONS = {False: "softmax", True: "sigmoid"}  # of the last layer, by whether it is multi-label


def load(preset: Preset) -> Classifier:
    """Returns the classifier of a preset; cached in memory.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
        StudioError: if its backbone cannot be loaded, or has other weights than in training.
    """
    classifier = get_or_make_classifier(preset.name, preset.key, lambda: _build_classifier(preset))
    return replace(classifier, threshold=rejection.read_threshold(preset))


def settings_of(preset: Preset) -> TrainClassifierSettings:
    """Returns the settings of a classifier. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.read_settings_as(TrainClassifierSettings, TASK, "a classifier")


def side_of(preset: Preset) -> int:
    """Returns the side in px at which a classifier's images are read. Raises as `settings_of`."""
    return whole_network.side_of(preset) or settings_of(preset).size


def classes_of(preset: Preset) -> tuple[str, ...]:
    """Returns the class names of a classifier. Raises `InvalidInput` if they are missing."""
    names = preset.read_data().get("classes")
    if isinstance(names, list) and len(names) > 1 and all(isinstance(name, str) for name in names):
        return tuple(names)
    step = "copy the model or train it again"
    raise invalid(
        f"preset {preset.name}", expected="a model with class names", received="none", next_step=step
    )


def is_multi_label(preset: Preset) -> bool:
    """Returns whether an image can have any number of the labels of a classifier."""
    return preset.read_data().get(MULTI_LABEL) is True


def _build_classifier(preset: Preset) -> Classifier:
    settings, classes, independent = settings_of(preset), classes_of(preset), is_multi_label(preset)
    if classifier := whole_network.load(preset, classes):
        return classifier
    backbone = _load_backbone(preset, settings.backbone)
    network = assemble(
        backbone, settings.size, lambda maps: add_pooled_head(maps, len(classes), settings, independent)
    )
    loading.load_weights(build_trainable_part(network, settings.cut), preset)
    return Classifier(
        preset.name,
        preset.digest,
        classes,
        (settings.size, settings.size),
        network,
        network.get_layer(MAP_LAYERS[settings.backbone]).output,
        map_offset=MAP_OFFSETS[settings.backbone],
        independent=independent,
        preprocessed_images=find_preprocessed_images(network, backbone),
        preprocessing=PREPROCESSING[settings.backbone],
    )


def _load_backbone(preset: Preset, name: str) -> backbones.Backbone:
    """Loads the backbone with the weights that the preset's recipe names; the head does not fit others."""
    digest = preset.read_recipe().weights.get(name)
    backbone = backbones.load(name, digest=digest)
    if digest and backbone.digest != digest:
        raise StudioError(
            f"The preset {preset.name} was trained with other weights of {name} ({digest[:12]}…) than those "
            f"installed here ({backbone.digest[:12]}…). Run `studio weights list`, or train it again."
        )
    return backbone


def assemble(
    backbone: backbones.Backbone, size: int, top: Callable[[Any], Any], name: str = "classifier"
) -> keras.Model:
    """Returns a network from raw images to what `top` computes from a backbone's last activations.

    The backbone's layers are copied under their names, so that the original stays unchanged. Only plain Keras
    layers are used, so that the network can be saved and exported.

    Args:
        backbone: its weights are copied.
        size: input side in px, after cropping and resizing.
        top: `(B, h, w, C)` activations -> `(B, k)`.
        name: of the network.
    """
    import keras

    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    preprocessed = backbone.spec.preprocessing(crop.crop_and_resize_in_network(images, size) / 255.0)
    copy = keras.models.clone_model(backbone.model, input_tensors=preprocessed)
    copy.set_weights(backbone.model.get_weights())
    network = keras.Model(images, top(copy.get_layer(backbone.spec.last_layer).output), name=name)
    network.trainable = False
    return network


def find_preprocessed_images(network: keras.Model, backbone: backbones.Backbone) -> keras.KerasTensor:
    """Returns the preprocessed images within a network of `assemble`."""
    import keras

    first = next(layer for layer in backbone.model.layers if not isinstance(layer, keras.layers.InputLayer))
    return network.get_layer(first.name).input


def add_pooled_head(
    maps: Any, class_count: int, settings: TrainClassifierSettings, independent: bool = False
) -> Any:
    """Adds a head to a backbone: global average pooling, then as `add_head`."""
    import keras

    features = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    return add_head(features, class_count, settings, independent)


def add_head(
    features: Any,
    class_count: int,
    settings: TrainClassifierSettings,
    independent: bool = False,
    make_name: Callable[[str], str] = str,
) -> Any:
    """Adds a head to features `(B, C)`: optionally a hidden layer, and probabilities `(B, classes)`.

    Args:
        features: the features.
        class_count: number of classes.
        settings: `head` and `hidden`.
        independent: whether each class has its own sigmoid; else softmax.
        make_name: makes layer names unique.
    """
    import keras

    if settings.head == "mlp":
        features = keras.layers.Dense(settings.hidden, activation="relu", name=make_name("hidden"))(features)
    output_layer = keras.layers.Dense(
        class_count, activation=ACTIVATIONS[independent], name=make_name("probabilities")
    )
    return output_layer(features)


def build_trainable_part(network: keras.Model, cut: str) -> keras.Model:
    """Returns the part of a network after a layer, with shared weights: what is trained and saved."""
    import keras

    return keras.Model(network.get_layer(cut).output, network.output, name="learned")
