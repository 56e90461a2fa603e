"""X-ray as tasks: a photo in; maps of it, a map over it or as a mask, or what one filter makes of it, out."""

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
from studio.xray.maps import PHOTO, Seen, seen
from studio.xray.settings import FilterSettings, LookSettings

LISTED = 12  # maps that are shown and told
ANSWERS = 5
_SILENT = 1e-6


def look(settings: LookSettings, inputs: Inputs, progress: Progress) -> Result:
    """Shows what a layer makes of a photo; tells its maps, its layers and, of ResNet50, its answers."""
    began, photo = time.monotonic(), inputs["content"][0]
    progress.stage(f"Running {backbones.spec(settings.backbone).title}")
    found = seen(photo, settings.backbone, settings.size, settings.off, progress)
    maps = found.maps[settings.seen]
    strengths = maps.std(axis=(0, 1))
    loudest = [int(one) for one in np.argsort(-strengths, kind="stable")[:LISTED]]
    channel = loudest[0] if settings.channel is None else settings.channel
    chosen = maps[..., channel]
    known = anatomy.layers(backbones.load(settings.backbone, progress))
    layer = next(one for one in known if one.name == settings.seen)
    place, box = _place(settings, chosen.shape, layer, found.photo.shape)
    large = found.photo if settings.show == "maps" else image_io.read(photo.read(), photo.name)
    image = _drawn(settings, maps, large, loudest, channel, place, box)
    told = {
        "seconds": time.monotonic() - began,
        "channel": channel,
        "loudest": [{"channel": one, "strength": float(strengths[one])} for one in loudest],
        "strengths": [round(float(one), 4) for one in strengths],
        "silent": float((maps.max(axis=(0, 1)) <= _SILENT).mean()),
        "place": place,
        "at_place": float(chosen[place]),
        "most": float(chosen.max()),
        "field": layer.columns.side,  # named layers see as many rows as columns
        "step": layer.columns.step,
        "box": box,
        "seen": list(found.photo.shape[:2]),
        "layers": _layers(settings, found, known, progress),
    }
    told |= _answers(settings, found, photo, progress)
    recipe = recipes.make("xray.look", settings, inputs, found.weights)
    name = f"{Path(photo.name).stem}-{settings.show}.png"
    return Result((File.keep(image_io.encode_png(image, recipe), "image", name),), told, recipe)


def slide(settings: FilterSettings, inputs: Inputs, progress: Progress) -> Result:
    """Slides one filter of VGG16 over what it is given of a photo, and tells how one sum came about."""
    began, photo = time.monotonic(), inputs["content"][0]
    progress.stage("Applying the filter")
    found = seen(photo, "vgg16", settings.size, (), progress)
    given = found.maps[_before(settings.layer)]
    kernel, bias = backbones.load("vgg16", progress).model.get_layer(settings.layer).get_weights()
    slid = sliding.slide(given, kernel[..., settings.channel], bias[settings.channel], settings)
    image = drawing.squares(drawing.warmth(slid.map), drawing.LARGE)
    told = {
        "seconds": time.monotonic() - began,
        "given": list(given.shape),
        "sums": list(slid.sums.shape),
        "map": list(slid.map.shape),
        "place": slid.place,
        **slid.reckoned,
    }
    recipe = recipes.make("xray.filter", settings, inputs, found.weights)
    name = f"{Path(photo.name).stem}-filter.png"
    return Result((File.keep(image_io.encode_png(image, recipe), "image", name),), told, recipe)


def _before(layer: str) -> str:
    """The layer of VGG16 whose maps one is given; PHOTO for the first."""
    names = [PHOTO, *backbones.spec("vgg16").layers]
    return names[names.index(layer) - 1]


def _place(
    settings: LookSettings, shape: tuple[int, ...], layer: anatomy.Layer, photo: tuple[int, ...]
) -> tuple[tuple[int, int], list[float]]:
    """The place of the map that was asked for, and what it sees: top, left, bottom, right, as shares."""
    place = round(settings.down * (shape[0] - 1)), round(settings.across * (shape[1] - 1))
    (top, bottom), (left, right) = layer.rows.of(place[0]), layer.columns.of(place[1])
    height, width = photo[:2]
    return place, [top / height, left / width, (bottom + 1) / height, (right + 1) / width]


def _drawn(
    settings: LookSettings,
    maps: np.ndarray,
    large: np.ndarray,
    loudest: list[int],
    channel: int,
    place: tuple[int, int],
    box: list[float],
) -> np.ndarray:
    chosen = maps[..., channel]
    if settings.show == "maps":
        return drawing.grid(maps, loudest)
    if settings.show == "mask":
        return drawing.mask(large, chosen)
    image = drawing.over(large, chosen)
    if not settings.field:
        return image
    dot = (place[0] + 0.5) / chosen.shape[0], (place[1] + 0.5) / chosen.shape[1]
    return drawing.framed(image, (box[0], box[1], box[2], box[3]), dot)


def _layers(
    settings: LookSettings, found: Seen, known: tuple[anatomy.Layer, ...], progress: Progress
) -> list[dict[str, Any]]:
    """Every named layer in numbers, for this very photo."""
    backbone = backbones.load(settings.backbone, progress)
    sides = anatomy.sides(backbone, found.photo.shape[0], found.photo.shape[1])
    return [
        {
            "name": one.name,
            "height": sides[one.name][0],
            "width": sides[one.name][1],
            "channels": backbone.spec.layers[one.name],
            "parameters": one.parameters,
            "field": one.columns.side,
        }
        for one in known
    ]


def _answers(settings: LookSettings, found: Seen, photo: File, progress: Progress) -> dict[str, Any]:
    """What ResNet50 takes the photo for, before and after branches were switched off."""
    if found.answer is None:
        return {}
    before = found
    if settings.off:
        before = seen(photo, settings.backbone, settings.size, (), progress)
    assert before.answer is not None
    names = pretrained.load("imagenet-labels", progress).model.names
    top = np.argsort(-before.answer)[:ANSWERS]
    new = [one for one in np.argsort(-found.answer)[:ANSWERS] if one not in top]
    return {
        "answers": [
            {"label": names[one], "before": float(before.answer[one]), "after": float(found.answer[one])}
            for one in [*top, *new]
        ],
        "shares": dict(before.shares),
    }
