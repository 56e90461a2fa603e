"""The U-Net of a diffusion model, as a plan that Keras and LiteRT both build. Does not import Keras.

Residual blocks at each resolution are modulated by the time and the class. The coarsest maps have at most
7 px, so convolutions see the whole image there, and attention is left out.

Reference:
    Ronneberger et al. 2015, arXiv:1505.04597; blocks and modulation as in Dhariwal and Nichol 2021,
    arXiv:2105.05233.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from studio.core.generators.scales import count_halvings
from studio.diffusion.settings import TrainDiffusionSettings

# Keras stores the n-th layer of a class by the name of its class.
_CLASSES = {
    "conv": "conv2d",
    "pointwise": "conv2d",
    "norm": "modulated_group_norm",
    "dense": "dense",
    "embedding": "embedding",
}
GROUPS = 8  # of a group normalization
EPSILON = 1e-3  # of a group normalization
_FREQUENCIES = np.exp(np.linspace(0, np.log(1000), 32)).astype("float32")  # rad, of the time features


@dataclass(frozen=True)
class Layer:
    """A layer with weights.

    Attributes:
        name: its name.
        kind: "conv" (3 x 3), "pointwise" (1 x 1), "norm" (group normalization), "dense" or "embedding".
        inputs, outputs: channels; of an embedding, its rows and their length.
        starts_at_zero: whether its initial kernel is 0, so that a block starts as the identity.
    """

    name: str
    kind: Literal["conv", "pointwise", "norm", "dense", "embedding"]
    inputs: int
    outputs: int
    starts_at_zero: bool = False

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of its variables: kernel and bias, gamma and beta, or the table."""
        kernels: dict[str, tuple[int, ...]] = {
            "conv": (3, 3, self.inputs, self.outputs),
            "pointwise": (1, 1, self.inputs, self.outputs),
            "norm": (self.outputs,),
            "dense": (self.inputs, self.outputs),
            "embedding": (self.inputs, self.outputs),
        }
        return [kernels[self.kind]] if self.kind == "embedding" else [kernels[self.kind], (self.outputs,)]


class Network(Protocol):
    """The operations of a framework. Maps are `(B, H, W, C)`."""

    def apply(self, name: str, x: Any) -> Any:
        """Applies a convolution or a dense layer."""

    def normalize(self, name: str, x: Any, modulation: Any = None) -> Any:
        """Applies a group normalization, then `x * (1 + scale) + shift` with a modulation `(B, 2 C)`."""

    def silu(self, x: Any) -> Any:
        """Applies the SiLU, `x * sigmoid(x)` (arXiv:1606.08415)."""

    def add(self, x: Any, y: Any) -> Any:
        """Adds maps of equal shapes."""

    def concatenate(self, x: Any, y: Any) -> Any:
        """Concatenates the channels of maps."""

    def halve(self, x: Any) -> Any:
        """Halves height and width by averaging 2 x 2 px."""

    def double(self, x: Any) -> Any:
        """Doubles height and width by repeating each pixel."""


def list_widths(settings: TrainDiffusionSettings) -> list[int]:
    """Returns the channels at each resolution, the finest first: `[w, 2w, 4w, 4w, 4w]` for 64 px."""
    return [settings.width * min(4, 2**level) for level in range(count_halvings(settings.size) + 1)]


def condition_length(settings: TrainDiffusionSettings) -> int:
    """Returns the length of the embedding of time and class."""
    return 4 * settings.width


def list_layers(settings: TrainDiffusionSettings, class_count: int) -> list[Layer]:
    """Lists all layers with weights.

    Args:
        settings: size, channels and width.
        class_count: number of classes; the embedding has one more row, for no class.
    """
    length, widths = condition_length(settings), list_widths(settings)
    layers = [
        Layer("time_0", "dense", 2 * len(_FREQUENCIES), length),
        Layer("time_1", "dense", length, length),
        Layer("label", "embedding", class_count + 1, length),
        Layer("first", "conv", settings.channels, widths[0]),
    ]
    for name, inputs, outputs in _list_blocks(widths):
        layers += _list_block_layers(name, inputs, outputs, length)
    return [
        *layers,
        Layer("last_norm", "norm", widths[0], widths[0]),
        Layer("last", "conv", widths[0], settings.channels, starts_at_zero=True),
    ]


