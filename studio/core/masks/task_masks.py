"""The masks of a task: from files, or selected in the photo; and blending with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.core.masks import selection
from studio.core.masks.settings import SLOT, MaskSettings
from studio.core.progress import Progress
from studio.core.tasks import Inputs

_MIN_LEVEL = 8  # intensity from which a pixel of a mask counts as selected
_ALLOWS_EMPTY: ContextVar[bool] = ContextVar("allows_empty", default=False)  # set for the frames of a video


@dataclass(frozen=True)
class Masks:
    """Masks of a task.

    Attributes:
        arrays: `(H, W) float32 in [0, 1]` each, of any size.
        weights: SHA-256 of the networks that selected them, by name, for the recipe.
    """

    arrays: list[np.ndarray] = field(default_factory=list)
    weights: dict[str, str] = field(default_factory=dict)

    def blend(self, result: np.ndarray, photo: np.ndarray) -> np.ndarray:
        """Returns the result inside the only mask, the photo outside; the result if there is no mask."""
        return blend(result, photo, self.arrays[0]) if self.arrays else result


def check(settings: MaskSettings, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Raises `InvalidInput` if masks are both selected by name and given as files."""
    if settings.mask and inputs.get(SLOT):
        expected, step = "either names or files", "leave one of them out"
        raise invalid("masks", expected=expected, received="both", next_step=step)


def count(settings: MaskSettings, inputs: Mapping[str, Sequence[Any]]) -> int:
    """Returns the number of masks, from files or selected by name."""
    return len(inputs.get(SLOT, ())) or len(settings.mask)


def resolve(
    settings: MaskSettings, inputs: Inputs, photo: np.ndarray, progress: Progress | None = None
) -> Masks:
    """Reads the masks of a task, or selects them in its photo; feathers and inverts them.

    Args:
        settings: of the task.
        inputs: of the task.
        photo: `(H, W, 3 or 4) uint8`.
        progress: receives the progress of a download.

    Raises:
        InvalidInput: if a mask selects nothing.
        StudioError: as `pretrained.pull`.
    """
    masks = [image_io.read_mask(file.read(), file.name) for file in inputs.get(SLOT, ())]
    return prepare(masks, settings, photo, progress)


def prepare(
    masks: Sequence[np.ndarray], settings: MaskSettings, photo: np.ndarray, progress: Progress | None = None
) -> Masks:
    """Feathers and inverts masks as the settings say; without masks, selects those that the settings name.

    Args:
        masks: `(H, W, 3) uint8` each, 255 where selected.
        photo, progress: as for `resolve`, which also lists the errors.
    """
    for number, mask in enumerate(masks, start=1):
        if mask.max() < _MIN_LEVEL:
            problem = f"Mask {number} is black or transparent everywhere."
            raise InvalidInput(f"{problem} Paint where it should apply.")
    if not masks:
        return _select_masks(settings, photo, progress)
    shares = [mask.mean(axis=2, dtype="float32") / 255 for mask in masks]
    feather, is_inverted = settings.mask_feather / 100, settings.mask_invert
    return Masks([selection.refine(share, feather, is_inverted) for share in shares])


@contextlib.contextmanager
def allow_empty_selections() -> Iterator[None]:
    """Makes a selection that finds nothing an empty mask while open, for video frames without people.

    A context manager, because tasks take no arguments but settings, inputs and progress.
    """
    token = _ALLOWS_EMPTY.set(True)
    try:
        yield
    finally:
        _ALLOWS_EMPTY.reset(token)


def _select_masks(settings: MaskSettings, photo: np.ndarray, progress: Progress | None) -> Masks:
    """Selects the masks that the settings name in a photo, `(H, W, 3 or 4) uint8`."""
    if not settings.mask:
        return Masks()
    progress = progress or Progress()
    progress.report_stage("Selecting the mask")
    image = np.ascontiguousarray(photo[..., :3])
    arrays = [
        selection.select(
            image,
            name,
            feather=settings.mask_feather / 100,
            invert=settings.mask_invert,
            allow_empty=_ALLOWS_EMPTY.get(),
            progress=progress,
        )
        for name in settings.mask
    ]
    weights: dict[str, str] = {}
    for name in settings.mask:
        weights |= selection.read_digests(name)
    return Masks(arrays, weights)


def resize(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes a mask to `(height, width) float32 in [0, 1]`; stretches it if the aspect ratios differ."""
    if mask.shape == (height, width):
        return mask
    # Not Lanczos: its ringing would show as a line along the edges.
    resized = Image.fromarray(mask).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, "float32")


def to_levels(mask: np.ndarray) -> np.ndarray:
    """Converts a mask, `(H, W) float32 in [0, 1]`, to `(H, W, 3) uint8` with three equal channels."""
    return np.rint(mask * 255).astype("uint8")[..., None].repeat(3, axis=2)


def blend(result: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns the result inside a mask, and the photo outside.

    Args:
        result: `(H, W, C) uint8 or uint16`.
        photo: `(h, w, C)` of the same type, resized to the result.
        mask: `(h, w) float32 in [0, 1]`, stretched to the result.
    """
    height, width = result.shape[:2]
    photo, share = image_io.resize(photo, height, width), resize(mask, height, width)[..., None]
    return np.rint(photo + share * (result.astype("float32") - photo)).astype(result.dtype)
