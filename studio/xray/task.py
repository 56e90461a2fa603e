"""The tasks of X-ray: feature maps of a photo, or the output of one filter."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import recipes
from studio.core.files import File
from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.weights import pretrained
from studio.xray import anatomy, drawing, sliding
from studio.xray.maps import INPUT_KEY, Activations, compute
from studio.xray.settings import FilterSettings, XraySettings

LISTED_MAPS = 12  # feature maps in the result
TOP_K = 5  # predictions in the result
_MIN_AREA = 1e-6  # positions; avoids a division by zero where a mask covers all or nothing
_INACTIVE = 1e-6  # channels with this maximum or less count as inactive


def show_maps(settings: XraySettings, inputs: Inputs, progress: Progress) -> Result:
    """Shows feature maps of a layer; the figures describe maps and layers, and ResNet50's predictions."""
    began, photo = time.monotonic(), inputs["content"][0]
    progress.report_stage(f"Running {backbones.find_spec(settings.backbone).title}")
    activations = compute(photo, settings.backbone, settings.size, settings.off, progress)
    maps = activations.maps[settings.layer_name]
    masks = task_masks.resolve(settings, inputs, activations.photo, progress)
    strengths = measure_contrast(maps, masks.arrays[0]) if masks.arrays else maps.std(axis=(0, 1))
    strongest = [int(index) for index in np.argsort(-strengths, kind="stable")[:LISTED_MAPS]]
    channel = strongest[0] if settings.channel is None else settings.channel
    feature_map = maps[..., channel]
    layers = anatomy.describe_layers(backbones.load(settings.backbone, progress))
    layer = next(layer for layer in layers if layer.name == settings.layer_name)
    position, box = _locate_position(settings, feature_map.shape, layer, activations.photo.shape)
    image = _draw_channels(settings, maps, photo, strongest, channel, position, box)
    figures = {
        "seconds": time.monotonic() - began,
        "channel": channel,
        "masked": bool(masks.arrays),
        "strongest": [{"channel": index, "strength": float(strengths[index])} for index in strongest],
        "strengths": [round(float(strength), 4) for strength in strengths],
        "inactive_share": float((maps.max(axis=(0, 1)) <= _INACTIVE).mean()),
        "position": position,
        "activation": float(feature_map[position]),
        "max_activation": float(feature_map.max()),
        "receptive_field": layer.columns.side,  # named layers see as many rows as columns
        "step": layer.columns.step,
        "box": box,
        "input_size": list(activations.photo.shape[:2]),
        "layers": _describe_layers(settings, activations, layers, progress),
    }
    figures |= _compare_predictions(settings, activations, photo, progress)
    recipe = recipes.make("xray.look", settings, inputs, activations.weights | masks.weights)
    name = f"{Path(photo.name).stem}-{settings.show}.png"
    return Result((File.store(image_io.encode_png(image, recipe), "image", name),), figures, recipe)


