"""A network whose gradient goes a little through what is silent, so that sleeping channels can be woken."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from studio.core.objectives import backbones, gradients
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

LEAK = 0.1  # of a gradient that passes a silent place; more wakes channels sooner, and climbs less far


def load(name: str, progress: Progress | None = None) -> backbones.Backbone:
    """A backbone with the same activations and a leaking gradient; one copy a process.

    At a start from noise most channels of a deep layer are silent everywhere, and a true gradient is zero
    there. With the leak they wake within a few steps, and shapes come out larger and whole.

    Raises:
        StudioError: as `backbones.load`.
    """
    return _leaking(name, backbones.load(name, progress).digest)


@lru_cache(maxsize=len(backbones.BACKBONES))
def _leaking(name: str, digest: str) -> backbones.Backbone:
    import keras

    strict = backbones.load(name, digest=digest)

    def replaced(layer: keras.Layer) -> keras.Layer:
        made = type(layer).from_config(layer.get_config())
        if getattr(layer, "activation", None) is keras.activations.relu:
            made.activation = leaky_relu
        return made

    model = keras.models.clone_model(strict.model, clone_function=replaced)
    model.set_weights(strict.model.get_weights())
    model.trainable = False
    return backbones.Backbone(strict.spec, model, digest)


def leaky_relu(values):
    """A ReLU, but with LEAK of the gradient where it is silent.

    Reference:
        The idea is Lucid's, which lets all of it through for the first steps.
    """
    from keras import ops

    def leaking(values):
        return ops.relu(values), lambda slope: slope * ops.where(values > 0, 1.0, LEAK)

    return gradients.by_hand(leaking)(values)
