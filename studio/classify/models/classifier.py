"""A classifier with one interface for all sources: raw images of any size in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.models import networks
from studio.core.errors import StudioError
from studio.core.imaging import crops
from studio.core.models.lru import get_or_make as in_memory
from studio.core.progress import Progress
from studio.imported import image_input, preprocessing

if TYPE_CHECKING:
    import keras

BATCH_SIZES = (1, 8, 32)
_CACHE: dict[str, Classifier] = {}  # by key
_MAX_CACHED = 3


@dataclass(frozen=True, eq=False)
class Classifier:
    """A loaded classifier.

    Attributes:
        name: of its preset.
        digest: SHA-256 of its weights, for recipes.
        classes: names of the classes.
        size: `(height, width)` in px of the network's input after cropping and resizing.
        network: raw `(B, H, W, 3) uint8` of any size -> `(B, k)` probabilities; includes center crop,
            resizing and preprocessing.
        maps: the last spatial activations, `(B, h, w, C)`; None if there are none.
        batches: the batch sizes in use; few, so that the network is compiled rarely.
        map_offset: offset of the maps toward the top left, in map pixels.
        key: identifies the classifier in memory among those with the same weights; "" if it is not cached.
        independent: whether each class has its own sigmoid, so that an image may show several or none.
        preprocessed_images: a tensor within the network; None if there is no single such tensor.
        preprocessing: input range of the preprocessed images, one of `preprocessing.LABELS`.
        flat: whether the layers take an image as a flat vector.
        max_eager: up to this many images are run without compiling the network.
        threshold: an image whose highest probability is below it is none of the classes; 0 for no threshold.
            An independent class is predicted if it reaches the threshold.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    network: keras.Model
    maps: keras.KerasTensor | None
    batches: tuple[int, ...] = BATCH_SIZES
    map_offset: float = 0.0
    key: str = ""
    independent: bool = False
    preprocessed_images: keras.KerasTensor | None = None
    preprocessing: str = "imagenet-caffe"
    flat: bool = False
    max_eager: int = 0
    threshold: float = 0.0

    def rejects(self, probabilities: np.ndarray) -> bool:
        """Returns whether an image with these probabilities, `(k,)`, is none of the classes."""
        return float(probabilities.max()) < self.threshold

    def list_predicted(self, probabilities: np.ndarray) -> list[str] | None:
        """Returns the independent classes that reach the threshold, the most probable first.

        Args:
            probabilities: of an image, `(k,)`.

        Returns:
            None if the classes are not independent, or there is no threshold.
        """
        if not self.independent or not self.threshold:
            return None
        order = np.argsort(-probabilities, kind="stable")
        return [self.classes[n] for n in order if probabilities[n] >= self.threshold]

    @property
    def body(self) -> keras.Model | None:
        """The network after preprocessing; None if there is no single preprocessed tensor."""
        import keras

        if self.preprocessed_images is None:
            return None
        return keras.Model(self.preprocessed_images, self.network.output)

    def preprocessing_map(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the kernel and bias that preprocess colors; see `preprocessing.to_linear_map`."""
        assert self.preprocessed_images is not None
        channels = image_input.count_channels(self.preprocessed_images.shape)
        return preprocessing.to_linear_map(self.preprocessing, channels)

    def predict(self, images: Sequence[np.ndarray], progress: Progress | None = None) -> np.ndarray:
        """Classifies images.

        Args:
            images: each `(H, W, 3) uint8`, of any size.
            progress: receives the number of images done.

        Returns:
            `(n, k) float32`; each row sums to 1 unless the classes are independent.

        Raises:
            Cancelled: if a user asked to stop.
        """
        return self.run(self.network, images, progress or Progress())

    @property
    def features(self) -> keras.KerasTensor:
        """The features in the network, `(B, C)`: the last weighted layer's input, averaged over space.

        Raises:
            StudioError: if no layer has weights.
        """
        import keras

        output_layer = next(
            (layer for layer in reversed(self.network.layers) if hasattr(layer, "kernel")), None
        )
        if output_layer is None:
            raise StudioError(f"{self.name} has no output layer with weights. Choose another model.")
        tensor = output_layer.input
        if len(tensor.shape) == 4:  # a layer, because Keras 2 and TensorFlow.js have no operations
            layer_names = {layer.name for layer in self.network.layers}
            name = networks.unique_name("pooled_features", layer_names)
            tensor = keras.layers.GlobalAveragePooling2D(name=name)(tensor)
        spatial_axes = tuple(range(1, len(tensor.shape) - 1))
        tensor = keras.ops.mean(tensor, axis=spatial_axes) if spatial_axes else tensor
        return tensor if tensor.dtype == "float32" else keras.ops.cast(tensor, "float32")

    def predict_with_features(
        self, images: Sequence[np.ndarray] | np.ndarray, progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns features, `(n, C) float32`, and probabilities of some images in one pass.

        Raises:
            StudioError: as `features`.
            Cancelled: if a user asked to stop.
        """
        import keras

        probabilities = keras.ops.cast(self.network.output, "float32")
        joined = keras.ops.concatenate([self.features, probabilities], axis=-1)
        outputs = self.run(keras.Model(self.network.input, joined), images, progress or Progress())
        return outputs[:, : -len(self.classes)], outputs[:, -len(self.classes) :]

    def run(
        self, network: keras.Model, images: Sequence[np.ndarray] | np.ndarray, progress: Progress
    ) -> np.ndarray:
        """Runs a network on raw images, batch by batch.

        Args:
            network: from raw images to `(B, C)`, such as a part of `network`. Pass the same object each time,
                because the first call compiles it.
            images, progress: as for `predict`.

        Returns:
            `(n, C) float32`.
        """
        batches, start = [np.empty((0, network.output.shape[-1]), "float32")], 0
        predict = network if len(images) <= self.max_eager else network.predict_on_batch
        while start < len(images):
            progress.report(start, len(images), text="Extracting features")
            count = next((size for size in self.batches if size >= len(images) - start), self.batches[-1])
            batch = np.stack(
                [crops.crop_and_resize(image, *self.size) for image in images[start : start + count]]
            )
            padded = np.concatenate([batch, np.repeat(batch[-1:], count - len(batch), axis=0)])
            batches.append(np.asarray(predict(padded))[: len(batch)])
            start += count
        return np.concatenate(batches)


def get_or_make_classifier(name: str, key: str, make: Callable[[], Classifier]) -> Classifier:
    """Returns the classifier with a key from memory, or makes it; one classifier may have several names."""
    return replace(in_memory(_CACHE, key, make, _MAX_CACHED), name=name, key=key)
