"""A file from outside the gallery: shows its recipe, makes it again, or adds it to the gallery."""

from __future__ import annotations

import json
from dataclasses import replace

import streamlit as st

from pages.form import samples, uploads
from pages.gallery import address, file_view, grid
from pages.jobs import item_actions, results
from pages.widgets import words
from pages.widgets.owners import owner
from studio.core import owners, paths, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.recipes import PNG, Input, Recipe
from studio.core.tasks import File, Result
from studio.gallery import import_file, items, replay
from studio.gallery.import_file import Provenance
from studio.run import file_checks

_SLOT, _INPUTS, _PROVENANCE = "gallery", "gallery_inputs", "gallery_provenance"
_FILE = "gallery_dropped_file"  # of the session: the viewed file, when the studio already stores it


def drop() -> None:
    """Draws the upload field for an image, or for a recipe, that the studio made."""
    help = "A PNG contains its recipe. For other files, drop the .json file next to them"
    label = "Drop an image from the studio to see its recipe"
    uploads.ask(_SLOT, label, _take, type=["png", "json"], help=help)


def show_fault() -> None:
    """Shows the error of the last click, if any."""
    uploads.show_fault(_SLOT)
    uploads.show_fault(_INPUTS)


def _take(data: bytes, name: str) -> None:
    if data.startswith(PNG):
        file_checks.check_bytes("image", data, name)  # A damaged image must not be shown or stored.
    provenance = _provenance_of(data, name)
    st.session_state.pop(_FILE, None)
    if provenance.item:
        address.open(provenance.item)
    else:
        st.session_state[_PROVENANCE] = provenance


def view(file: File, recipe: Recipe | None) -> None:
    """Shows a stored file that is no item of its own, such as a cell of a sweep. Call it from a callback.

    Args:
        file: the file.
        recipe: its recipe, for kinds of files that do not contain it.
    """
    try:
        data = file.read()
        if not data.startswith(PNG) and recipe is not None:
            data = recipe.to_json().encode()
        st.session_state[_PROVENANCE] = replace(_provenance_of(data, file.name), item="")
        st.session_state[_FILE] = file
    except StudioError as error:
        uploads.set_fault(_SLOT, str(error))


def _provenance_of(data: bytes, name: str) -> Provenance:
    return import_file.provenance(data, name, owner(), _is_sample)


def _is_sample(source: Input) -> bool:
    is_sample = samples.is_sample(File(source.digest, "image", source.name))
    if is_sample:
        owners.grant(source.digest)  # Everybody may use samples.
    return is_sample


def current() -> Provenance | None:
    """Returns the provenance of the file that is viewed, or None."""
    return st.session_state.get(_PROVENANCE)


def forget() -> None:
    """Stops viewing the file, because something else was opened."""
    st.session_state.pop(_PROVENANCE, None)
    st.session_state.pop(_FILE, None)


def show(provenance: Provenance) -> None:
    """Draws a file with its recipe and the actions for it."""
    st.button("Back", icon=":material/arrow_back:", on_click=_close, key="told_back")
    left, right = st.columns([9, 5], gap="large")
    with left:
        file: File | None = st.session_state.get(_FILE)
        if file is not None:
            file_view.show(file, None, provenance.name, key="told")
        elif provenance.is_recipe:
            st.info(
                "This file has a recipe but no result. Make it again to see the result.",
                icon=":material/receipt_long:",
            )
        else:
            results.compare(None, provenance.data, key="told", caption=words.plain(provenance.name))
    with right:
        _about(provenance)


def _about(provenance: Provenance) -> None:
    if not provenance.is_known:
        st.warning(
            "Another version of the studio made this file. You can read its recipe, but not run it here.",
            icon=":material/info:",
        )
        _recipe_text(provenance)
        return
    settings, inputs = provenance.recipe.checked_settings(), provenance.inputs()
    st.subheader(
        words.plain(
            tasks.describe_sources(provenance.recipe.task, provenance.recipe.settings, inputs)
            or provenance.name
        ),
        anchor=False,
    )
    st.caption("This file is not in the gallery.")
    if provenance.missing:
        _ask_for_inputs(provenance)
    problem = _problem(provenance)
    if problem:
        st.error(words.plain(problem), icon=":material/error:")
    with st.container(horizontal=True):
        if not (provenance.missing or problem):
            item_actions.show_actions(provenance.recipe.task, settings, inputs, provenance.recipe, key="told")
        if not provenance.is_recipe or _FILE in st.session_state:
            st.button(
                "Add to the gallery", icon=":material/add:", on_click=_add, args=(provenance,), key="told_add"
            )
    results.show_recipe(provenance.recipe.task, settings, inputs, provenance.recipe)


def _problem(provenance: Provenance) -> str:
    """Returns why the file cannot be made again although it has all inputs, or ""."""
    if provenance.missing:
        return ""
    try:
        replay.check(provenance.recipe)
    except StudioError as error:
        return str(error)
    return ""


def _recipe_text(provenance: Provenance) -> None:
    text = json.dumps(json.loads(provenance.recipe.to_json()), indent=2)
    st.code(text, language="json", wrap_lines=True, height=360)


def _ask_for_inputs(provenance: Provenance) -> None:
    names = ", ".join(words.plain(source.name) for source in provenance.missing)
    st.info(f"To make it again, add its inputs: {names}", icon=":material/upload_file:")
    label = "The same files; their names may have changed"
    uploads.ask(_INPUTS, label, _take_input, accept_multiple_files=True)


def _take_input(data: bytes, name: str) -> None:
    provenance: Provenance = st.session_state[_PROVENANCE]
    digest = paths.digest(data)
    if digest not in {source.digest for sources in provenance.recipe.inputs.values() for source in sources}:
        raise InvalidInput(f"{name} is not the original input. Choose the original file.")
    File.keep(data, "image", name)
    missing = tuple(source for source in provenance.missing if source.digest != digest)
    st.session_state[_PROVENANCE] = replace(provenance, missing=missing)


def _close() -> None:
    forget()
    if address.ITEM not in st.query_params:  # else return to the item that it was opened from
        grid.back()


def _add(provenance: Provenance) -> None:
    try:
        file: File | None = st.session_state.get(_FILE)
        result = file and Result((file,), recipe=provenance.recipe)
        id = items.add(result, None, owner()) if result else import_file.add(provenance, owner())
    except StudioError as error:
        uploads.set_fault(_SLOT, str(error))
        return
    st.session_state.pop(_PROVENANCE, None), st.session_state.pop(_FILE, None)
    address.open(id)
