"""Data augmentation: random transformations of training images, by Keras' preprocessing layers.

Reference:
    Shorten and Khoshgoftaar 2019, Journal of Big Data 6:60, surveys data augmentation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.augmentation_settings import AugmentationSettings
from studio.core.objectives.gradients import compile_function

if TYPE_CHECKING:
    import keras

_PIXEL_RANGE = (0, 255)


def build(settings: AugmentationSettings, classes: Sequence[str], size: int) -> keras.Sequential:
    """Returns the augmentation as a network: `(B, size, size, 3)`, 0 to 255, to 0 to 1.

    Args:
        settings: the amounts; layers of amount 0 are left out.
        classes: names of the classes, which decide `flip="auto"`.
        size: side of the images in px.
    """
    from keras import Input, Sequential, layers

    stack = [Input((size, size, 3))]
    if settings.mirrors(classes):
        stack.append(layers.RandomFlip("horizontal"))
    if settings.rotation:
        stack.append(layers.RandomRotation(settings.rotation / 360))  # a share of a full turn
    if settings.zoom:
        stack.append(layers.RandomZoom(settings.zoom))
    if settings.translation:
        stack.append(layers.RandomTranslation(settings.translation, settings.translation))
    if settings.brightness:
        stack.append(layers.RandomBrightness(settings.brightness, _PIXEL_RANGE))
    if settings.contrast:  # a single number would only raise the contrast
        stack.append(layers.RandomContrast((settings.contrast, settings.contrast), _PIXEL_RANGE))
    return Sequential([*stack, layers.Rescaling(1 / 255)], name="augmentation")


def compile_augmentation(
    augmentation: keras.Sequential, then: Callable[[Any], Any], seed: int
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Compiles an augmentation with what follows it.

    The seed and the step determine the transformations, so that a resumed run repeats them.

    Args:
        augmentation: see `build`.
        then: computes the result from the augmented images, `(B, size, size, 3)` in [0, 1].
        seed: of the random transformations.

    Returns:
        `(images, step) -> result`, with images `(B, size, size, 3) uint8`.
    """
    generators = augmentation.non_trainable_variables  # the states of the layers' random generators

    def run(states, images):
        from keras import ops

        outputs, _ = augmentation.stateless_call([], states, ops.cast(images, "float32"), training=True)
        return then(outputs)

    compiled = compile_function(run)

    def augment(images: np.ndarray, step: int) -> np.ndarray:
        rng = np.random.default_rng([seed, 10, step])
        states = [rng.integers(0, 2**31, state.shape).astype(state.dtype) for state in generators]
        return np.asarray(compiled(states, images))

    return augment
