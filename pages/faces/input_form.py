"""Inputs of the faces page outside its form: the photo, the seed, and the grid."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.faces import models as model_choice
from pages.faces import sliders
from pages.form import forms, image_input, problems, samples, saved_settings, seeds
from pages.form.samples import Sample
from pages.widgets import numbers, owners, words
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.faces import models, photo
from studio.faces.settings import FacesSettings

CROP = ("crop", "crop_x", "crop_y")
SETTINGS_OUTSIDE_FORM = ("preset", "model", "seed", "n", "face", "to", "form", "class_name", *CROP)
_DENOISING = ("steps", "guidance")  # settings that only diffusion models use
COUNTS = (16, 36, 64, 100, 144)
FACE_KEY, TO_KEY, NEAR_KEY, MOVES_KEY, MORPH_KEY = "face", "to", "near", "moves", "morph"
_CLASS_KEY = "class_name"
_MODEL_KEY, _PHOTO_KEY = "drawer", "face_photo"  # of the session


def reset_for_other_model(preset: str) -> None:
    """Resets the selected face and its changes when another model is chosen."""
    if st.session_state.setdefault(_MODEL_KEY, preset) == preset:
        return
    st.session_state[_MODEL_KEY] = preset
    _clear_selection()


def _clear_selection() -> None:
    st.session_state[FACE_KEY] = st.session_state[TO_KEY] = 0
    st.session_state[NEAR_KEY] = st.session_state[MOVES_KEY] = ""
    st.session_state[MORPH_KEY] = False


def reset(preset: str) -> None:
    """Resets the inputs next to the form, except the photo. Call it from a callback."""
    _clear_selection()
    st.session_state[_CLASS_KEY] = ""
    sliders.reset_sliders(preset, ())
    forms.reset_fields(FacesSettings, ("seed", "n", *CROP))


def fill_form(settings: FacesSettings) -> None:
    """Sets the inputs next to the form from settings. Call it from a callback."""
    model_choice.select(settings.preset)
    st.session_state[_CLASS_KEY] = settings.class_name
    for name in {"truncation", *_DENOISING} & {*list_skipped(settings.preset)}:
        st.session_state.pop(name, None)  # a widget of that name on another page would take the value
    st.session_state[_MODEL_KEY] = settings.preset
    st.session_state[NEAR_KEY], st.session_state[MOVES_KEY] = (
        ", ".join(map(str, settings.near)),
        ", ".join(settings.moves),
    )
    sliders.reset_sliders(settings.preset, settings.moves)
    saved_settings.snap_to_nearest(COUNTS, "n")


def list_photos() -> list[Sample]:
    """Returns the sample photos."""
    return [samples.list_photos()[1]]


def mark_photo_as_current() -> None:
    """Marks the chosen photo as the one of the chosen face, so it is not reset. Call it from a callback."""
    st.session_state[_PHOTO_KEY] = image_input.selected_title("photo")


def ask_photo(preset: str) -> tuple[Sample | None, dict[str, Any]]:
    """Asks for a photo and its crop, which then is the first face and chosen; None when switched off."""
    help = "Finds the latent vector of the photo and reconstructs the photo; then you can edit the result"
    sample = image_input.choose_optional_image("photo", "Photo", list_photos(), help)
    if st.session_state.get(_PHOTO_KEY) != (sample and sample.title):
        if sample or _PHOTO_KEY in st.session_state:
            st.session_state[FACE_KEY] = 1 if sample else 0
            sliders.reset_sliders(preset, (st.session_state.get(MOVES_KEY) or "").replace(",", " ").split())
        st.session_state[_PHOTO_KEY] = sample and sample.title
    if sample is None:
        return None, {}
    with st.container(horizontal=True, vertical_alignment="center"):
        preview = st.container(width=110)
        with st.popover("Crop", icon=":material/crop:"):
            crop = forms.ask_fields(FacesSettings, CROP)
            if not crop["crop"]:
                st.caption("A detected face sets the crop. To choose the crop yourself, set a crop size.")
    with preview:
        st.image(
            _render_crop(sample.get_file(), tuple(crop.values())),
            width="stretch",
            caption="Model input",
            alt="Model input",
        )
    return sample, crop


@owners.cached(max_entries=64)
def _render_crop(file: File, crop: tuple[float, float, float]) -> bytes:
    return image_io.encode_preview(photo.crop_square(image_io.read(file.read()), *crop), 220)


def list_skipped(preset: str) -> tuple[str, ...]:
    """Returns the settings that the form leaves out for a model: those that it does not use.

    A diffusion model was trained on noise of one scale, so guidance takes the place of truncation.
    """
    if not model_choice.denoises(preset):
        return (*SETTINGS_OUTSIDE_FORM, *_DENOISING)
    has_classes = bool(model_choice.list_classes(preset))
    return (*SETTINGS_OUTSIDE_FORM, "truncation", "moves", *(() if has_classes else ("guidance",)))


def list_shown(preset: str) -> tuple[str, ...]:
    """Returns the settings that the form does not fold for a model."""
    return tuple(name for name in _DENOISING if name not in list_skipped(preset))


def ask_class_and_seed(preset: str) -> dict[str, Any]:
    """Asks for the class, if the model has classes, and for the seed of the grid."""
    names = model_choice.list_classes(preset)
    if not names:
        return {"seed": ask_seed()}
    field = FacesSettings.describe()[_CLASS_KEY]
    options = ["", *names]
    forms.drop_stale_choice(_CLASS_KEY, options)
    name = st.selectbox(
        field.label,
        options,
        format_func=lambda name: words.escape(name) if name else "All",
        key=_CLASS_KEY,
        bind="query-params",
        help=field.help,
    )
    return {_CLASS_KEY: name, "seed": ask_seed()}


def ask_seed() -> int:
    """Asks for the seed of the grid."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = numbers.ask_number("Seed", 0, seeds.MAX_SEED, key=seeds.FIELD, bind="query-params")
        st.button(
            "Another grid",
            icon=":material/casino:",
            on_click=seeds.set_random_seed,
            help="Generates another grid from a new random seed",
        )
    return value


def ask_grid() -> dict[str, int]:
    """Asks for the number of faces, the selected face and the face to morph into; clicks on the grid set
    these, too.
    """
    options: dict[str, Any] = {"bind": "query-params"}
    n = st.select_slider("Images on the grid", COUNTS, value=FacesSettings().n, key="n", **options)
    values = {"n": n}
    for key, label in ((FACE_KEY, "Selected image (0: none)"), (TO_KEY, "Morph to image (0: none)")):
        values[key] = numbers.ask_number(label, 0, n, key=key, **options)
    return values | ({} if values[FACE_KEY] else {TO_KEY: 0})


def check_settings(settings: FacesSettings | None) -> FacesSettings | None:
    """Returns the settings, or None after showing an error."""
    if settings is None:
        return None
    try:
        models.check(settings, {})
    except StudioError as error:
        problems.show(str(error))
        return None
    return settings
