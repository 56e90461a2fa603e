"""Inputs of the Restore page: the photo, and corrections of the damage that is found."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.form import estimates, image_input, mask_brush, samples
from pages.form.samples import Sample
from pages.restore import damage_view
from studio.colorize import backbone
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.tasks import File, Inputs
from studio.restore.settings import RestoreSettings

TASK = "restore.apply"
CORRECT_KEY = "correct_damage"
SLOTS = {"Damage": "damage_mask", "Keep": "keep_mask"}  # by name of the brush
_CORRECT_HELP = "Shows the damage that is found, and lets you add to it or protect a part of the photo"
_BRUSH_CAPTION = (
    "Red: will be filled. Paint **Damage** over what was missed, and **Keep** over what is no damage."
)


@dataclass(frozen=True)
class Request:
    """A photo to restore.

    Attributes:
        content: the photo.
        corrections: painted masks by slot.
    """

    content: Sample
    corrections: tuple[tuple[str, File], ...] = ()

    @property
    def identity(self) -> object:
        """Identifies the request: equal for equal inputs."""
        return self.content.identity, self.corrections

    def build_inputs(self) -> Inputs:
        """Returns the input files of a run."""
        return {"content": [self.content.get_file()], **{slot: [file] for slot, file in self.corrections}}

    def show_start_preview(self, settings: RestoreSettings) -> None:
        """Shows the photo, with one line below it that says what Start does."""
        content = self.content.get_file()
        height, width = image_io.read_upright_size(content.read())
        scale = 1 if settings.mask_only else settings.scale
        what = "a damage mask" if settings.mask_only else "a photo"
        action = f"makes {what} of {round(scale * width):,} x {round(scale * height):,} px"
        needs: list[str] = []
        if settings.colorize and not settings.mask_only:
            needs += backbone.list_needs(presets.find(settings.colorizer))
        estimates.show_start(content, action, TASK, settings, self.build_inputs(), needs)


def ask_photo() -> Sample:
    """Asks for the photo."""
    return image_input.choose_image("content", "Photo", samples.list_old_photos())


def ask_corrections(photo: Sample, settings: RestoreSettings | None) -> Request:
    """Asks whether to correct the damage that is found in a photo, and for the corrections.

    Args:
        photo: the chosen photo.
        settings: of the form; None if they are wrong.
    """
    is_on = st.toggle("Correct the damage", key=CORRECT_KEY, bind="query-params", help=_CORRECT_HELP)
    if not is_on or settings is None:
        return Request(photo)
    file = photo.get_file()
    network = settings.network if settings.scratches else ""
    marked = damage_view.render(file.digest, network, settings.sensitivity)
    masks = mask_brush.ask_masks(file, list(SLOTS), _BRUSH_CAPTION, image=marked, shares_rest=False)
    # An empty mask changes nothing: it would only be one more input in the recipe.
    painted = [
        (slot, mask)
        for slot, mask in zip(SLOTS.values(), masks, strict=False)
        if image_io.read_mask(mask.read()).max() > 0
    ]
    return Request(photo, tuple(painted))
