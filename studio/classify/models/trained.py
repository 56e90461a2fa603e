"""A trained classifier: raw pictures of any size in, probabilities out; opened once, held in memory.

What is saved of one is only what was trained: the head, and after fine-tuning the backbone's top.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.models import crop, scales
from studio.classify.settings import LEANS, MAPS, TrainClassifierSettings
from studio.core.brought.rebuilding import answers
from studio.core.errors import StudioError, invalid
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make as in_memory
from studio.core.objectives import backbones
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

TASK = "classify.train"
BATCHES = (1, 8, 32)
_HELD: dict[str, Classifier] = {}  # by what tells them apart; what a worker holds
_MOST_HELD = 3


@dataclass(frozen=True, eq=False)
class Classifier:
    """A classifier, ready to look.

    Attributes:
        name: of its preset.
        digest: of its weights, for recipes.
        classes: what it tells apart.
        size: `(height, width)` in px to which it brings pictures.
        network: raw `(B, H, W, 3) uint8` of any size -> `(B, k)` probabilities; it takes the middle, resizes
            and prepares it.
        maps: the last activations in it that still have places, `(B, h, w, C)`; None where there are none.
        batches: the only numbers of pictures that it looks at at once, so that nothing is compiled twice.
        lean: by how much of a step the places of the maps look up and left of where they lie.
        key: what tells it from others that have the same weights; "" if it is not held.
        independent: whether each answer stands for itself, so that a picture may show several or none.
        prepared: in the network, pictures as its layers take them; None where that is not one place.
        levels: of those, one of `scales.SCALES`.
        few: so many pictures it looks at without being compiled first, which takes as long as some of them.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    network: keras.Model
    maps: keras.KerasTensor | None
    batches: tuple[int, ...] = BATCHES
    lean: float = 0.0
    key: str = ""
    independent: bool = False
    prepared: keras.KerasTensor | None = None
    levels: str = "imagenet-caffe"
    few: int = 0

    @property
    def body(self) -> keras.Model | None:
        """What comes after pictures are prepared; None where that is not one place."""
        import keras

        return None if self.prepared is None else keras.Model(self.prepared, self.network.output)

    def scales(self) -> tuple[np.ndarray, np.ndarray]:
        """How `prepared` mixes colours from 0 to 255, see `scales.mix`. It must be known."""
        assert self.prepared is not None
        shape = answers.rolled(self.prepared.shape) or self.prepared.shape[1:]
        return scales.mix(self.levels, 3 if len(shape) == 3 and shape[2] == 3 else 1)

    def probabilities(self, pictures: Sequence[np.ndarray], progress: Progress | None = None) -> np.ndarray:
        """What it thinks of some pictures.

        Args:
            pictures: each `(H, W, 3) uint8`, of any size.
            progress: told how many are done.

        Returns:
            `(n, k) float32`, each row of sum 1 unless its answers are independent.

        Raises:
            Cancelled: if a person asked to stop.
        """
        return self._asked(self.network, pictures, progress or Progress())

    @property
    def seeing(self) -> keras.KerasTensor:
        """In the network what it sees, `(B, C)`: what enters its last layer that weighs, as a mean of places.

        Raises:
            StudioError: if no layer weighs.
        """
        from keras import ops

        last = next((one for one in reversed(self.network.layers) if hasattr(one, "kernel")), None)
        if last is None:
            raise StudioError(
                f"{self.name} has no layer that weighs what it sees. Next: choose another model."
            )
        entering = ops.cast(last.input, "float32")
        places = tuple(range(1, len(entering.shape) - 1))
        return ops.mean(entering, axis=places) if places else entering

    def seen(
        self, pictures: Sequence[np.ndarray] | np.ndarray, progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What it sees in some pictures, `(n, C) float32`, and what it thinks of them, as `probabilities`.

        Raises:
            StudioError: as `seeing`.
            Cancelled: if a person asked to stop.
        """
        import keras

        both = keras.ops.concatenate([self.seeing, keras.ops.cast(self.network.output, "float32")], axis=-1)
        found = self._asked(keras.Model(self.network.input, both), pictures, progress or Progress())
        return found[:, : -len(self.classes)], found[:, -len(self.classes) :]

    def _asked(
        self, network: keras.Model, pictures: Sequence[np.ndarray] | np.ndarray, progress: Progress
    ) -> np.ndarray:
        """What a network from raw pictures to a row of numbers says of some, `(n, C) float32`."""
        found, at = [np.empty((0, network.output.shape[-1]), "float32")], 0
        ask = network if len(pictures) <= self.few else network.predict_on_batch
        while at < len(pictures):
            progress.report(at, len(pictures), text="Looking at pictures")
            count = next((size for size in self.batches if size >= len(pictures) - at), self.batches[-1])
            part = np.stack([crop.cut(one, *self.size) for one in pictures[at : at + count]])
            full = np.concatenate([part, np.repeat(part[-1:], count - len(part), axis=0)])
            found.append(np.asarray(ask(full))[: len(part)])
            at += count
        return np.concatenate(found)


def open(preset: Preset) -> Classifier:
    """The classifier of a preset; kept in memory for the next time.

    Raises:
        InvalidInput: if it is none, or its files are not whole.
        StudioError: if its backbone is out of reach, or here in another training than it learnt with.
    """
    return cached_classifier(preset.name, preset.key, lambda: _opened(preset))


def cached_classifier(name: str, key: str, make: Callable[[], Classifier]) -> Classifier:
    """The classifier of a key, made unless it is held; the same one may have several names."""
    return replace(in_memory(_HELD, key, make, _MOST_HELD), name=name, key=key)


def settings_of(preset: Preset) -> TrainClassifierSettings:
    """The settings of a classifier. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.settings_as(TrainClassifierSettings, TASK, "a classifier")


def classes_of(preset: Preset) -> tuple[str, ...]:
    """The names of the classes of a classifier. Raises `InvalidInput` if they are not whole."""
    found = preset.data().get("classes")
    if isinstance(found, list) and len(found) > 1 and all(isinstance(one, str) for one in found):
        return tuple(found)
    step = "copy or train it again"
    raise invalid(f"preset {preset.name}", expected="names of classes", received="none", next_step=step)


def _opened(preset: Preset) -> Classifier:
    settings, classes = settings_of(preset), classes_of(preset)
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
            f"The preset {preset.name} learnt with another training of {name} ({wanted[:12]}…) than the one "
            f"here ({found.digest[:12]}…). Next: run `studio weights list`, or train it again."
        )
    return found


