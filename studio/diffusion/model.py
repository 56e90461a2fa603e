"""The U-Net in Keras, and its training loss.

Reference:
    Flow matching with straight paths: Lipman et al. 2022, arXiv:2210.02747.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.generators.batches import run_in_batches
from studio.core.training.batches import derive_seed
from studio.core.training.loss_model import JIT_COMPILE, LossModel
from studio.core.training.precision import cast_to_float32
from studio.diffusion import unet
from studio.diffusion.settings import TrainDiffusionSettings

BATCH = 16  # images predicted at once: those of a preview
CLASS_DROPOUT = 0.2  # share of training images whose class is hidden, for classifier-free guidance
_GOLDEN_RATIO = 0.618034  # its multiples modulo 1 are spread evenly


class Unet(keras.Model):
    """The U-Net of a diffusion model.

    Args:
        settings: size, channels and width, and the seed of the initial weights.
        class_count: number of classes; 0 for a model without classes.
    """

    def __init__(self, settings: TrainDiffusionSettings, class_count: int):
        # Keep float32: bfloat16 would round the times. The layers compute in the precision of the training.
        super().__init__(name="unet", dtype="float32")
        self.settings, self.class_count = settings, class_count
        self.blocks = {
            layer.name: _build_layer(layer, derive_seed(settings.seed, n))
            for n, layer in enumerate(unet.list_layers(settings, class_count))
        }
        self.built = True

    def call(self, inputs: Mapping[str, Any], training: bool = False) -> Any:
        """Computes the velocity, `(B, size, size, C)`.

        Args:
            inputs: noisy "images" `(B, size, size, C)`, "times" `(B,)` from 0 to 1 and "labels" `(B,)`, the
                number of classes for none.
            training: ignored.
        """
        features = unet.compute_time_features(inputs["times"], ops)
        time = self.apply("time_1", ops.silu(self.apply("time_0", features)))
        condition = ops.silu(time + self.apply("label", inputs["labels"]))
        return unet.compute_velocity(self, self.settings, inputs["images"], condition)

    def predict_velocity(self, images: np.ndarray, times: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Computes the velocity with NumPy arrays; see `studio.diffusion.sampler.Predict`."""
        shape, length = images.shape[1:], images[0].size

        def run(rows: np.ndarray) -> Any:
            batch = rows[:, :length].reshape(-1, *shape)
            labels = rows[:, length + 1].astype("int32")
            return self.predict_on_batch({"images": batch, "times": rows[:, length], "labels": labels})

        flat = images.reshape(len(images), -1)
        rows = np.concatenate([flat, times[:, None], labels[:, None]], axis=1)
        return run_in_batches(run, rows, batch_sizes=(BATCH,))

    def apply(self, name: str, x: Any) -> Any:
        """Applies a layer by name."""
        return self.blocks[name](x)

    def normalize(self, name: str, x: Any, modulation: Any = None) -> Any:
        """Applies a group normalization, then a modulation."""
        return self.blocks[name](x, modulation)

    def silu(self, x: Any) -> Any:
        """Applies the SiLU."""
        return ops.silu(x)

    def add(self, x: Any, y: Any) -> Any:
        """Adds maps."""
        return x + y

    def concatenate(self, x: Any, y: Any) -> Any:
        """Concatenates channels."""
        return ops.concatenate([x, y], axis=-1)

    def halve(self, x: Any) -> Any:
        """Averages 2 x 2 px."""
        return ops.average_pool(x, 2, 2)

    def double(self, x: Any) -> Any:
        """Repeats each pixel."""
        return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