def list_variables(
    settings: TrainDiffusionSettings, class_count: int
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yields the layer, the path in a `.weights.h5` file and the shape of each variable."""
    counts: Counter[str] = Counter()
    for layer in list_layers(settings, class_count):
        kind = _CLASSES[layer.kind]
        folder = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
        for n, shape in enumerate(layer.shapes):
            yield layer.name, f"blocks/{folder}/vars/{n}", shape


def _list_blocks(widths: list[int]) -> Iterator[tuple[str, int, int]]:
    """Yields the name, inputs and outputs of each residual block."""
    inputs = widths[0]
    for level, width in enumerate(widths[:-1]):
        yield f"down_{level}", inputs, width
        inputs = width
    yield "middle_0", inputs, widths[-1]
    yield "middle_1", widths[-1], widths[-1]
    for level in reversed(range(len(widths) - 1)):
        yield f"up_{level}", widths[level + 1] + widths[level], widths[level]


def _list_block_layers(name: str, inputs: int, outputs: int, length: int) -> list[Layer]:
    layers = [
        Layer(f"{name}_norm_0", "norm", inputs, inputs),
        Layer(f"{name}_conv_0", "conv", inputs, outputs),
        Layer(f"{name}_modulation", "dense", length, 2 * outputs),
        Layer(f"{name}_norm_1", "norm", outputs, outputs),
        Layer(f"{name}_conv_1", "conv", outputs, outputs, starts_at_zero=True),
    ]
    return layers + ([Layer(f"{name}_shortcut", "pointwise", inputs, outputs)] if inputs != outputs else [])


def compute_velocity(network: Network, settings: TrainDiffusionSettings, x: Any, condition: Any) -> Any:
    """Computes the velocity, in the operations of a framework.

    Args:
        network: the operations, with the layers of `list_layers`.
        settings: of the model.
        x: noisy images, `(B, size, size, C)`.
        condition: embedding of time and class, `(B, condition_length)`.

    Returns:
        `(B, size, size, C)`.
    """
    widths, skips = list_widths(settings), []
    changed = {name for name, inputs, outputs in _list_blocks(widths) if inputs != outputs}

    def apply_block(name: str, x: Any) -> Any:
        h = network.apply(f"{name}_conv_0", network.silu(network.normalize(f"{name}_norm_0", x)))
        modulation = network.apply(f"{name}_modulation", condition)
        h = network.silu(network.normalize(f"{name}_norm_1", h, modulation))
        h = network.apply(f"{name}_conv_1", h)
        return network.add(h, network.apply(f"{name}_shortcut", x) if name in changed else x)

    x = network.apply("first", x)
    for level in range(len(widths) - 1):
        x = apply_block(f"down_{level}", x)
        skips.append(x)
        x = network.halve(x)
    x = apply_block("middle_1", apply_block("middle_0", x))
    for level in reversed(range(len(widths) - 1)):
        x = apply_block(f"up_{level}", network.concatenate(network.double(x), skips[level]))
    return network.apply("last", network.silu(network.normalize("last_norm", x)))


def compute_time_features(t: Any, xp: Any = np) -> Any:
    """Computes Fourier features of times.

    Args:
        t: `(B,)` from 0, noise, to 1, image.
        xp: module of the array functions: `numpy` or `keras.ops`.

    Returns:
        `(B, 64) float32`.
    """
    angles = t[:, None] * _FREQUENCIES
    return xp.concatenate([xp.cos(angles), xp.sin(angles)], axis=-1)