def assemble(
    backbone: backbones.Backbone, size: int, top: Callable[[Any], Any], name: str = "classifier"
) -> keras.Model:
    """A network from raw pictures to what `top` makes of a backbone's last activations.

    The backbone's layers are copies, so that its own stay as they are; every one of them is a layer of this
    network, by its name. Plain Keras throughout, so that it can be saved and exported.

    Args:
        backbone: whose weights are copied.
        size: the side in px that pictures are brought to.
        top: `(B, h, w, C)` activations -> `(B, k)`.
        name: of the network.
    """
    import keras

    pictures = keras.Input((None, None, 3), dtype="uint8", name="pictures")
    prepared = backbone.spec.preprocessing(crop.resampled(pictures, size) / 255.0)
    copy = keras.models.clone_model(backbone.model, input_tensors=prepared)
    copy.set_weights(backbone.model.get_weights())
    network = keras.Model(pictures, top(copy.get_layer(backbone.spec.last).output), name=name)
    network.trainable = False
    return network


def prepared(network: keras.Model, backbone: backbones.Backbone) -> keras.KerasTensor:
    """In a network of `assemble`, the pictures as the backbone takes them."""
    import keras

    first = next(one for one in backbone.model.layers if not isinstance(one, keras.layers.InputLayer))
    return network.get_layer(first.name).input


def head(maps: Any, classes: int, settings: TrainClassifierSettings) -> Any:
    """What is put on a backbone: the mean over all places, perhaps a hidden layer, and a choice."""
    import keras

    found = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    if settings.head == "mlp":
        found = keras.layers.Dense(settings.hidden, activation="relu", name="hidden")(found)
    return keras.layers.Dense(classes, activation="softmax", name="probabilities")(found)


def trainable_part(network: keras.Model, cut: str) -> keras.Model:
    """The part of a network that comes after a layer, with the same weights: what is trained and saved."""
    import keras

    return keras.Model(network.get_layer(cut).output, network.output, name="learnt")
