"""Saves models as training does: packed, then unpacked into a folder."""

from __future__ import annotations

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


def read_image(preset: Preset) -> bytes:
    """Reads the WebP of samples and training curves of a model."""
    return (preset.folder / model_folder.IMAGE).read_bytes()
