"""The layers of a network in numbers: their parameters, and how much of the photo each place can see."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.core.objectives.backbones import Backbone

if TYPE_CHECKING:
    import keras


class Field(NamedTuple):
    """What the places of a map can see of the photo, the same along and across.

    Attributes:
        step: px of the photo from one place to the next.
        first, last: the first and the last px that place 0 can see; before 0 lies what pads the photo.
    """

    step: int = 1
    first: int = 0
    last: int = 0

    @property
    def side(self) -> int:
        """How many px wide that is."""
        return self.last - self.first + 1

    def of(self, place: int) -> tuple[int, int]:
        """The first and the last px that one place can see."""
        return place * self.step + self.first, place * self.step + self.last


class Layer(NamedTuple):
    """A layer that has a name people use.

    Attributes:
        parameters: how many numbers were learnt for it, since the named layer before it.
    """

    name: str
    parameters: int
    field: Field


def layers(backbone: Backbone) -> tuple[Layer, ...]:
    """The named layers of a backbone, from the picture inwards."""
    return _layers(backbone.model, tuple(backbone.spec.layers))


def sides(backbone: Backbone, height: int, width: int) -> Mapping[str, tuple[int, int]]:
    """The height and width of the maps of each named layer, for a photo of this size."""
    return _sides(backbone.features(tuple(backbone.spec.layers)), height, width)


@lru_cache(maxsize=16)
def _sides(extractor: keras.Model, height: int, width: int) -> Mapping[str, tuple[int, int]]:
    shapes = extractor.compute_output_shape((1, height, width, 3))
    return {name: shape[1:3] for name, shape in shapes.items()}


@lru_cache(maxsize=4)
def _layers(model: keras.Model, names: tuple[str, ...]) -> tuple[Layer, ...]:
    fields: dict[str, Field] = {}
    found, counted = [], 0
    for layer in model.layers:
        before = [fields[one] for one in _before(layer)]
        fields[layer.name] = _seen(layer, _together(before)) if before else Field()
        counted += layer.count_params()
        if layer.name in names:
            found.append(Layer(layer.name, counted, fields[layer.name]))
            counted = 0
    return tuple(sorted(found, key=lambda one: names.index(one.name)))


def _before(layer: keras.Layer) -> list[str]:
    """The layers that one is given, which Keras keeps with every use of it."""
    if type(layer).__name__ == "InputLayer":
        return []
    given = layer.input
    tensors = given if isinstance(given, list | tuple) else [given]
    return [tensor._keras_history.operation.name for tensor in tensors]


def _together(fields: list[Field]) -> Field:
    """What several maps of one size see, laid upon each other."""
    return Field(fields[0].step, min(field.first for field in fields), max(field.last for field in fields))


def _seen(layer: keras.Layer, before: Field) -> Field:
    reach, stride, padded = _window(layer)
    return Field(
        before.step * stride,
        before.first - padded * before.step,
        before.last + (reach - 1 - padded) * before.step,
    )


def _window(layer: Any) -> tuple[int, int, int]:
    """How many places a layer looks at at once, how far it moves, and how many lie before the border."""
    kind = type(layer).__name__
    if kind == "ZeroPadding2D":
        return 1, 1, layer.padding[0][0]
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        reach, stride = max(layer.pool_size), max(layer.strides)
    elif kind == "Conv2D":
        reach, stride = max(layer.kernel_size), max(layer.strides)
    else:
        return 1, 1, 0
    return reach, stride, (reach - 1) // 2 if layer.padding == "same" else 0
