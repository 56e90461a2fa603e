"""Trained classifiers on a network that nobody else has: their folders hold all of it, not the head alone.

What a folder describes is untrusted, so that it is opened as an imported model is.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.classify.data import matching
from studio.classify.models import imported_classifier
from studio.classify.models.classifier import Classifier
from studio.core import owners, paths
from studio.core.errors import invalid
from studio.core.models.presets import Preset
from studio.core.tasks import File
from studio.imported import containers, keras_files

if TYPE_CHECKING:
    import keras

KEY = "network"  # in a folder's settings.json
_MEMBER = "model.keras"
_FIRST = (1980, 1, 1, 0, 0, 0)  # of members: the same folder makes the same bytes


def description(network: keras.Model, base: Classifier, title: str) -> dict[str, Any]:
    """What a folder keeps of such a network besides its weights.

    Args:
        network: from images as `base` takes them to probabilities.
        base: on what it sees the head was trained.
        title: of its file.
    """
    with tempfile.TemporaryDirectory(dir=paths.folder("cache")) as place:
        path = Path(place) / _MEMBER
        network.save(path)
        with zipfile.ZipFile(path) as file:
            members = {one: file.read(one).decode() for one in (keras_files.CONFIG, keras_files.METADATA)}
    side = matching.side(base.size)
    return {
        "members": members,
        "preprocessing": base.preprocessing,
        "flat": base.flat,
        "side": side,
        "title": title,
    }


def side_of(preset: Preset) -> int | None:
    """The px that images are read at for one; None for a preset that holds a head alone.

    Raises:
        InvalidInput: if its folder is not whole.
    """
    told = _told(preset)
    return int(told["side"]) if told else None


def open(preset: Preset, classes: tuple[str, ...]) -> Classifier | None:
    """The classifier of such a folder; None for a preset that holds a head alone.

    The first time this takes as long as loading Keras in another process.

    Raises:
        InvalidInput: if its folder is not whole, or its network cannot be taken.
    """
    told = _told(preset)
    if told is None:
        return None
    data = containers.packed(
        {
            _MEMBER: _packed(told["members"], preset.weights().read_bytes()),
            containers.METADATA: json.dumps({"preprocessing": told["preprocessing"]}).encode(),
        }
    )
    digest = paths.keep(data)  # on the disk even where results stay in memory: a sandbox reads it
    owners.grant(digest)
    found = imported_classifier.open(File(digest, "model", f"{preset.name}.zip"), flat=told["flat"])
    if len(found.classes) != len(classes):
        raise _broken(preset, f"{len(found.classes):,} classes", f"{len(classes):,}")
    return replace(found, name=preset.name, digest=preset.digest, classes=classes)


def _packed(members: dict[str, str], weights: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        for name, text in members.items():
            file.writestr(zipfile.ZipInfo(name, _FIRST), text)
        file.writestr(zipfile.ZipInfo(keras_files.WEIGHTS, _FIRST), weights)
    return body.getvalue()


def _told(preset: Preset) -> dict[str, Any] | None:
    told = preset.data().get(KEY)
    if told is None:
        return None
    kinds = {"members": dict, "preprocessing": str, "flat": bool, "side": int, "title": str}
    if not isinstance(told, dict) or not all(isinstance(told.get(key), kind) for key, kind in kinds.items()):
        raise _broken(preset, "the network that it was trained on", "another text")
    members = told["members"]
    known = {keras_files.CONFIG, keras_files.METADATA}
    if members.keys() != known or not all(isinstance(one, str) for one in members.values()):
        raise _broken(preset, "the network that it was trained on", "a part of the network")
    if not 1 <= told["side"] <= keras_files.MOST_SIDE:
        raise _broken(preset, f"images of at most {keras_files.MOST_SIDE:,} px", f"{told['side']} px")
    return told


def _broken(preset: Preset, expected: str, received: str) -> Exception:
    step = "copy the model or train it again"
    return invalid(f"preset {preset.name}", expected=expected, received=received, next_step=step)
