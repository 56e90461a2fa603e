"""The tasks of X-ray: feature maps of a photo, or the output of one filter."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import recipes
from studio.core.files import File
from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.weights import pretrained
from studio.xray import anatomy, drawing, sliding
from studio.xray.maps import PHOTO, Activations, compute
from studio.xray.settings import FilterSettings, LookSettings

LISTED = 12  # feature maps in the result
TOP_K = 5
_SILENT = 1e-6


def look(settings: LookSettings, inputs: Inputs, progress: Progress) -> Result:
    """Shows feature maps of a layer; the figures describe maps and layers, and ResNet50's predictions."""
    began, photo = time.monotonic(), inputs["content"][0]
    progress.stage(f"Running {backbones.find_spec(settings.backbone).title}")
    activations = compute(photo, settings.backbone, settings.size, settings.off, progress)
    maps = activations.maps[settings.layer_name]
    strengths = maps.std(axis=(0, 1))
    strongest = [int(number) for number in np.argsort(-strengths, kind="stable")[:LISTED]]
    channel = strongest[0] if settings.channel is None else settings.channel
    feature_map = maps[..., channel]
    layers = anatomy.layers(backbones.load(settings.backbone, progress))
    layer = next(layer for layer in layers if layer.name == settings.layer_name)
    position, box = _position(settings, feature_map.shape, layer, activations.photo.shape)
    canvas = activations.photo if settings.show == "maps" else image_io.read(photo.read(), photo.name)
    image = _draw(settings, maps, canvas, strongest, channel, position, box)
    figures = {
        "seconds": time.monotonic() - began,
        "channel": channel,
        "loudest": [{"channel": number, "strength": float(strengths[number])} for number in strongest],
        "strengths": [round(float(number), 4) for number in strengths],
        "silent": float((maps.max(axis=(0, 1)) <= _SILENT).mean()),
        "place": position,
        "at_place": float(feature_map[position]),
        "most": float(feature_map.max()),
        "field": layer.columns.side,  # named layers see as many rows as columns
        "step": layer.columns.step,
        "box": box,
        "seen": list(activations.photo.shape[:2]),
        "layers": _layers(settings, activations, layers, progress),
    }
    figures |= _predictions(settings, activations, photo, progress)
    recipe = recipes.make("xray.look", settings, inputs, activations.weights)
    name = f"{Path(photo.name).stem}-{settings.show}.png"
    return Result((File.keep(image_io.encode_png(image, recipe), "image", name),), figures, recipe)


def slide(settings: FilterSettings, inputs: Inputs, progress: Progress) -> Result:
    """Applies one filter of VGG16 to a photo; the figures explain one sum."""
    began, photo = time.monotonic(), inputs["content"][0]
    progress.stage("Applying the filter")
    activations = compute(photo, "vgg16", settings.size, (), progress)
    layer_inputs = activations.maps[_before(settings.layer)]
    kernel, bias = backbones.load("vgg16", progress).model.get_layer(settings.layer).get_weights()
    result = sliding.slide(layer_inputs, kernel[..., settings.channel], bias[settings.channel], settings)
    image = drawing.to_colors(drawing.normalize(result.map), drawing.LARGE)
    figures = {
        "seconds": time.monotonic() - began,
        "given": list(layer_inputs.shape),
        "sums": list(result.sums.shape),
        "map": list(result.map.shape),
        "place": result.position,
        **result.terms,
    }
    recipe = recipes.make("xray.filter", settings, inputs, activations.weights)
    name = f"{Path(photo.name).stem}-filter.png"
    return Result((File.keep(image_io.encode_png(image, recipe), "image", name),), figures, recipe)


def _before(layer: str) -> str:
    """Returns the layer before one of VGG16; PHOTO for the first."""
    names = [PHOTO, *backbones.find_spec("vgg16").layers]
    return names[names.index(layer) - 1]


def _position(
    settings: LookSettings, shape: tuple[int, ...], layer: anatomy.Layer, photo: tuple[int, ...]
) -> tuple[tuple[int, int], list[float]]:
    """Returns the chosen map position and its receptive field: top, left, bottom, right, as shares."""
    position = round(settings.down * (shape[0] - 1)), round(settings.across * (shape[1] - 1))
    (top, bottom), (left, right) = layer.rows.of(position[0]), layer.columns.of(position[1])
    height, width = photo[:2]
    return position, [top / height, left / width, (bottom + 1) / height, (right + 1) / width]


def _draw(
    settings: LookSettings,
    maps: np.ndarray,
    photo: np.ndarray,
    strongest: list[int],
    channel: int,
    position: tuple[int, int],
    box: list[float],
) -> np.ndarray:
    feature_map = maps[..., channel]
    if settings.show == "maps":
        return drawing.grid(maps, strongest)
    if settings.show == "mask":
        return drawing.mask(photo, feature_map)
    image = drawing.overlay(photo, feature_map)
    if not settings.field:
        return image
    dot = (position[0] + 0.5) / feature_map.shape[0], (position[1] + 0.5) / feature_map.shape[1]
    return drawing.frame(image, (box[0], box[1], box[2], box[3]), dot)


def _layers(
    settings: LookSettings, activations: Activations, layers: tuple[anatomy.Layer, ...], progress: Progress
) -> list[dict[str, Any]]:
    """Describes every named layer for this photo."""
    backbone = backbones.load(settings.backbone, progress)
    sides = anatomy.sides(backbone, activations.photo.shape[0], activations.photo.shape[1])
    return [
        {
            "name": layer.name,
            "height": sides[layer.name][0],
            "width": sides[layer.name][1],
            "channels": backbone.spec.layers[layer.name],
            "parameters": layer.parameters,
            "field": layer.columns.side,
        }
        for layer in layers
    ]


def _predictions(
    settings: LookSettings, activations: Activations, photo: File, progress: Progress
) -> dict[str, Any]:
    """Returns ResNet50's predictions before and after branches were switched off."""
    if activations.probabilities is None:
        return {}
    before = activations
    if settings.off:
        before = compute(photo, settings.backbone, settings.size, (), progress)
    assert before.probabilities is not None
    names = pretrained.load("imagenet-labels", progress).model.names
    top = np.argsort(-before.probabilities)[:TOP_K]
    new = [number for number in np.argsort(-activations.probabilities)[:TOP_K] if number not in top]
    return {
        "answers": [
            {
                "label": names[number],
                "before": float(before.probabilities[number]),
                "after": float(activations.probabilities[number]),
            }
            for number in [*top, *new]
        ],
        "shares": dict(before.shares),
    }
