"""A file from outside the gallery: its recipe, and the actions that make it again or add it."""

from __future__ import annotations

import json
from dataclasses import replace

import streamlit as st

from pages.form import samples, uploads
from pages.gallery import address, grid
from pages.jobs import item_actions, navigation, results
from pages.widgets import page_errors, words
from pages.widgets.owners import get_owner
from studio.core import owners, paths, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.recipes import PNG_SIGNATURE, Input, Recipe
from studio.core.tasks import File, Result
from studio.gallery import import_file, items, replay
from studio.gallery.import_file import Provenance
from studio.run import file_checks

_SLOT, _INPUTS_SLOT, _PROVENANCE_KEY = "gallery", "gallery_inputs", "gallery_provenance"
_FILE_KEY = "gallery_outside_file"  # of the session: the viewed file, when the studio already stores it


def ask_file() -> None:
    """Draws the upload field for an image or a recipe that the studio made."""
    help = "A PNG contains its recipe. For other formats, drop the .json file that was saved with the result"
    label = "Drop an image from the studio to see its recipe"
    with st.container(key="gallery_upload"):
        uploads.ask(_SLOT, label, _open_upload, type=["png", "json"], help=help)


def show_errors() -> None:
    """Shows the errors of the last upload or callback, if any."""
    page_errors.show_errors(_SLOT)
    page_errors.show_errors(_INPUTS_SLOT)


def _open_upload(data: bytes, name: str) -> None:
    if data.startswith(PNG_SIGNATURE):
        file_checks.check_bytes("image", data, name)  # A damaged image must not be shown or stored.
    provenance = _read_provenance(data, name)
    st.session_state.pop(_FILE_KEY, None)
    if provenance.item:
        address.open_item(provenance.item)
    else:
        st.session_state[_PROVENANCE_KEY] = provenance


def open_stored(file: File, recipe: Recipe | None) -> None:
    """Shows a stored file that is no item of its own, such as a cell of a sweep. Call it from a callback.

    Args:
        file: the file.
        recipe: its recipe, for kinds of files that do not contain it.
    """
    try:
        data = file.read()
        if not data.startswith(PNG_SIGNATURE) and recipe is not None:
            data = recipe.to_json().encode()
        st.session_state[_PROVENANCE_KEY] = replace(_read_provenance(data, file.name), item="")
        st.session_state[_FILE_KEY] = file
    except StudioError as error:
        page_errors.add_error(_SLOT, str(error))


def _read_provenance(data: bytes, name: str) -> Provenance:
    return import_file.read_provenance(data, name, get_owner(), _grant_if_sample)


def _grant_if_sample(source: Input) -> bool:
    is_sample = samples.is_sample(File(source.digest, "image", source.name))
    if is_sample:
        owners.grant(source.digest)  # Everybody may use samples.
    return is_sample


def find_current() -> Provenance | None:
    """Returns the provenance of the file to show; None if there is none."""
    return st.session_state.get(_PROVENANCE_KEY)


def close() -> None:
    """Stops showing the file."""
    st.session_state.pop(_PROVENANCE_KEY, None)
    st.session_state.pop(_FILE_KEY, None)


def show(provenance: Provenance) -> None:
    """Draws a file with its recipe and the actions for it."""
    st.button("Back", icon=":material/arrow_back:", on_click=_go_back, key="told_back")
    left, right = st.columns([9, 5], gap="large")
    with left:
        file: File | None = st.session_state.get(_FILE_KEY)
        if file is not None:
            results.show_result(file, None, key="told", caption=provenance.name)
        elif provenance.is_recipe:
            st.info(
                "This file has a recipe but no result. Make it again to see the result.",
                icon=":material/receipt_long:",
            )
        else:
            results.show_comparison(None, provenance.data, key="told", caption=provenance.name)
    with right:
        _show_details(provenance)


def _show_details(provenance: Provenance) -> None:
    if not provenance.is_known:
        st.warning(
            "Another version of the studio made this file. You can read its recipe, but not run it here.",
            icon=":material/info:",
        )
        _show_recipe_text(provenance)
        return
    settings, inputs = provenance.recipe.parse_settings(), provenance.recipe.list_files()
    st.subheader(
        words.escape(
            tasks.describe_sources(provenance.recipe.task, provenance.recipe.settings, inputs)
            or provenance.name
        ),
        anchor=False,
    )
    st.caption("This file is not in the gallery.")
    if provenance.missing:
        _ask_for_inputs(provenance)
    problem = _find_problem(provenance)
    if problem:
        st.error(words.escape(problem), icon=":material/error:")
    with st.container(horizontal=True):
        if not (provenance.missing or problem):
            item_actions.show_actions(provenance.recipe.task, settings, inputs, provenance.recipe, key="told")
        if not provenance.is_recipe or _FILE_KEY in st.session_state:
            st.button(
                "Add to the gallery",
                icon=":material/add:",
                on_click=_add_result,
                args=(provenance,),
                key="told_add",
            )
    results.show_recipe(provenance.recipe.task, settings, inputs, provenance.recipe)


def _find_problem(provenance: Provenance) -> str:
    """Returns why the file cannot be made again although it has all inputs, or ""."""
    if provenance.missing:
        return ""
    try:
        replay.check(provenance.recipe)
    except StudioError as error:
        return str(error)
    return ""


def _show_recipe_text(provenance: Provenance) -> None:
    text = json.dumps(json.loads(provenance.recipe.to_json()), indent=2)
    st.code(text, language="json", wrap_lines=True, height=360)


def _ask_for_inputs(provenance: Provenance) -> None:
    names = ", ".join(words.escape(source.name) for source in provenance.missing)
    st.info(f"To make it again, add its inputs: {names}", icon=":material/upload_file:")
    label = "The same files; their names may have changed"
    uploads.ask(_INPUTS_SLOT, label, _add_input, accept_multiple_files=True)


def _add_input(data: bytes, name: str) -> None:
    provenance: Provenance = st.session_state[_PROVENANCE_KEY]
    digest = paths.digest(data)
    if digest not in {source.digest for sources in provenance.recipe.inputs.values() for source in sources}:
        raise InvalidInput(f"{name} is not the original input. Choose the original file.")
    File.store(data, "image", name)
    missing = tuple(source for source in provenance.missing if source.digest != digest)
    st.session_state[_PROVENANCE_KEY] = replace(provenance, missing=missing)


def _go_back() -> None:
    close()
    if navigation.ITEM_PARAMETER not in st.query_params:  # else return to the item that it was opened from
        grid.return_to_grid()


def _add_result(provenance: Provenance) -> None:
    try:
        file: File | None = st.session_state.get(_FILE_KEY)
        result = file and Result((file,), recipe=provenance.recipe)
        item_id = items.add(result, None, get_owner()) if result else import_file.add(provenance, get_owner())
    except StudioError as error:
        page_errors.add_error(_SLOT, str(error))
        return
    close()
    address.open_item(item_id)
