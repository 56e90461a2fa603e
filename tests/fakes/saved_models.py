"""Saves models as training does: packed, then unpacked into a folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from studio.core.models import model_folder, presets
from studio.core.models.presets import Preset


def save(target: str | Path, *parts: Any) -> Preset:
    """Saves a model.

    Args:
        target: a name, or the path of a folder.
        parts: the arguments of `presets.pack`.
    """
    return presets.unpack(presets.pack(*parts), target)


def share(presets_by_name: dict[str, Preset], home: Path, other: Path) -> None:
    """Copies models to a new STUDIO_HOME that shares LiteRT files with another one: they take seconds."""
    for name, preset in presets_by_name.items():
        shutil.copytree(preset.folder, home / "presets" / name)
    converted = other / "cache" / "litert"
    converted.mkdir(parents=True, exist_ok=True)
    (home / "cache").mkdir()
    (home / "cache" / "litert").symlink_to(converted, target_is_directory=True)


def read_image(preset: Preset) -> bytes:
    """Reads the WebP of samples and training curves of a model."""
    return (preset.folder / model_folder.IMAGE).read_bytes()
