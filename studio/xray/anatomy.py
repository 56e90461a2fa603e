"""The layers of a network: parameters and receptive fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.core.objectives.backbones import Backbone

if TYPE_CHECKING:
    import keras


class ReceptiveField(NamedTuple):
    """The receptive field of positions in a feature map, along one axis of the photo.

    Attributes:
        step: px of the photo between neighboring positions.
        first, last: first and last px that position 0 sees; negative px are padding.
    """

    step: int = 1
    first: int = 0
    last: int = 0

    @property
    def side(self) -> int:
        """Size of the receptive field in px."""
        return self.last - self.first + 1

    def pixels_at(self, position: int) -> tuple[int, int]:
        """Returns the first and the last px of the photo that a position depends on."""
        return position * self.step + self.first, position * self.step + self.last


class Layer(NamedTuple):
    """A named layer.

    Attributes:
        name: of the layer.
        parameters: number of parameters since the previous named layer.
        rows, columns: vertical and horizontal receptive field.
    """

    name: str
    parameters: int
    rows: ReceptiveField
    columns: ReceptiveField


def describe_layers(backbone: Backbone) -> tuple[Layer, ...]:
    """Returns the named layers of a backbone, from the image on."""
    return _describe_layers(backbone.model, tuple(backbone.spec.layers))


def compute_map_sizes(backbone: Backbone, height: int, width: int) -> Mapping[str, tuple[int, int]]:
    """Returns the height and width of each named layer's feature maps for a photo of this size."""
    return _compute_map_sizes(backbone.build_extractor(tuple(backbone.spec.layers)), height, width)


@lru_cache(maxsize=16)
def _compute_map_sizes(extractor: keras.Model, height: int, width: int) -> Mapping[str, tuple[int, int]]:
    shapes = extractor.compute_output_shape((1, height, width, 3))
    return {name: shape[1:3] for name, shape in shapes.items()}


@lru_cache(maxsize=4)
def _describe_layers(model: keras.Model, names: tuple[str, ...]) -> tuple[Layer, ...]:
    rows, columns = _compute_receptive_fields(model, 0), _compute_receptive_fields(model, 1)
    named_layers, parameters = [], 0
    for layer in model.layers:
        parameters += layer.count_params()
        if layer.name in names:
            named_layers.append(Layer(layer.name, parameters, rows[layer.name], columns[layer.name]))
            parameters = 0
    return tuple(sorted(named_layers, key=lambda layer: names.index(layer.name)))


def _compute_receptive_fields(model: keras.Model, axis: int) -> dict[str, ReceptiveField]:
    """Returns the receptive field of every layer along one axis: 0 vertical, 1 horizontal."""
    fields: dict[str, ReceptiveField] = {}
    for layer in model.layers:
        inputs = [fields[name] for name in _list_input_names(layer)]
        fields[layer.name] = (
            _compute_output_field(layer, axis, _unite_fields(inputs)) if inputs else ReceptiveField()
        )
    return fields


def _list_input_names(layer: keras.Layer) -> list[str]:
    """Returns the names of the layers whose output a layer reads; Keras stores them with each tensor."""
    if type(layer).__name__ == "InputLayer":
        return []
    tensors = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
    return [tensor._keras_history.operation.name for tensor in tensors]


def _unite_fields(fields: list[ReceptiveField]) -> ReceptiveField:
    """Returns the receptive field of feature maps that are added or concatenated."""
    return ReceptiveField(
        fields[0].step, min(field.first for field in fields), max(field.last for field in fields)
    )


def _compute_output_field(layer: keras.Layer, axis: int, field: ReceptiveField) -> ReceptiveField:
    """Returns the receptive field of a layer's output, from that of its input."""
    kernel, stride, padding = _read_window(layer, axis)
    return ReceptiveField(
        field.step * stride,
        field.first - padding * field.step,
        field.last + (kernel - 1 - padding) * field.step,
    )


def _read_window(layer: Any, axis: int) -> tuple[int, int, int]:
    """Returns kernel size, stride and leading padding of a layer along one axis."""
    class_name = type(layer).__name__
    if class_name == "ZeroPadding2D":
        return 1, 1, layer.padding[axis][0]
    if class_name in ("MaxPooling2D", "AveragePooling2D"):
        kernel, stride = layer.pool_size[axis], layer.strides[axis]
    elif class_name == "Conv2D":
        kernel, stride = layer.kernel_size[axis], layer.strides[axis]
    else:
        return 1, 1, 0
    return kernel, stride, (kernel - 1) // 2 if layer.padding == "same" else 0
