"""The choice of a mask: the person, the background or the faces of the photo, or an area to paint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms, mask_brush, mask_input
from pages.widgets import words
from studio import engine
from studio.core.masks import selection
from studio.core.tasks import File

SELECTIONS = {"person": "Person", "background": "Background", "face": "Faces"}
_WHOLE, _BRUSH = "whole", "brush"
_SWITCH_KEY, _AREA_KEY = "masked", "area"
_HELP = "Changes only a part of the photo, and keeps the rest as it is"
_BRUSH_STYLE = "Mask"  # name of the only area that the brush paints
_BRUSH_CAPTION = "Paint the area of the mask, or select it with one click and refine it."


@dataclass(frozen=True)
class Mask:
    """The masks of a task.

    Attributes:
        names: selections, see `studio.core.masks.selection`; none with painted masks, or for the whole photo.
        files: painted masks.
    """

    names: tuple[str, ...] = ()
    files: tuple[File, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the weights that the selections use."""
        return list_needs(self.names)


def list_needs(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the weights that selections use."""
    return tuple(dict.fromkeys(weights for name in names for weights in selection.NETWORKS[name]))


def ask(get_photo: Callable[[], File] | None, help: str = _HELP) -> Mask:
    """Asks whether a result has a mask, and for the mask.

    Args:
        get_photo: returns the photo to paint on; None for a video, which can only be selected in.
        help: what the mask does.
    """
    if not st.toggle("Mask", key=_SWITCH_KEY, bind="query-params", help=help):
        return Mask()
    titles = SELECTIONS | ({_BRUSH: "Brush"} if get_photo else {})
    area = forms.ask_choice("Area", titles, key=_AREA_KEY, hide_label=True)
    if area == _BRUSH and get_photo:
        return Mask(files=tuple(mask_brush.ask_masks(get_photo(), [_BRUSH_STYLE], _BRUSH_CAPTION)))
    return Mask((area,))


def ask_for_styles(titles: Sequence[str]) -> tuple[str, ...]:
    """Asks where one or two styles go. Returns a selection for each, or none for the whole photo.

    Args:
        titles: of the styles.
    """
    if len(titles) == 1:
        areas: Mapping[str, tuple[str, ...]] = {name: (name,) for name in SELECTIONS}
        labels = dict(SELECTIONS)
    elif len(titles) == 2:
        areas = {"first": ("person", "background"), "second": ("background", "person")}
        names = map(words.escape, titles)
        labels = {area: f"{name} on the person" for area, name in zip(areas, names, strict=True)}
    else:
        return ()
    area = forms.ask_choice("Area", {_WHOLE: "All", **labels}, key=_AREA_KEY)
    if len(titles) == 2 and area in areas:
        background_title = titles[1 if area == "first" else 0]
        st.caption(f"{words.escape(background_title)} covers the background.")
    return areas.get(area, ())


def can_show(names: Sequence[str], style_count: int = 1) -> bool:
    """Returns whether the form can represent these selections of a result, for a number of styles."""
    return not names or (len(names) == 1 == style_count) or _is_split(names)


def _is_split(names: Sequence[str]) -> bool:
    return sorted(names) == ["background", "person"]


def clear() -> None:
    """Turns the mask off. Call it from a callback."""
    st.session_state[_SWITCH_KEY] = False
    # Without a value, the browser would keep the old one.
    st.session_state[_AREA_KEY] = _WHOLE


def fill(names: Sequence[str], job: engine.Job | None = None) -> None:
    """Selects the selections of settings, or the painted mask of a result; turns the mask off without any.

    Call it from a callback.
    """
    clear()
    masks = job.inputs.get("mask", []) if job else []
    if names:
        st.session_state[_SWITCH_KEY] = True
        order = "first" if names[0] == "person" else "second"
        st.session_state[_AREA_KEY] = order if _is_split(names) else names[0]
    elif job and masks and mask_brush.load_masks(job.inputs["content"][0].digest, [_BRUSH_STYLE], masks):
        st.session_state[_SWITCH_KEY], st.session_state[_AREA_KEY] = True, _BRUSH


def can_take(job: engine.Job, settings: Any) -> bool:
    """Returns whether the form can represent the only mask of a result: a selection, or a painted one."""
    masks = job.inputs.get("mask", [])
    is_painted = all(mask_input.is_painted(mask) and mask.is_available for mask in masks)
    return can_show(settings.mask) and is_painted and not settings.mask_invert