class ModulatedGroupNorm(keras.layers.Layer):
    """Group normalization (arXiv:1803.08494), then `x * (1 + scale) + shift` of a modulation.

    Both are one multiplication and one addition of the maps: Keras' layer and a modulation after it take
    half as long again as the convolutions.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Creates gamma and beta for maps of this shape."""
        self.gamma = self.add_weight(shape=shape[-1:], initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=shape[-1:], initializer="zeros", name="beta")

    def call(self, x: Any, modulation: Any = None) -> Any:
        """Normalizes maps `(B, H, W, C)`; the modulation is `(B, 2 C)`."""
        exact = ops.cast(x, "float32")  # bfloat16 has too few digits for the variance
        mean = _average_groups(ops.mean(exact, axis=(1, 2)))
        variance = _average_groups(ops.mean(ops.square(exact), axis=(1, 2))) - ops.square(mean)
        scale = ops.cast(self.gamma, "float32") * ops.rsqrt(ops.maximum(variance, 0.0) + unet.EPSILON)
        shift = ops.cast(self.beta, "float32") - mean * scale
        if modulation is not None:
            factor, offset = ops.split(ops.cast(modulation, "float32"), 2, axis=-1)
            scale, shift = scale * (1 + factor), shift * (1 + factor) + offset
        scale, shift = (ops.cast(values[:, None, None], x.dtype) for values in (scale, shift))
        return x * scale + shift


def _average_groups(values: Any) -> Any:
    """Returns the mean of each group of channels, `(B, C)`, for every channel in it."""
    channels = values.shape[-1]
    grouped = ops.reshape(values, (-1, unet.GROUPS, channels // unet.GROUPS))
    return ops.repeat(ops.mean(grouped, axis=-1), channels // unet.GROUPS, axis=-1)


def _build_layer(layer: unet.Layer, seed: int) -> keras.layers.Layer:
    initializer = "zeros" if layer.starts_at_zero else keras.initializers.GlorotUniform(seed)
    if layer.kind in ("conv", "pointwise"):
        side = 3 if layer.kind == "conv" else 1
        built = keras.layers.Conv2D(layer.outputs, side, padding="same", kernel_initializer=initializer)
        built.build((None, None, None, layer.inputs))
    elif layer.kind == "norm":
        built = ModulatedGroupNorm()
        built.build((None, None, None, layer.inputs))
    elif layer.kind == "dense":
        built = keras.layers.Dense(layer.outputs, kernel_initializer=initializer)
        built.build((None, layer.inputs))
    else:
        normal = keras.initializers.RandomNormal(0.0, 1.0, seed)
        built = keras.layers.Embedding(layer.inputs, layer.outputs, embeddings_initializer=normal)
        built.build()
    return built


class FlowLoss(LossModel):
    """A U-Net and its loss, the mean squared error of the velocity.

    On the straight path from noise to an image, the velocity is their difference. The loss is of batches of
    "images" `(B, size, size, C) uint8` and "labels" `(B,) int32`.

    Args:
        settings: of the U-Net.
        class_count: number of classes; 0 for a model without classes.
    """

    def __init__(self, settings: TrainDiffusionSettings, class_count: int):
        super().__init__(settings, ("loss",))
        self.network = Unet(settings, class_count)
        self.network.jit_compile = JIT_COMPILE
        self.seed_generator = keras.random.SeedGenerator(settings.seed)

    def call(self, inputs: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Computes the loss at a random time of each image.

        In tests, the times are spread evenly, also among neighbors: data sets are ordered by class.
        """
        images, labels = ops.cast(inputs["images"], "float32") / 127.5 - 1, inputs["labels"]
        count = ops.shape(images)[0]
        noise = keras.random.normal(ops.shape(images), seed=self.seed_generator)
        if training:
            times = keras.random.uniform((count,), seed=self.seed_generator)
            is_hidden = keras.random.uniform((count,), seed=self.seed_generator) < CLASS_DROPOUT
            labels = ops.where(is_hidden, self.network.class_count, labels)
        else:
            times = (ops.arange(count, dtype="float32") + 0.5) * _GOLDEN_RATIO % 1.0
        position = times[:, None, None, None]
        noisy = (1 - position) * noise + position * images
        velocity = self.network({"images": noisy, "times": times, "labels": labels}, training=training)
        return {"loss": ops.mean(ops.square(cast_to_float32(velocity) - (images - noise)))}