def measure_contrast(maps: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns how much more each channel responds inside a mask than outside, in standard deviations.

    Args:
        maps: `(h, w, C) float32`.
        mask: `(H, W) float32 in [0, 1]`, stretched to the maps.

    Returns:
        `(C,) float32`: the difference of the mean activations, over the standard deviation at all positions.
    """
    inside = task_masks.resize(mask, *maps.shape[:2])[..., None]
    mean_inside, mean_outside = (
        (maps * share).sum(axis=(0, 1)) / max(float(share.sum()), _MIN_AREA) for share in (inside, 1 - inside)
    )
    return (mean_inside - mean_outside) / np.maximum(maps.std(axis=(0, 1)), _INACTIVE)


def apply_filter(settings: FilterSettings, inputs: Inputs, progress: Progress) -> Result:
    """Applies one filter of VGG16 to a photo; the figures explain one sum."""
    began, photo = time.monotonic(), inputs["content"][0]
    progress.report_stage("Applying the filter")
    activations = compute(photo, "vgg16", settings.size, (), progress)
    layer_inputs = activations.maps[_find_previous_layer(settings.layer)]
    kernel, bias = backbones.load("vgg16", progress).model.get_layer(settings.layer).get_weights()
    result = sliding.apply_filter(
        layer_inputs, kernel[..., settings.channel], bias[settings.channel], settings
    )
    image = drawing.draw_map(drawing.normalize(result.map), drawing.LARGE_SIDE)
    figures = {
        "seconds": time.monotonic() - began,
        "input_shape": list(layer_inputs.shape),
        "output_shape": list(result.sums.shape),
        "map_shape": list(result.map.shape),
        "position": result.position,
        **result.terms,
    }
    recipe = recipes.make("xray.filter", settings, inputs, activations.weights)
    name = f"{Path(photo.name).stem}-filter.png"
    return Result((File.store(image_io.encode_png(image, recipe), "image", name),), figures, recipe)


def _find_previous_layer(layer: str) -> str:
    """Returns the layer before one of VGG16; INPUT_KEY for the first."""
    names = [INPUT_KEY, *backbones.find_spec("vgg16").layers]
    return names[names.index(layer) - 1]


def _locate_position(
    settings: XraySettings, shape: tuple[int, ...], layer: anatomy.Layer, photo: tuple[int, ...]
) -> tuple[tuple[int, int], list[float]]:
    """Returns the chosen map position and its receptive field: top, left, bottom, right, as shares."""
    position = round(settings.down * (shape[0] - 1)), round(settings.across * (shape[1] - 1))
    (top, bottom), (left, right) = layer.rows.pixels_at(position[0]), layer.columns.pixels_at(position[1])
    height, width = photo[:2]
    return position, [top / height, left / width, (bottom + 1) / height, (right + 1) / width]


def _draw_channels(
    settings: XraySettings,
    maps: np.ndarray,
    photo: File,
    strongest: list[int],
    channel: int,
    position: tuple[int, int],
    box: list[float],
) -> np.ndarray:
    """Draws the strongest channels, or one over the photo or as a mask, `(H, W, 3) uint8`."""
    if settings.show == "maps":
        return drawing.draw_grid(maps, strongest)
    feature_map, photo_pixels = maps[..., channel], image_io.read(photo.read(), photo.name)
    if settings.show == "mask":
        return drawing.draw_mask(photo_pixels, feature_map)
    image = drawing.draw_overlay(photo_pixels, feature_map)
    if not settings.field:
        return image
    dot = (position[0] + 0.5) / feature_map.shape[0], (position[1] + 0.5) / feature_map.shape[1]
    return drawing.draw_frame(image, (box[0], box[1], box[2], box[3]), dot)


def _describe_layers(
    settings: XraySettings, activations: Activations, layers: tuple[anatomy.Layer, ...], progress: Progress
) -> list[dict[str, Any]]:
    """Describes every named layer for this photo."""
    backbone = backbones.load(settings.backbone, progress)
    sides = anatomy.compute_map_sizes(backbone, activations.photo.shape[0], activations.photo.shape[1])
    return [
        {
            "name": layer.name,
            "height": sides[layer.name][0],
            "width": sides[layer.name][1],
            "channels": backbone.spec.layers[layer.name],
            "parameters": layer.parameters,
            "receptive_field": layer.columns.side,
        }
        for layer in layers
    ]


def _compare_predictions(
    settings: XraySettings, activations: Activations, photo: File, progress: Progress
) -> dict[str, Any]:
    """Returns ResNet50's predictions with and without some branches; empty for other networks."""
    if activations.probabilities is None:
        return {}
    before = activations
    if settings.off:
        before = compute(photo, settings.backbone, settings.size, (), progress)
    assert before.probabilities is not None
    names = pretrained.load("imagenet-labels", progress).model.names
    top_before = np.argsort(-before.probabilities)[:TOP_K]
    top_after = np.argsort(-activations.probabilities)[:TOP_K]
    indices = [*top_before, *(index for index in top_after if index not in top_before)]
    return {
        "predictions": [
            {
                "label": names[index],
                "before": float(before.probabilities[index]),
                "after": float(activations.probabilities[index]),
            }
            for index in indices
        ],
        "norm_ratios": before.norm_ratios,
    }
