"""The settings of masks that several tasks share; importing this loads no Keras."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from pydantic import AfterValidator

from studio.core.settings import setting
from studio.core.task_types import Slot

SELECTIONS = ("person", "background", "face")
SLOT = "mask"  # name of the slot, the setting and the flag


class MaskSettings(Protocol):
    """The settings of a task that takes masks; declare them with the functions below."""

    @property
    def mask(self) -> tuple[str, ...]:
        """Selections that replace masks from files."""

    @property
    def mask_feather(self) -> float:
        """Sigma of the Gaussian that softens edges, in percent of the longer side."""

    @property
    def mask_invert(self) -> bool:
        """Whether masks select everything else."""


def _check_selections(names: tuple[str, ...]) -> tuple[str, ...]:
    if set(names) - set(SELECTIONS):
        raise ValueError(" or ".join(f"`{name}`" for name in SELECTIONS))
    return names


Selections = Annotated[tuple[str, ...], AfterValidator(_check_selections)]


def selections(max_masks: int = 1) -> Any:
    """Declares the setting `mask`, of type `Selections`."""
    return setting(
        (),
        "Selects the person, the background or the face of the photo as the mask, without painting.",
        tier="hidden",
        max_length=max_masks,
    )


def feather() -> Any:
    """Declares the setting `mask_feather`."""
    return setting(
        0.0,
        "Softens the edges of masks with a Gaussian of this sigma, in percent of the longer side; raise it "
        "for a smoother transition.",
        unit="%",
        ge=0,
        le=10,
        step=0.5,
    )


def invert() -> Any:
    """Declares the setting `mask_invert`."""
    return setting(False, "Selects everything outside the mask instead.", tier="hidden", label="Invert mask")


def slot(help: str, max_masks: int = 1) -> Slot:
    """Returns the slot of masks from files, which also takes the names of selections."""
    return Slot(SLOT, "image", 0, max_masks, flag="--mask", help=help, names=SELECTIONS, is_overlay=True)
