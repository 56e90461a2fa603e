"""A classifier as everything else asks it: raw images of any size in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.models import crop
from studio.core.errors import StudioError
from studio.core.models.recently_used import get_or_make as in_memory
from studio.core.progress import Progress
from studio.imported import image_input, preprocessing

if TYPE_CHECKING:
    import keras

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
        size: `(height, width)` in px to which it brings images.
        network: raw `(B, H, W, 3) uint8` of any size -> `(B, k)` probabilities; it takes the middle, resizes
            and prepares it.
        maps: the last activations in it that still have places, `(B, h, w, C)`; None where there are none.
        batches: the only numbers of images that it looks at at once, so that nothing is compiled twice.
        lean: by how much of a step the places of the maps look up and left of where they lie.
        key: what tells it from others that have the same weights; "" if it is not held.
        independent: whether each answer stands for itself, so that an image may show several or none.
        prepared: in the network, images as its layers take them; None where that is not one place.
        preprocessing: of those, one of `preprocessing.LABELS`.
        flat: whether its layers take an image as a row of numbers.
        few: so many images it looks at without being compiled first, which takes as long as some of them.
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
    preprocessing: str = "imagenet-caffe"
    flat: bool = False
    few: int = 0

    @property
    def body(self) -> keras.Model | None:
        """What comes after images are prepared; None where that is not one place."""
        import keras

        return None if self.prepared is None else keras.Model(self.prepared, self.network.output)

    def mix(self) -> tuple[np.ndarray, np.ndarray]:
        """How `prepared` mixes colors from 0 to 255, see `preprocessing.mix`. It must be known."""
        assert self.prepared is not None
        return preprocessing.mix(self.preprocessing, image_input.channels(self.prepared.shape))

    def probabilities(self, images: Sequence[np.ndarray], progress: Progress | None = None) -> np.ndarray:
        """What it thinks of some images.

        Args:
            images: each `(H, W, 3) uint8`, of any size.
            progress: told how many are done.

        Returns:
            `(n, k) float32`, each row of sum 1 unless its answers are independent.

        Raises:
            Cancelled: if a user asked to stop.
        """
        return self.ask(self.network, images, progress or Progress())

    @property
    def seeing(self) -> keras.KerasTensor:
        """In the network what it sees, `(B, C)`: what enters its last layer that weighs, as a mean of places.

        Raises:
            StudioError: if no layer weighs.
        """
        import keras

        last = next((one for one in reversed(self.network.layers) if hasattr(one, "kernel")), None)
        if last is None:
            raise StudioError(f"{self.name} has no output layer with weights. Choose another model.")
        found = last.input
        if len(found.shape) == 4:  # a layer, not an operation: Keras 2 and TensorFlow.js know no others
            found = keras.layers.GlobalAveragePooling2D(name=self._free("seeing"))(found)
        places = tuple(range(1, len(found.shape) - 1))
        found = keras.ops.mean(found, axis=places) if places else found
        return found if found.dtype == "float32" else keras.ops.cast(found, "float32")

    def _free(self, name: str) -> str:
        taken = {layer.name for layer in self.network.layers}
        while name in taken:
            name += "_"
        return name

    def seen(
        self, images: Sequence[np.ndarray] | np.ndarray, progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What it sees in some images, `(n, C) float32`, and what it thinks of them, as `probabilities`.

        Raises:
            StudioError: as `seeing`.
            Cancelled: if a user asked to stop.
        """
        import keras

        both = keras.ops.concatenate([self.seeing, keras.ops.cast(self.network.output, "float32")], axis=-1)
        found = self.ask(keras.Model(self.network.input, both), images, progress or Progress())
        return found[:, : -len(self.classes)], found[:, -len(self.classes) :]

    def ask(
        self, network: keras.Model, images: Sequence[np.ndarray] | np.ndarray, progress: Progress
    ) -> np.ndarray:
        """What a network from raw images to a row of numbers, such as a part of its own, says of some.

        Args:
            network: as `network` takes images; always the same one, for it is compiled the first time.
            images, progress: as for `probabilities`.

        Returns:
            `(n, C) float32`.
        """
        found, at = [np.empty((0, network.output.shape[-1]), "float32")], 0
        ask = network if len(images) <= self.few else network.predict_on_batch
        while at < len(images):
            progress.report(at, len(images), text="Extracting features")
            count = next((size for size in self.batches if size >= len(images) - at), self.batches[-1])
            part = np.stack([crop.cut(one, *self.size) for one in images[at : at + count]])
            full = np.concatenate([part, np.repeat(part[-1:], count - len(part), axis=0)])
            found.append(np.asarray(ask(full))[: len(part)])
            at += count
        return np.concatenate(found)


def cached_classifier(name: str, key: str, make: Callable[[], Classifier]) -> Classifier:
    """The classifier of a key, made unless it is held; the same one may have several names."""
    return replace(in_memory(_HELD, key, make, _MOST_HELD), name=name, key=key)
