"""The results of the faces page: the grid, and the chosen face enlarged, with its actions."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.faces import sliders
from pages.faces.input_form import FACE, MORPH, MOVES, NEAR, TO
from pages.jobs import live, results, use_again
from pages.widgets import browser_images, image_grid, words
from studio import engine
from studio.core.tasks import File, Inputs
from studio.faces.settings import FacesSettings

TASK = "faces.draw"
STEPS = 7  # images of an interpolation from one face to another
_PICKED = "picked"


def with_changes(settings: FacesSettings) -> FacesSettings:
    """Returns the settings with the slider values of the chosen face, if there is one."""
    if not settings.face:
        return settings
    return settings.model_copy(update={"moves": sliders.changes(settings.preset, settings.moves)})


def show(settings: FacesSettings, inputs: Inputs) -> engine.Live | None:
    """Draws the chosen face, if any, and the grid.

    Args:
        settings: of the grid, with the number of the chosen face.
        inputs: the photo, if any.

    Returns:
        The grid, or None while there is none.
    """
    if engine.connect().status() != "ready":
        live.wait()
        return None
    face_area, path_area, grid_area = st.container(), st.container(), st.container()
    if settings.face:
        with face_area:
            _face(settings, inputs)
            _navigation(settings)
    with path_area:
        _path(settings)
    with grid_area, st.container() if settings.face else st.spinner("Drawing ..."):
        grid = grid_result(settings.model_copy(update={"face": 0, "to": 0}), inputs)
    if grid is not None:
        with grid_area:
            _grid(grid, settings)
    return grid


def _grid(grid: engine.Live, settings: FacesSettings) -> None:
    if not settings.face:
        _warn(grid)
    is_morphing = bool(settings.face and st.session_state.get(MORPH))
    if is_morphing:
        st.markdown("**Choose the face to morph into**")
    st.session_state[_PICKED] = (settings.to if is_morphing else settings.face) or None
    image_grid.grid(
        grid.data, settings.n, "The faces, by number", key=_PICKED, on_change=_pick, args=(settings,)
    )
    if not settings.face:
        st.caption("Choose a face to enlarge and edit it.")
        _actions(grid, key="grid")


def _pick(settings: FacesSettings) -> None:
    number = st.session_state[_PICKED] or 0
    if settings.face and st.session_state.get(MORPH):
        st.session_state[TO] = number
    else:
        st.session_state[FACE] = number
        _begin(settings)


def grid_result(settings: FacesSettings, inputs: Inputs) -> engine.Live | None:
    """Returns the result of settings, cached in this tab or computed now; None after showing an error."""
    return live.live_result(TASK, settings, inputs, "face" if settings.face else "grid")


@st.fragment
def _face(settings: FacesSettings, inputs: Inputs) -> None:
    """Draws the chosen face, or its interpolation to another one, and its sliders.

    A fragment, so moving a slider redraws nothing else.
    """
    if settings.to:
        image_area = st.container()
        slider_area: DeltaGenerator = st.expander("Changes", icon=":material/tune:")
    else:
        image_area, slider_area = st.columns([3, 2], gap="medium")
    with slider_area:
        moves = sliders.sliders(settings.preset, settings.moves)
    with image_area:
        result = grid_result(
            settings.model_copy(update={"moves": moves, "n": STEPS if settings.to else 1}), inputs
        )
        if result is not None:
            suffix = f", morphing into face {settings.to}" if settings.to else ""
            is_photo = inputs.get("photo") and settings.face == 1 and not settings.near
            name = "Your photo, as the model reconstructs it" if is_photo else f"Face {settings.face}"
            browser_images.image(result.data, caption=f"{name}{suffix}")
            _warn(result)
            _actions(result, key="face")


def _warn(result: engine.Live) -> None:
    """Shows warnings about the photo."""
    for note in result.figures.get("notes", ()):
        st.warning(words.plain(note), icon=":material/face_retouching_off:")


def _navigation(settings: FacesSettings) -> None:
    """Draws the buttons for variations, morphing and closing the chosen face."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "More like this",
            icon=":material/grid_view:",
            help="A grid of variations of this face",
            on_click=_more_like,
            args=(settings,),
        )
        help = "Interpolates to another face, which you choose on the grid below"
        st.toggle("Morph to ...", key=MORPH, help=help, on_change=_morph, persist_state="session")
        back: dict[str, Any] = {"help": "Back to the grid", "on_click": _close, "args": (settings,)}
        st.button("Close", icon=":material/close:", type="tertiary", **back)


def _actions(result: engine.Live, *, key: str) -> None:
    with st.container(horizontal=True):
        results.download(result.data, TASK, key=key, recipe=result.recipe)
        live.keep_button(result, key=key)
        use_again.menu(lambda: File.keep(result.data, "image", result.name), key=key)
    results.show_recipe(TASK, result.settings, result.inputs, result.recipe)


def _path(settings: FacesSettings) -> None:
    """Shows which face the grid varies, with a button back to the previous grid."""
    if not settings.near:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        faces = ", then ".join(str(number) for number in settings.near)
        st.caption(f"Variations that are like face {faces}; the first is that face itself.")
        back: dict[str, Any] = {"on_click": _back, "args": (settings,)}
        st.button("Previous grid", icon=":material/arrow_back:", type="tertiary", **back)


def _begin(settings: FacesSettings) -> None:
    """Resets the sliders to the changes of the grid, and ends morphing."""
    sliders.begin(settings.preset, settings.moves)
    st.session_state[TO] = 0
    st.session_state[MORPH] = False


def _morph() -> None:
    if not st.session_state[MORPH]:
        st.session_state[TO] = 0


def _close(settings: FacesSettings) -> None:
    st.session_state[FACE] = 0
    _begin(settings)


def _more_like(settings: FacesSettings) -> None:
    """Opens a grid of variations of the chosen face, with its slider values."""
    moves = with_changes(settings).moves
    st.session_state[NEAR] = ", ".join(map(str, (*settings.near, settings.face)))
    st.session_state[MOVES] = ", ".join(moves)
    _close(settings.model_copy(update={"moves": moves}))


def _back(settings: FacesSettings) -> None:
    st.session_state[NEAR] = ", ".join(map(str, settings.near[:-1]))
    moves = settings.moves if settings.near[1:] else ()
    st.session_state[MOVES] = ", ".join(moves)
    _close(settings.model_copy(update={"moves": moves}))
