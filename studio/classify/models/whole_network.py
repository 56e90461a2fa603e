"""Classifiers trained on another classifier: their folders store the whole network, not the head alone.

Descriptions in a folder are untrusted, so they are loaded as an imported model is.
"""

from __future__ import annotations

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
from studio.core.errors import InvalidInput, invalid
from studio.core.models import model_zip
from studio.core.models.presets import Preset
from studio.core.tasks import File
from studio.imported import containers, keras_files

if TYPE_CHECKING:
    import keras

KEY = "network"  # in a folder's settings.json
_MEMBER = "model.keras"


def describe(network: keras.Model, base: Classifier, title: str) -> dict[str, Any]:
    """Returns what a folder stores of a whole network besides its weights.

    Args:
        network: from preprocessed images to probabilities.
        base: the classifier whose features the head was trained on.
        title: name of its file.
    """
    with tempfile.TemporaryDirectory(dir=paths.ensure_folder("cache")) as folder:
        path = Path(folder) / _MEMBER
        network.save(path)
        with zipfile.ZipFile(path) as file:
            members = {name: file.read(name).decode() for name in (keras_files.CONFIG, keras_files.METADATA)}
    return {
        "members": members,
        "preprocessing": base.preprocessing,
        "flat": base.flat,
        "side": matching.dataset_side(base.size),
        "title": title,
    }


def side_of(preset: Preset) -> int | None:
    """Returns the side in px at which images are read; None for a preset that stores a head alone.

    Raises:
        InvalidInput: if its folder is incomplete.
    """
    record = _read_record(preset)
    return int(record["side"]) if record else None


def load(preset: Preset, classes: tuple[str, ...]) -> Classifier | None:
    """Returns the classifier of a folder with a whole network; None for a preset that stores a head alone.

    The first call takes as long as loading Keras in another process.

    Raises:
        InvalidInput: if its folder is incomplete, or its network is refused.
    """
    record = _read_record(preset)
    if record is None:
        return None
    data = containers.pack(
        {
            _MEMBER: model_zip.write_zip(
                {**record["members"], keras_files.WEIGHTS: preset.check_weights().read_bytes()}
            ),
            containers.METADATA: json.dumps({"preprocessing": record["preprocessing"]}).encode(),
        }
    )
    digest = paths.store(data)  # on the disk even if results are kept in memory: a sandbox reads it
    owners.grant(digest)
    classifier = imported_classifier.load(File(digest, "model", f"{preset.name}.zip"), flat=record["flat"])
    if len(classifier.classes) != len(classes):
        raise _incomplete_folder_error(preset, f"{len(classifier.classes):,} classes", f"{len(classes):,}")
    return replace(classifier, name=preset.name, digest=preset.digest, classes=classes)


def _read_record(preset: Preset) -> dict[str, Any] | None:
    """Returns what `describe` stored, checked; None for a preset that stores a head alone."""
    record = preset.read_data().get(KEY)
    if record is None:
        return None
    kinds = {"members": dict, "preprocessing": str, "flat": bool, "side": int, "title": str}
    if not isinstance(record, dict) or not all(
        isinstance(record.get(key), kind) for key, kind in kinds.items()
    ):
        raise _incomplete_folder_error(preset, "the network that it was trained on", "another text")
    members = record["members"]
    required = {keras_files.CONFIG, keras_files.METADATA}
    if members.keys() != required or not all(isinstance(text, str) for text in members.values()):
        raise _incomplete_folder_error(preset, "the network that it was trained on", "a part of the network")
    if not 1 <= record["side"] <= keras_files.MAX_SIDE:
        raise _incomplete_folder_error(
            preset, f"images of at most {keras_files.MAX_SIDE:,} px", f"{record['side']} px"
        )
    return record


def _incomplete_folder_error(preset: Preset, expected: str, received: str) -> InvalidInput:
    return invalid(
        f"preset {preset.name}",
        expected=expected,
        received=received,
        next_step="copy the model or train it again",
    )
