"""A trained classifier, opened from its folder; held in memory.

Only what was trained is saved: the head, and after fine-tuning the backbone's top. A classifier trained on an
imported model is saved whole: see `whole_network`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.classify.models import crop, whole_network
from studio.classify.models.classifier import Classifier, cached_classifier
from studio.classify.settings import LEANS, MAPS, TrainClassifierSettings
from studio.core.errors import StudioError, invalid
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.objectives import backbones

if TYPE_CHECKING:
    import keras

TASK = "classify.train"


def open(preset: Preset) -> Classifier:
    """The classifier of a preset; kept in memory for the next time.

    Raises:
        InvalidInput: if it is none, or its files are not whole.
        StudioError: if its backbone is out of reach, or here in another training run than it learned with.
    """
    return cached_classifier(preset.name, preset.key, lambda: _opened(preset))


def settings_of(preset: Preset) -> TrainClassifierSettings:
    """The settings of a classifier. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.settings_as(TrainClassifierSettings, TASK, "a classifier")


def side_of(preset: Preset) -> int:
    """The px that images are read at for a classifier. Raises as `settings_of`."""
    return whole_network.side_of(preset) or settings_of(preset).size


def classes_of(preset: Preset) -> tuple[str, ...]:
    """The names of the classes of a classifier. Raises `InvalidInput` if they are not whole."""
    found = preset.data().get("classes")
    if isinstance(found, list) and len(found) > 1 and all(isinstance(one, str) for one in found):
        return tuple(found)
    step = "copy the model or train it again"
    raise invalid(
        f"preset {preset.name}", expected="a model with class names", received="none", next_step=step
    )


def _opened(preset: Preset) -> Classifier:
    settings, classes = settings_of(preset), classes_of(preset)
    if whole := whole_network.open(preset, classes):
        return whole
    backbone = _backbone(preset, settings.backbone)
    network = assemble(backbone, settings.size, lambda maps: head(maps, len(classes), settings))
    loading.fill(trainable_part(network, settings.cut), preset)
    maps, lean = network.get_layer(MAPS[settings.backbone]).output, LEANS[settings.backbone]
    side, entered = settings.size, prepared(network, backbone)
    return Classifier(
        preset.name, preset.digest, classes, (side, side), network, maps, lean=lean, prepared=entered
    )


def _backbone(preset: Preset, name: str) -> backbones.Backbone:
    """The very training of a backbone that the preset's recipe names: on others its head knows nothing."""
    wanted = preset.recipe().weights.get(name)
    found = backbones.load(name, digest=wanted)
    if wanted and found.digest != wanted:
        raise StudioError(
            f"The preset {preset.name} was trained with other weights of {name} ({wanted[:12]}…) than those "
            f"installed here ({found.digest[:12]}…). Run `studio weights list`, or train it again."
        )
    return found


def assemble(
    backbone: backbones.Backbone, size: int, top: Callable[[Any], Any], name: str = "classifier"
) -> keras.Model:
    """A network from raw images to what `top` makes of a backbone's last activations.

    The backbone's layers are copies, so that its own stay as they are; every one of them is a layer of this
    network, by its name. Plain Keras throughout, so that it can be saved and exported.

    Args:
        backbone: whose weights are copied.
        size: the side in px that images are brought to.
        top: `(B, h, w, C)` activations -> `(B, k)`.
        name: of the network.
    """
    import keras

    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    prepared = backbone.spec.preprocessing(crop.resampled(images, size) / 255.0)
    copy = keras.models.clone_model(backbone.model, input_tensors=prepared)
    copy.set_weights(backbone.model.get_weights())
    network = keras.Model(images, top(copy.get_layer(backbone.spec.last).output), name=name)
    network.trainable = False
    return network


def prepared(network: keras.Model, backbone: backbones.Backbone) -> keras.KerasTensor:
    """In a network of `assemble`, the images as the backbone takes them."""
    import keras

    first = next(one for one in backbone.model.layers if not isinstance(one, keras.layers.InputLayer))
    return network.get_layer(first.name).input


def head(maps: Any, classes: int, settings: TrainClassifierSettings) -> Any:
    """What is put on a backbone: the mean over all places, perhaps a hidden layer, and a choice."""
    import keras

    return choice(keras.layers.GlobalAveragePooling2D(name="pooled")(maps), classes, settings)


def choice(
    found: Any, classes: int, settings: TrainClassifierSettings, name: Callable[[str], str] = str
) -> Any:
    """What decides by features `(B, C)`: perhaps a hidden layer, and a choice `(B, classes)`.

    Args:
        found: the features.
        classes: how many there are.
        settings: `head` and `hidden`.
        name: makes of the usual name of a layer one that is free.
    """
    import keras

    if settings.head == "mlp":
        found = keras.layers.Dense(settings.hidden, activation="relu", name=name("hidden"))(found)
    return keras.layers.Dense(classes, activation="softmax", name=name("probabilities"))(found)


def trainable_part(network: keras.Model, cut: str) -> keras.Model:
    """The part of a network that comes after a layer, with the same weights: what is trained and saved."""
    import keras

    return keras.Model(network.get_layer(cut).output, network.output, name="learned")
