"""A network whose ReLUs leak some gradient, so that inactive channels can be activated."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from studio.core.objectives import backbones, gradients
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

LEAK = 0.1  # share of the gradient at inactive positions; more activates channels sooner but less strongly


def load_leaky(name: str, progress: Progress | None = None) -> backbones.Backbone:
    """Loads a backbone with the same activations and a leaky gradient; one copy per process.

    Starting from noise, most channels of a deep layer are inactive everywhere, where the true gradient is
    zero. With the leak they activate within a few steps, and shapes get larger and complete.

    Raises:
        StudioError: like `backbones.load`.
    """
    return _build_leaky_backbone(name, backbones.load(name, progress).digest)


@lru_cache(maxsize=len(backbones.BACKBONES))
def _build_leaky_backbone(name: str, digest: str) -> backbones.Backbone:
    """Returns a copy of a backbone with leaky ReLUs."""
    import keras

    def replace_activation(layer: keras.Layer) -> keras.Layer:
        copy = type(layer).from_config(layer.get_config())
        if getattr(layer, "activation", None) is keras.activations.relu:
            copy.activation = leaky_relu
        return copy

    return backbones.load(name, digest=digest).clone(replace_activation)


def leaky_relu(values):
    """Computes a ReLU that passes LEAK of the gradient where it is inactive.

    Reference:
        Lucid passes the full gradient in the first steps.
    """
    from keras import ops

    def relu_with_leak(values):
        return ops.relu(values), lambda slope: slope * ops.where(values > 0, 1.0, LEAK)

    return gradients.with_gradient(relu_with_leak)(values)
