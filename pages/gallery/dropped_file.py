"""A file that comes from outside: dropped, it tells how it was made, and can be made again."""

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

_SLOT, _INPUTS, _TOLD = "gallery", "gallery_inputs", "gallery_told"
_FILE = "gallery_told_file"  # of what is looked at, if it is here already


def drop() -> None:
    """Takes an image that the studio made, wherever it is from."""
    help = "A PNG contains its recipe. For other files, drop the .json file next to them"
    label = "Drop an image from the studio to see its recipe"
    uploads.ask(_SLOT, label, _take, type=["png", "json"], help=help)


def show_fault() -> None:
    """Says what went wrong at the last click, on whatever part of the page that left."""
    uploads.show_fault(_SLOT)
    uploads.show_fault(_INPUTS)


def _take(data: bytes, name: str) -> None:
    if data.startswith(PNG):
        file_checks.check_bytes("image", data, name)  # what is shown and kept is a whole image
    told = _tell(data, name)
    st.session_state.pop(_FILE, None)
    if told.item:
        address.open(told.item)
    else:
        st.session_state[_TOLD] = told


def look_at(file: File, made: Recipe | None) -> None:
    """Looks at a file that is here but no item of its own, such as a cell of a sweep. For callbacks.

    Args:
        made: its recipe, for kinds of file that do not carry it.
    """
    try:
        data = file.read()
        if not data.startswith(PNG) and made is not None:
            data = made.to_json().encode()
        st.session_state[_TOLD] = replace(_tell(data, file.name), item="")
        st.session_state[_FILE] = file
    except StudioError as error:
        uploads.set_fault(_SLOT, str(error))


def _tell(data: bytes, name: str) -> Provenance:
    return import_file.provenance(data, name, owner(), _is_sample)


def _is_sample(source: Input) -> bool:
    found = samples.is_sample(File(source.digest, "image", source.name))
    if found:
        owners.grant(source.digest)  # which everybody may use
    return found


def dropped() -> Provenance | None:
    """What was dropped and is still looked at."""
    return st.session_state.get(_TOLD)


def forget() -> None:
    """Looks no longer at what was dropped: something else was opened."""
    st.session_state.pop(_TOLD, None)
    st.session_state.pop(_FILE, None)


def show(told: Provenance) -> None:
    """Draws what a dropped file tells of its making, and what can be done with it."""
    st.button("Back", icon=":material/arrow_back:", on_click=_close, key="told_back")
    left, right = st.columns([9, 5], gap="large")
    with left:
        file: File | None = st.session_state.get(_FILE)
        if file is not None:
            file_view.image(file, None, told.name, key="told")
        elif told.is_recipe:
            st.info(
                "This file has a recipe but no result. Make it again to see the result.",
                icon=":material/receipt_long:",
            )
        else:
            results.compare(None, told.data, key="told", caption=words.plain(told.name))
    with right:
        _about(told)


def _about(told: Provenance) -> None:
    if not told.known:
        st.warning(
            "Another version of the studio made this file. You can read its recipe, but not run it here.",
            icon=":material/info:",
        )
        _recipe_text(told)
        return
    settings, inputs = told.recipe.checked_settings(), told.inputs()
    st.subheader(
        words.plain(tasks.made_of(told.recipe.task, told.recipe.settings, inputs) or told.name), anchor=False
    )
    st.caption("This file is not in the gallery.")
    if told.missing:
        _ask_for(told)
    problem = _problem(told)
    if problem:
        st.error(words.plain(problem), icon=":material/error:")
    with st.container(horizontal=True):
        if not (told.missing or problem):
            item_actions.actions(told.recipe.task, settings, inputs, told.recipe, key="told")
        if not told.is_recipe or _FILE in st.session_state:
            st.button(
                "Add to the gallery", icon=":material/add:", on_click=_add, args=(told,), key="told_add"
            )
    results.recipe(told.recipe.task, settings, inputs, told.recipe)


def _problem(told: Provenance) -> str:
    """Why it cannot be made again although all its inputs are here, or ""."""
    if told.missing:
        return ""
    try:
        replay.check(told.recipe)
    except StudioError as error:
        return str(error)
    return ""


def _recipe_text(told: Provenance) -> None:
    text = json.dumps(json.loads(told.recipe.to_json()), indent=2)
    st.code(text, language="json", wrap_lines=True, height=360)


def _ask_for(told: Provenance) -> None:
    names = ", ".join(words.plain(source.name) for source in told.missing)
    st.info(f"To make it again, add its inputs: {names}", icon=":material/upload_file:")
    label = "The same files; their names may have changed"
    uploads.ask(_INPUTS, label, _take_input, accept_multiple_files=True)


def _take_input(data: bytes, name: str) -> None:
    told: Provenance = st.session_state[_TOLD]
    digest = paths.digest(data)
    if digest not in {source.digest for sources in told.recipe.inputs.values() for source in sources}:
        raise InvalidInput(f"{name} is not the original input. Choose the original file.")
    File.keep(data, "image", name)
    left = tuple(source for source in told.missing if source.digest != digest)
    st.session_state[_TOLD] = replace(told, missing=left)


def _close() -> None:
    forget()
    if address.ITEM not in st.query_params:  # else back to the item that it was looked at from
        grid.back()


def _add(told: Provenance) -> None:
    try:
        file: File | None = st.session_state.get(_FILE)
        made = file and Result((file,), recipe=told.recipe)
        id = items.add(made, None, owner()) if made else import_file.add(told, owner())
    except StudioError as error:
        uploads.set_fault(_SLOT, str(error))
        return
    st.session_state.pop(_TOLD, None), st.session_state.pop(_FILE, None)
    address.open(id)
